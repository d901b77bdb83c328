"""Files that a command writes into a folder: all of them, or none.

Checks the folder before the work begins, and writes only what it creates itself: a folder may hold
links, pipes and files that somebody else put there.
"""

import errno
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from cjob.reporting.errors import InputError
from cjob.workspace.find import Files

_OLD = ".old"


def check_folder(folder: str, workspace: Files) -> None:
    """Raise InputError for a folder that can't be written to, or that a link leads elsewhere.

    The person may name any folder; but one in the repository has to be there, too.
    """
    workspace.check_written(Path(folder), folder)
    place = Path(folder).absolute()
    try:
        existing = next(one for one in (place, *place.parents) if one.exists())
    except OSError as error:
        raise _unwritable(folder, error.strerror) from None
    if not existing.is_dir():
        raise _unwritable(folder, os.strerror(errno.ENOTDIR))
    if not os.access(existing, os.W_OK | os.X_OK):
        raise _unwritable(folder, os.strerror(errno.EACCES))


def write_all(folder: str, files: Mapping[str, str]) -> None:
    """Write all files, given by name, or none; what was there before stays if one can't be written.

    They are written into a new private folder in the same place first, and moved from there.
    """
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
        private = Path(tempfile.mkdtemp(prefix=".cjob-", dir=place))
        try:
            for name, text in files.items():
                (private / name).write_text(text, encoding="utf-8")
            _move_all(private, place, list(files))
        finally:
            shutil.rmtree(private, ignore_errors=True)
    except OSError as error:
        raise _unwritable(folder, error.strerror) from None


def _move_all(private: Path, place: Path, names: list[str]) -> None:
    """Move files into their place; put everything back if one can't be moved."""
    for name in names:
        _keep(place / name, private / (name + _OLD))
    moved: list[str] = []
    try:
        for name in names:
            moved.append(name)
            (private / name).replace(place / name)
    except BaseException:
        for name in moved[:-1]:
            _restore(place / name, private / (name + _OLD))
        raise


def _keep(path: Path, copy: Path) -> None:
    """Keep what is at a path, whatever it is, under a second name."""
    with suppress(FileNotFoundError):
        if path.is_dir() and not path.is_symlink():
            raise IsADirectoryError(errno.EISDIR, f"{path.name} is a folder")
        try:
            os.link(path, copy, follow_symlinks=False)
        except PermissionError:  # a file system without hard links, or somebody else's file
            shutil.copy2(path, copy, follow_symlinks=False)


def _restore(path: Path, copy: Path) -> None:
    """Put back what was at a path; if there was nothing, remove what is there now."""
    try:
        copy.replace(path)
    except FileNotFoundError:
        path.unlink(missing_ok=True)


def _unwritable(folder: str, reason: str | None) -> InputError:
    return InputError(f"cannot write to {folder!r}: {reason}", hint="use another --output-dir")
