"""The workspace: the folder above `copilot/`, found from any folder below it.

Reads files only, and only below `copilot/` or where a manifest names them relative to the root.
"""

import os
import re
import stat
from pathlib import Path

from cjob.errors import InputError
from cjob.plain import dataclass

FOLDER = "copilot"
LEVELS = 5
LARGEST = 10 * 1024 * 1024
JOB_TYPE = "Scheduled Job"


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """A workspace's root folder, and the application that it belongs to (empty: none)."""

    root: Path
    app: str

    def manifest(self, job: str) -> Path:
        """Give the path of a job's manifest."""
        return self.root / FOLDER / job / "manifest.yml"

    def folder(self, job: str, name: str) -> Path:
        """Give the path of a folder beside a job's manifest."""
        return self.root / FOLDER / job / name

    def shown(self, path: Path) -> str:
        """Give a path as messages and documents have it: relative to the root."""
        return Path(os.path.relpath(path, self.root)).as_posix()

    def inside(self, relative: str) -> Path:
        """Give the path of a file that a manifest or a document names, relative to the root.

        A leading slash means the root, too; with `..` the file may lie beside the workspace.
        """
        return self.root / relative.lstrip("/")

    def jobs(self) -> tuple[str, ...]:
        """Give the names of the folders that hold a scheduled job's manifest, sorted.

        Only the manifest's `type` line is looked at; what else is wrong is found when it is loaded.
        """
        found = []
        for folder in sorted((self.root / FOLDER).iterdir()):
            path = self.manifest(folder.name)
            if not path.exists():  # a glob would pass over a job that must not be read
                continue
            text = read_bytes(path, self.shown(path))[:LARGEST].decode("utf-8", "replace")
            kind = re.search(r"^type\s*:\s*(.*?)\s*(?:#.*)?$", text, re.MULTILINE)
            if kind is not None and kind.group(1).strip("\"'") == JOB_TYPE:
                found.append(path.parent.name)
        return tuple(found)

    def environments(self) -> tuple[str, ...]:
        """Give the names of the folders that hold an environment's manifest, sorted."""
        found = (self.root / FOLDER / "environments").glob("*/manifest.yml")
        return tuple(sorted(path.parent.name for path in found))


def find(start: Path) -> Workspace:
    """Find the workspace that a folder lies in: itself or one of the four folders above it."""
    try:
        start = start.resolve()
    except FileNotFoundError:
        raise InputError("the working folder is gone", hint="go to another folder") from None
    if not start.is_dir():
        raise InputError(f"there is no folder {str(start)!r}", hint="check what -C names")
    if start.name == FOLDER:
        return _open(start.parent)
    for folder in [start, *start.parents][:LEVELS]:
        if (folder / FOLDER).is_dir():
            return _open(folder)
    raise InputError(
        f"no workspace: there is no folder {FOLDER!r} in {str(start)!r} or the "
        f"{LEVELS - 1} folders above it",
        hint="go to the folder that holds it, or name that with -C",
    )


def _open(root: Path) -> Workspace:
    summary = root / FOLDER / ".workspace"
    if not summary.is_file():
        raise InputError(
            "the workspace belongs to no application",
            hint=f"write 'application: NAME' into {FOLDER}/.workspace",
            place=f"{FOLDER}/.workspace",
        )
    match = re.search(
        r"^application\s*:\s*[\"']?([^\"'#\s]*)", read_text(summary, root), re.MULTILINE
    )
    return Workspace(root=root, app=match.group(1) if match else "")


def read_text(path: Path, root: Path) -> str:
    """Read a file of text; InputError where it is absent, too large, or not UTF-8."""
    shown = Path(os.path.relpath(path, root)).as_posix()
    size = status(path, shown).st_size
    if size > LARGEST:
        raise InputError(
            f"the file has {size} bytes, more than {LARGEST}",
            hint="is it the right file?",
            place=shown,
        )
    data = read_bytes(path, shown)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            "the file is not UTF-8 text",
            hint="save it as UTF-8",
            place=f"{shown}:{line}",
        ) from None


def read_bytes(path: Path, shown: str) -> bytes:
    """Read a file; InputError, with the path as it is `shown`, where that cannot be done."""
    status(path, shown)
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(shown, error.strerror) from None


def status(path: Path, shown: str) -> os.stat_result:
    """Look at a file or folder; InputError for what is absent, and for pipes and devices."""
    try:
        found = path.stat()
    except FileNotFoundError:
        hint = "check the name; paths begin at the workspace's root"
        raise InputError(f"there is no file {shown!r}", hint=hint, place=shown) from None
    except OSError as error:
        raise _unreadable(shown, error.strerror) from None
    except ValueError:  # a name with a NUL in it
        raise _unreadable(shown, "no file can have that name") from None
    if not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):
        raise _unreadable(shown, "it may have no end")
    return found


def _unreadable(shown: str, reason: str | None) -> InputError:
    return InputError(f"cannot read {shown!r}: {reason}", hint="check the file", place=shown)
