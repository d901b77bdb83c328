"""The workspace: the folder above `copilot/`, found from any folder below it.

Reads files only, and only inside the repository of the workspace: a manifest, an addon or a
symbolic link may come from a stranger's pull request.
"""

import errno
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from cjob.document.models import NAME
from cjob.document.names import JOB_TYPE
from cjob.document.records import dataclass
from cjob.reporting.errors import MORE_FILES, InputError

FOLDER = "copilot"
LEVELS = 5
MAX_SIZE = 10 * 1024 * 1024
PIECE = 1024 * 1024

# The kernel's files are about cjob and the machine: `/proc/self/environ` contains credentials.
NEVER = tuple(Path(folder) for folder in ("/proc", "/sys", "/dev"))
ALLOW = "--allow-outside"

_TYPE = re.compile(r"^type[ \t]*:", re.MULTILINE)


def top_folder(root: Path) -> Path | None:
    """Return the nearest folder at or above `root` that contains `.git`, or None.

    Git never checks out a path with `.git` in it, so no commit can choose this folder.
    """
    return next((one for one in (root, *root.parents) if os.path.lexists(one / ".git")), None)


class NoWorkspaceError(InputError):
    """There is no workspace in a folder or the folders above it."""


@dataclass(frozen=True, kw_only=True)
class Files:
    """The files that a workspace may use: those of its git checkout, or of the workspace itself.

    Symbolic links and `..` are resolved before the check. With `allow_outside` other files are
    allowed, too, but never the kernel's.
    """

    root: Path
    allow_outside: bool = False

    def shown(self, path: Path) -> str:
        """Return a path as shown in messages and documents: relative to the root."""
        return Path(os.path.relpath(path, self.root)).as_posix()

    def inside(self, relative: str) -> Path:
        """Return the path of a file that a manifest or a document names, relative to the root.

        A leading slash means the root, too; `..` may lead to a file beside the workspace.
        """
        return self.root / relative.lstrip("/")

    def check(self, path: Path, shown: str) -> None:
        """Raise InputError if a path leads out of the repository."""
        try:
            real = Path(os.path.realpath(path))
        except (OSError, ValueError) as error:  # the name contains NUL
            raise _unreadable(shown, error) from None
        root = self.root.resolve()
        top = top_folder(root) or root
        special = any(real.is_relative_to(one) and not top.is_relative_to(one) for one in NEVER)
        if not special and (self.allow_outside or real.is_relative_to(top)):
            return
        what = "is not a file of the repository" if special else "is outside of the repository"
        leads = "" if Path(os.path.normpath(path)) == real else f": it leads to {str(real)!r}"
        raise InputError(
            f"{shown!r} {what}{leads}",
            hint="name a file of the repository"
            if special
            else f"keep it in {str(top)!r}, or pass {ALLOW} if you trust whoever wrote this",
            place=shown,
        )

    def check_written(self, folder: Path, shown: str) -> None:
        """Raise InputError if a folder in the repository is a link that leads out of it.

        The user may write to any folder, but a pull request may not redirect it.
        """
        given = Path(os.path.abspath(folder))  # noqa: PTH100 - Path.resolve would follow links
        root = self.root.resolve()
        if given.is_relative_to(top_folder(root) or root):
            self.check(given, shown)

    def read_text(self, path: Path) -> str:
        """Return a file's text; raise InputError if it is missing, too large, or not UTF-8."""
        shown = self.shown(path)
        data = self.read_bytes(path, shown)
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise InputError(
                "the file is not UTF-8 text",
                hint="save it as UTF-8",
                place=f"{shown}:{line}",
            ) from None

    def read_bytes(self, path: Path, shown: str, limit: int = MAX_SIZE) -> bytes:
        """Return a file's content; raise InputError, naming it as `shown`, if it can't be read."""
        return b"".join(self.pieces(path, shown, limit))

    def pieces(self, path: Path, shown: str, limit: int) -> Iterator[bytes]:
        """Yield a file's content piece by piece, to save memory; see `read_bytes`."""
        size = self.status(path, shown).st_size
        if size > limit:
            raise InputError(
                f"the file has {size} bytes, more than {limit}",
                hint="check that it is the right file",
                place=shown,
            )
        try:
            with path.open("rb") as file:
                while piece := file.read(PIECE):
                    yield piece
        except OSError as error:
            raise _unreadable(shown, error) from None

    def status(self, path: Path, shown: str) -> os.stat_result:
        """Return the status of a file or folder.

        Raise InputError if it is missing, outside of the repository, a pipe or a device.
        """
        self.check(path, shown)
        try:
            found = path.stat()
        except FileNotFoundError:
            hint = "check the name; paths begin at the workspace's root"
            raise InputError(f"there is no file {shown!r}", hint=hint, place=shown) from None
        except OSError as error:
            raise _unreadable(shown, error) from None
        if not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):
            raise _unreadable(shown, ValueError("it is a pipe or a device"))
        return found


def _ignore(_: str) -> None:
    return


def valid_names(found: Iterable[str], what: str, warn: Callable[[str], None]) -> tuple[str, ...]:
    """Return the valid names, sorted, and warn about the others.

    Anybody may have named the folders and files, and the names reach shells: through completion, a
    Makefile, a loop over `cjob list`.
    """
    names = sorted(set(found))
    for name in names:
        if not NAME.fullmatch(name):
            warn(f"{what} {name!r} is skipped: it is not a valid name")
    return tuple(name for name in names if NAME.fullmatch(name))


@dataclass(frozen=True, kw_only=True)
class Workspace(Files):
    """A workspace's files, and the application that it belongs to (may be empty)."""

    app: str = ""

    def manifest(self, job: str) -> Path:
        """Return the path of a job's manifest."""
        return self.root / FOLDER / job / "manifest.yml"

    def folder(self, job: str, name: str) -> Path:
        """Return the path of a folder beside a job's manifest."""
        return self.root / FOLDER / job / name

    def jobs(self, warn: Callable[[str], None] = _ignore) -> tuple[str, ...]:
        """Return the sorted names of the folders that contain a scheduled job's manifest.

        Only the manifest's `type` is read; other errors in it are found when it is loaded.
        """
        # A glob would silently skip a job that must not be read.
        folders = [one.name for one in (self.root / FOLDER).iterdir()]
        found = [one for one in folders if self.manifest(one).exists() and self._is_job(one)]
        return valid_names(found, "job", warn)

    def _is_job(self, name: str) -> bool:
        path = self.manifest(name)
        text = self.read_bytes(path, self.shown(path)).decode("utf-8", "replace")
        key = _TYPE.search(text)
        if key is None:
            return False
        value = text[key.end() :].lstrip().partition("\n")[0].partition("#")[0]
        return value.strip().strip("\"'") == JOB_TYPE

    def environments(self, warn: Callable[[str], None] = _ignore) -> tuple[str, ...]:
        """Return the sorted names of the folders that contain an environment's manifest."""
        found = (self.root / FOLDER / "environments").glob("*/manifest.yml")
        return valid_names((path.parent.name for path in found), "environment", warn)


def find(start: Path, *, allow_outside: bool = False) -> Workspace:
    """Return the workspace that a folder is in: the folder itself or one of the four above it.

    Raise NoWorkspaceError if there is none, and InputError if the folder is missing.
    """
    try:
        start = start.resolve()
    except FileNotFoundError:
        raise InputError(
            "the current folder was deleted", hint="change to another folder"
        ) from None
    if not start.is_dir():
        raise InputError(f"there is no folder {str(start)!r}", hint="check the folder of -C")
    if start.name == FOLDER:
        return _open(start.parent, allow_outside=allow_outside)
    for folder in [start, *start.parents][:LEVELS]:
        if (folder / FOLDER).is_dir():
            return _open(folder, allow_outside=allow_outside)
    raise NoWorkspaceError(
        f"no workspace: there is no folder {FOLDER!r} in {str(start)!r} or the "
        f"{LEVELS - 1} folders above it",
        hint="change to the folder that contains it, or name it with -C; to create one: "
        "cjob help application",
    )


def _open(root: Path, *, allow_outside: bool) -> Workspace:
    summary = root / FOLDER / ".workspace"
    if not summary.is_file():
        raise InputError(
            "the workspace belongs to no application",
            hint=f"write 'application: NAME' to {FOLDER}/.workspace",
            place=f"{FOLDER}/.workspace",
        )
    text = Files(root=root, allow_outside=allow_outside).read_text(summary)
    match = re.search(r"^application[ \t]*:[ \t]*[\"']?([^\"'#\s]*)", text, re.MULTILINE)
    app = match.group(1) if match else ""
    return Workspace(root=root, allow_outside=allow_outside, app=app)


def _unreadable(shown: str, error: OSError | ValueError) -> InputError:
    """Return the error for a file that cannot be read; a ValueError has its reason as its text."""
    reason = error.strerror if isinstance(error, OSError) else str(error)
    is_limit = isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE)
    hint = MORE_FILES if is_limit else "check the file"
    return InputError(f"cannot read {shown!r}: {reason}", hint=hint, place=shown)
