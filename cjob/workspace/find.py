"""The workspace: the folder above `copilot/`, found from any folder below it.

Reads files only, and only inside of the repository that the workspace is in: a manifest, an addon
or a symbolic link may come from a stranger's pull request.
"""

import errno
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from cjob.document.models import NAME
from cjob.document.records import dataclass
from cjob.reporting.errors import MORE_FILES, InputError

FOLDER = "copilot"
LEVELS = 5
LARGEST = 10 * 1024 * 1024
PIECE = 1024 * 1024
JOB_TYPE = "Scheduled Job"

# What the kernel answers here is about cjob and the machine: `/proc/self/environ` has credentials.
NEVER = tuple(Path(folder) for folder in ("/proc", "/sys", "/dev"))
ALLOW = "--allow-outside"

_TYPE = re.compile(r"^type[ \t]*:", re.MULTILINE)


def top_folder(root: Path) -> Path | None:
    """Return the nearest folder at or above `root` that holds `.git`; None outside of a checkout.

    Git never checks out a path with `.git` in it, so no commit can choose this folder.
    """
    return next((one for one in (root, *root.parents) if os.path.lexists(one / ".git")), None)


class NoWorkspaceError(InputError):
    """There is no workspace in a folder or those above it."""


@dataclass(frozen=True, kw_only=True)
class Files:
    """The files that a workspace may use: those of its git checkout, else of the workspace itself.

    Symbolic links and `..` are followed before the check. `allow_outside` is the person's consent
    to other files; what the kernel makes up is never read.
    """

    root: Path
    allow_outside: bool = False

    def shown(self, path: Path) -> str:
        """Return a path as messages and documents have it: relative to the root."""
        return Path(os.path.relpath(path, self.root)).as_posix()

    def inside(self, relative: str) -> Path:
        """Return the path of a file that a manifest or a document names, relative to the root.

        A leading slash means the root, too; with `..` the file may be beside the workspace.
        """
        return self.root / relative.lstrip("/")

    def check(self, path: Path, shown: str) -> None:
        """Raise InputError if a path leads out of the repository."""
        try:
            real = Path(os.path.realpath(path))
        except (OSError, ValueError) as error:  # a name with a NUL in it
            raise _unreadable(shown, getattr(error, "strerror", "") or _NO_NAME) from None
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

        The person may name any folder to write to, but a pull request may not redirect it.
        """
        given = Path(os.path.abspath(folder))  # noqa: PTH100 - that one follows no link
        root = self.root.resolve()
        if given.is_relative_to(top_folder(root) or root):
            self.check(given, shown)

    def read_text(self, path: Path) -> str:
        """Read a file of text; InputError if it is absent, too large, or not UTF-8."""
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

    def read_bytes(self, path: Path, shown: str, limit: int = LARGEST) -> bytes:
        """Read a file; InputError, with the path as it is `shown`, if that cannot be done."""
        return b"".join(self.pieces(path, shown, limit))

    def pieces(self, path: Path, shown: str, limit: int) -> Iterator[bytes]:
        """Yield what a file contains, with little of it in memory; see `read_bytes`."""
        size = self.status(path, shown).st_size
        if size > limit:
            raise InputError(
                f"the file has {size} bytes, more than {limit}",
                hint="is it the right file?",
                place=shown,
            )
        try:
            with path.open("rb") as file:
                while piece := file.read(PIECE):
                    yield piece
        except OSError as error:
            raise _unreadable(shown, error.strerror) from None

    def status(self, path: Path, shown: str) -> os.stat_result:
        """Look at a file or folder; InputError for what is absent, outside, a pipe or a device."""
        self.check(path, shown)
        try:
            found = path.stat()
        except FileNotFoundError:
            hint = "check the name; paths begin at the workspace's root"
            raise InputError(f"there is no file {shown!r}", hint=hint, place=shown) from None
        except OSError as error:
            raise _unreadable(shown, error.strerror) from None
        if not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):
            raise _unreadable(shown, "it may have no end")
        return found


def _ignore(_: str) -> None:
    return


def valid_names(found: Iterable[str], what: str, warn: Callable[[str], None]) -> tuple[str, ...]:
    """Return the names that cjob accepts, sorted, and warn about the others.

    They come from folders and files that anybody may have written, and go into shells: through
    completion, a Makefile, a loop over `cjob list`.
    """
    names = sorted(set(found))
    for name in names:
        if not NAME.fullmatch(name):
            warn(f"{what} {name!r} is skipped: it is not a valid name")
    return tuple(name for name in names if NAME.fullmatch(name))


@dataclass(frozen=True, kw_only=True)
class Workspace(Files):
    """A workspace's files, and the application that it belongs to (empty: none)."""

    app: str = ""

    def manifest(self, job: str) -> Path:
        """Return the path of a job's manifest."""
        return self.root / FOLDER / job / "manifest.yml"

    def folder(self, job: str, name: str) -> Path:
        """Return the path of a folder beside a job's manifest."""
        return self.root / FOLDER / job / name

    def jobs(self, warn: Callable[[str], None] = _ignore) -> tuple[str, ...]:
        """Return the names of the folders that hold a scheduled job's manifest, sorted.

        Only the manifest's `type` line is looked at; what else is wrong is found when it is loaded.
        """
        # A glob would pass over a job that must not be read.
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
        """Return the names of the folders that hold an environment's manifest, sorted."""
        found = (self.root / FOLDER / "environments").glob("*/manifest.yml")
        return valid_names((path.parent.name for path in found), "environment", warn)


def find(start: Path, *, allow_outside: bool = False) -> Workspace:
    """Find the workspace that a folder lies in: itself or one of the four folders above it."""
    try:
        start = start.resolve()
    except FileNotFoundError:
        raise InputError("the working folder is gone", hint="go to another folder") from None
    if not start.is_dir():
        raise InputError(f"there is no folder {str(start)!r}", hint="check what -C names")
    if start.name == FOLDER:
        return _open(start.parent, allow_outside=allow_outside)
    for folder in [start, *start.parents][:LEVELS]:
        if (folder / FOLDER).is_dir():
            return _open(folder, allow_outside=allow_outside)
    raise NoWorkspaceError(
        f"no workspace: there is no folder {FOLDER!r} in {str(start)!r} or the "
        f"{LEVELS - 1} folders above it",
        hint="go to the folder that holds it, or name that with -C; to begin one: "
        "cjob help application",
    )


def _open(root: Path, *, allow_outside: bool) -> Workspace:
    summary = root / FOLDER / ".workspace"
    if not summary.is_file():
        raise InputError(
            "the workspace belongs to no application",
            hint=f"write 'application: NAME' into {FOLDER}/.workspace",
            place=f"{FOLDER}/.workspace",
        )
    text = Files(root=root, allow_outside=allow_outside).read_text(summary)
    match = re.search(r"^application[ \t]*:[ \t]*[\"']?([^\"'#\s]*)", text, re.MULTILINE)
    app = match.group(1) if match else ""
    return Workspace(root=root, allow_outside=allow_outside, app=app)


_NO_NAME = "no file can have that name"


def _unreadable(shown: str, reason: str | None) -> InputError:
    hint = MORE_FILES if reason == os.strerror(errno.EMFILE) else "check the file"
    return InputError(f"cannot read {shown!r}: {reason}", hint=hint, place=shown)
