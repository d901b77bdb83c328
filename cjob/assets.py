"""Local files that go to the artifact bucket: what they contain, and the digest that is their key.

Reads the workspace's files. Load records the digests; push reads the files again and compares.
"""

import os
import stat
from pathlib import Path
from typing import NoReturn

from cjob.addons.assets import AssetFile, archive, archive_digest, file_digest
from cjob.errors import InputError
from cjob.workspace import Files


def read(within: Files, shown: str, *, zipped: bool) -> tuple[str, bytes]:
    """Return the digest and the bytes to send of a file, or of a folder, which is always zipped.

    `shown` is its path as manifests and addons have it. InputError if it cannot be read.
    """
    path = within.inside(shown)
    mode = within.status(path, shown).st_mode
    if stat.S_ISDIR(mode):
        files = _files(within, path, shown)
        return archive_digest(files), archive(files)
    content = within.read_bytes(path, shown)
    if zipped:
        files = (AssetFile(name=path.name, mode=mode, content=content),)
        return archive_digest(files), archive(files)
    return file_digest(content), content


def _files(within: Files, folder: Path, shown: str) -> tuple[AssetFile, ...]:
    """Read all files below a folder, sorted by name within each folder."""
    found = []
    for parent, folders, files in os.walk(folder, onerror=_raised, followlinks=True):
        _check_links(Path(parent), shown)
        folders.sort()
        for name in sorted(files):
            path = Path(parent, name)
            relative = path.relative_to(folder).as_posix()
            mode = within.status(path, f"{shown}/{relative}").st_mode
            content = within.read_bytes(path, f"{shown}/{relative}")
            found.append(AssetFile(name=relative, mode=mode, content=content))
    if not found:
        raise InputError(f"the folder {shown!r} is empty", hint="check the path", place=shown)
    return tuple(found)


def _raised(error: OSError) -> NoReturn:
    """Let no folder that can't be read be taken for an empty one."""
    raise error


def _check_links(folder: Path, shown: str) -> None:
    """Refuse a link to a folder above it: following it would never end."""
    if not folder.is_symlink():
        return
    real = folder.resolve()
    if any(above.resolve() == real for above in folder.parents):
        raise InputError(
            f"the folder {shown!r} contains itself, by the link {folder.name!r}",
            hint="remove the link",
            place=shown,
        )
