"""Local files that go to the artifact bucket: what they contain, and the digest that is their key.

Reads the workspace's files. Load records the digests; push reads the files again and compares.
"""

import os
from pathlib import Path

from cjob.addons.assets import AssetFile, archive, archive_digest, file_digest
from cjob.errors import InputError
from cjob.workspace import read_bytes


def read(path: Path, shown: str, *, zipped: bool) -> tuple[str, bytes]:
    """Give the digest and the bytes to send of a file, or of a folder, which is always zipped.

    `shown` is the path as messages have it. InputError where it cannot be read.
    """
    if path.is_dir():
        files = _files(path, shown)
        return archive_digest(files), archive(files)
    content = read_bytes(path, shown)
    if zipped:
        files = (AssetFile(name=path.name, mode=path.stat().st_mode, content=content),)
        return archive_digest(files), archive(files)
    return file_digest(content), content


def _files(folder: Path, shown: str) -> tuple[AssetFile, ...]:
    """Read all files below a folder, sorted by name within each folder."""
    found = []
    for parent, folders, files in os.walk(folder, followlinks=True):
        folders.sort()
        for name in sorted(files):
            path = Path(parent, name)
            relative = path.relative_to(folder).as_posix()
            content = read_bytes(path, f"{shown}/{relative}")
            found.append(AssetFile(name=relative, mode=path.stat().st_mode, content=content))
    if not found:
        raise InputError(f"the folder {shown!r} is empty", hint="check the path", place=shown)
    return tuple(found)
