"""The sandbox's private folder: where it is, its lock, and the record of what was started.

The record names a process by its id and the time at which it started, so that another process
which got the same id later is not taken for it. Only the folder itself is written to; other
processes are looked at and left alone.
"""

import contextlib
import dataclasses
import fcntl
import json
import os
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cjob.reporting.errors import InputError

PRIVATE = 0o700

MARK = "cjob-sandbox"
"""A file that says that a folder is a sandbox's, and may be emptied."""

OWN_NAMES = (
    MARK,
    "lock",
    "tmp",
    "efs",
    "tasks",
    "scripts",
    "venv-",
    "install.log",
    "server.log",
    "sandbox.",
)
"""What the names in a sandbox's folder begin with; one from before the mark has no others."""


@dataclass(frozen=True)
class Contents:
    """What a sandbox is seeded with: an application, environments, jobs with a repository.

    `version` is that of the environments' template, empty for the newest.
    """

    app: str
    envs: tuple[str, ...]
    jobs: tuple[str, ...]
    version: str = ""


@dataclass(frozen=True)
class Keys:
    """A sandbox's secrets: the keys of the person and of the setup, and the server's own."""

    user: str
    setup: str
    server: str

    @staticmethod
    def random() -> "Keys":
        """Make them up."""
        return Keys(*(secrets.token_urlsafe(30) for _ in range(3)))


@dataclass(frozen=True)
class Kept:
    """What stays the same from one start to the next, so that a shell's settings stay right."""

    port: int
    keys: Keys


@dataclass(frozen=True)
class Record:
    """What runs in a folder: the server's process, its address and what it was seeded with.

    `docker` is the address of the Docker daemon that the server uses, "" without one. `strict`
    says whether permissions are enforced, and `policy` what the person may do then, if not
    everything. It is `complete` once an application was set up in it.
    """

    pid: int
    began: str
    port: int
    region: str
    account: str
    contents: Contents
    keys: Keys
    docker: str = ""
    strict: bool = False
    policy: Mapping[str, Any] | None = None
    complete: bool = False

    @property
    def endpoint(self) -> str:
        """The address of every service, and of the registry."""
        return f"http://127.0.0.1:{self.port}"


def private_folder() -> Path:
    """Give the sandbox's folder: CJOB_SANDBOX_DIR, or where the system keeps a program's state."""
    chosen = os.environ.get("CJOB_SANDBOX_DIR")
    if chosen:
        return Path(chosen).absolute()
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state).absolute() / "cjob" / "sandbox"


def make_private(folder: Path) -> None:
    """Make the folder, open to its owner alone; raise InputError if that can't be.

    A folder that holds anything else is refused: some of what is in a sandbox's is removed.
    """
    try:
        folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        if not _is_own(folder):
            raise InputError(
                f"{str(folder)!r} is not a sandbox's folder: it has other files in it",
                hint="set CJOB_SANDBOX_DIR to an empty folder",
            )
        if folder.stat().st_uid != os.getuid():
            raise InputError(
                f"{str(folder)!r} belongs to another user",
                hint="set CJOB_SANDBOX_DIR to a folder of your own",
            )
        folder.chmod(PRIVATE)
        (folder / MARK).touch()
        (folder / "tmp").mkdir(mode=PRIVATE, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"the sandbox's folder {str(folder)!r} can't be made: {error.strerror}",
            hint="set CJOB_SANDBOX_DIR to a folder that you may write to",
        ) from None


def _is_own(folder: Path) -> bool:
    """Return whether a folder is empty, marked as a sandbox's, or from before there was a mark."""
    names = [path.name for path in folder.iterdir()]
    only_own = all(name.startswith(OWN_NAMES) for name in names)
    old = only_own and any(name == "lock" or name.startswith("venv-") for name in names)
    return not names or MARK in names or old


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, after waiting for whoever has it; it ends with the process."""
    make_private(folder)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_record(folder: Path, record: Record) -> None:
    """Keep the record, whole or not at all, and readable by the owner alone."""
    _write(folder / "sandbox.json", dataclasses.asdict(record))


def _write(path: Path, content: Mapping[str, Any]) -> None:
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(opened, "w") as file:  # noqa: PTH123 - a descriptor
        file.write(json.dumps(content, indent=2) + "\n")
    draft.replace(path)


def keep(folder: Path, kept: Kept) -> None:
    """Keep what the next start takes again."""
    _write(folder / "sandbox.kept.json", dataclasses.asdict(kept))


def read_kept(folder: Path) -> Kept | None:
    """Return what an earlier start kept; None without one, or if it can't be read."""
    try:
        found = json.loads((folder / "sandbox.kept.json").read_text())
        return Kept(int(found["port"]), Keys(**found["keys"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def read_record(folder: Path) -> Record | None:
    """Return the record of what was started last, or nothing where there is none to be read."""
    try:
        found = json.loads((folder / "sandbox.json").read_text())
        kept = found["contents"]
        # A server of an earlier cjob has one environment and no keys; it is there to be ended.
        envs = kept.get("envs") or [kept["env"]]
        jobs, version = tuple(kept["jobs"]), kept.get("version", "")
        contents = Contents(kept["app"], tuple(envs), jobs, version)
        keys = Keys(**found.get("keys", {"user": "", "setup": "", "server": ""}))
        return Record(**{**found, "contents": contents, "keys": keys})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def remove_record(folder: Path) -> None:
    """Forget what was started."""
    (folder / "sandbox.json").unlink(missing_ok=True)


def process_began(pid: int) -> str:
    """Return a text for when a process started, the same each time, or "" when it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return "" if Path("/proc/self").exists() else _began_by_ps(pid)
    # The second field is the program's name in parentheses and may hold anything.
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else f"{fields[19]} ticks after the system's start"


def _began_by_ps(pid: int) -> str:
    """Ask `ps`, where the system has no /proc."""
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    shown = subprocess.run(  # noqa: S603 - a fixed command and a number
        command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}
    )
    state, _, began = shown.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else began.strip()


def is_running(record: Record) -> bool:
    """Return whether the very process that was recorded still runs."""
    return process_began(record.pid) == record.began != ""
