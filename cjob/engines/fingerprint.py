"""Digests of the files that an image is built from, which change when the image may.

Reads the files of a build context that `.dockerignore` allows, and its Dockerfile; builds nothing.
"""

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from docker.utils.build import exclude_paths

from cjob.reporting.errors import InputError

IGNORE = ".dockerignore"
# A commit changes git's own files, which are seldom part of an image.
GIT = "**/.git"


def digests(context: Path, dockerfile: Path, skip: Sequence[Path] = ()) -> dict[Path, str]:
    """Return a digest of each file's content, type and executable bit, by its path.

    The folders in `skip` are left out in any case. Raise InputError for a file that cannot be read.
    """
    patterns = [*_patterns(context, dockerfile), GIT]
    patterns += [folder.relative_to(context).as_posix() for folder in _inside(skip, context)]
    try:
        paths = {context / name for name in exclude_paths(str(context), patterns)}
        found = {path: digest(path) for path in (*paths, dockerfile) if not _is_folder(path)}
    except OSError as error:
        raise InputError(
            f"cannot read {error.filename!r}: {error.strerror}",
            hint=f"make it readable for this user, or exclude it in {IGNORE}",
        ) from None
    return dict(sorted(found.items()))


def digest(path: Path) -> str:
    """Return a digest of a file, or of what a symbolic link points to."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return hashlib.sha256(b"link " + os.fsencode(path.readlink())).hexdigest()
    if not stat.S_ISREG(mode):
        return hashlib.sha256(b"special").hexdigest()
    made = hashlib.sha256(b"executable " if mode & stat.S_IXUSR else b"")
    with path.open("rb") as content:
        while block := content.read(1 << 20):
            made.update(block)
    return made.hexdigest()


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _patterns(context: Path, dockerfile: Path) -> list[str]:
    """Return the patterns of the Dockerfile's own ignore file, or of the context's."""
    own = dockerfile.with_name(dockerfile.name + IGNORE)
    for file in (own, context / IGNORE):
        if file.is_file():
            lines = map(str.strip, file.read_text("utf-8", errors="replace").splitlines())
            return [line for line in lines if line and not line.startswith("#")]
    return []


def _inside(folders: Sequence[Path], context: Path) -> Iterator[Path]:
    for folder in folders:
        if folder != context and folder.is_relative_to(context):
            yield folder
