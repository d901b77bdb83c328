"""Reads local files for the artifact bucket, and makes the digests that are their keys.

Load records the digests; push reads the files again and compares.
"""

import errno
import os
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NoReturn

from cjob.reporting.errors import InputError
from cjob.template.addons.assets import AssetFile, archive, archive_digest, file_digest
from cjob.workspace.find import Files

# Lambda allows 250 MB of code, so a much larger folder is probably the wrong one.
MAX_SIZE = 256 * 1024 * 1024
IN_MEMORY = 4 * 1024 * 1024
MAX_FILES = 20_000
MAX_PATHS = 8


def digest(within: Files, shown: str, *, zipped: bool) -> str:
    """Return the digest of a file, or of a folder, which is always zipped.

    `shown` is its path in manifests and addons. Raise InputError if it cannot be read.
    """
    path = within.inside(shown)
    mode = within.status(path, shown).st_mode
    if zipped or stat.S_ISDIR(mode):
        return archive_digest(_files(within, path, shown, mode))
    return file_digest(within.pieces(path, shown, MAX_SIZE))


def read(within: Files, shown: str, *, zipped: bool) -> tuple[str, IO[bytes]]:
    """Return the digest of a file or folder, and a temporary file to send; see `digest`.

    The temporary file has no name, and is in memory if it is small.
    """
    import tempfile  # noqa: PLC0415 - 8 ms, and rendering does not need it

    path = within.inside(shown)
    mode = within.status(path, shown).st_mode
    out = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the caller sends it
    try:
        if zipped or stat.S_ISDIR(mode):
            found = archive(_files(within, path, shown, mode), out)
        else:
            found = file_digest(within.pieces(path, shown, MAX_SIZE), out)
        out.seek(0)
    except BaseException:
        out.close()
        raise
    return found, out


def _files(within: Files, path: Path, shown: str, mode: int) -> Iterator[AssetFile]:
    """Yield a file, or all files below a folder, sorted by name within each folder."""
    if not stat.S_ISDIR(mode):
        content = within.pieces(path, shown, MAX_SIZE)
        yield AssetFile(name=path.name, mode=mode, content=content)
        return
    paths = _listed(within, path, shown)
    if not paths:
        raise InputError(f"the folder {shown!r} is empty", hint="check the path", place=shown)
    for relative, file, file_mode in paths:
        content = within.pieces(file, f"{shown}/{relative}", MAX_SIZE)
        yield AssetFile(name=relative, mode=file_mode, content=content)


def _listed(within: Files, folder: Path, shown: str) -> list[tuple[str, Path, int]]:
    """Return name, path and mode of all files below a folder; raise InputError for too many."""
    found: list[tuple[str, Path, int]] = []
    reached: Counter[tuple[int, int]] = Counter()
    size = entries = 0
    for parent, folders, files in os.walk(folder, onerror=_raised, followlinks=True):
        own = within.status(Path(parent), shown)
        reached[own.st_dev, own.st_ino] += 1
        _check_limit(reached[own.st_dev, own.st_ino], MAX_PATHS, shown, "links to one folder")
        _check_links(Path(parent), shown)
        folders.sort()
        entries += 1 + len(files)
        _check_limit(entries, MAX_FILES, shown, "files and folders")
        for name in sorted(files):
            path = Path(parent, name)
            relative = path.relative_to(folder).as_posix()
            status = within.status(path, f"{shown}/{relative}")
            size += status.st_size
            _check_limit(size, MAX_SIZE, shown, "bytes")
            found.append((relative, path, status.st_mode))
    return found


def _check_limit(found: int, limit: int, shown: str, what: str) -> None:
    if found > limit:
        raise InputError(
            f"the folder {shown!r} has more than {limit} {what}, counting linked ones",
            hint="name a folder that contains only the code, or remove links that multiply it",
            place=shown,
        )


def _raised(error: OSError) -> NoReturn:
    """Raise the error for a folder that can't be read, which must not count as empty."""
    if error.errno == errno.ELOOP:
        hint = "remove links to links"
        raise InputError(f"{str(error.filename)[-80:]!r}: too many links", hint=hint) from None
    raise error


def _check_links(folder: Path, shown: str) -> None:
    """Raise InputError for a link to a folder above it, which would be followed forever."""
    if not folder.is_symlink():
        return
    real = folder.resolve()
    if any(above.resolve() == real for above in folder.parents):
        raise InputError(
            f"the folder {shown!r} contains itself, by the link {folder.name!r}",
            hint="remove the link",
            place=shown,
        )
