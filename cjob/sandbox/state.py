"""The sandbox's private folder: its location, its lock, and the record of what was started.

The record identifies a process by its id and start time, so that a later process with the same id
is not mistaken for it. This module writes only to the folder; it does not touch other processes.
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
"""The file that marks a folder as a sandbox's, which may be emptied."""

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
"""Prefixes of the names in a sandbox's folder; a folder without the mark has only these."""


@dataclass(frozen=True)
class Contents:
    """What a sandbox is seeded with: an application, environments, and jobs with a repository.

    `version` is the version of the environments' template; empty for the newest.
    """

    app: str
    envs: tuple[str, ...]
    jobs: tuple[str, ...]
    version: str = ""


@dataclass(frozen=True)
class Keys:
    """A sandbox's secrets: the keys of the user and of the setup, and the server's own."""

    user: str
    setup: str
    server: str

    @staticmethod
    def random() -> "Keys":
        """Return new random keys."""
        return Keys(*(secrets.token_urlsafe(30) for _ in range(3)))


@dataclass(frozen=True)
class Settings:
    """What stays the same after a restart, so that a shell's variables stay valid."""

    port: int
    keys: Keys


@dataclass(frozen=True)
class Record:
    """What runs in a folder: the server's process, its address and what it was seeded with.

    `docker` is the address of the Docker daemon that the server uses, or "". `strict` is whether
    permissions are enforced; the user is then allowed what `policy` allows, or everything if it is
    None. It is `complete` once its application is set up.
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
    """Return the sandbox's folder: CJOB_SANDBOX_DIR, or one in the user's state directory."""
    chosen = os.environ.get("CJOB_SANDBOX_DIR")
    if chosen:
        return Path(chosen).absolute()
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state).absolute() / "cjob" / "sandbox"


def make_private(folder: Path) -> None:
    """Create the folder, accessible only to its owner; raise InputError if that is impossible.

    A folder with other files is refused, because files in a sandbox's folder are deleted.
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
            f"cannot create the sandbox's folder {str(folder)!r}: {error.strerror}",
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
    """Hold the folder's lock, after waiting for it; it is released when the process ends."""
    make_private(folder)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_record(folder: Path, record: Record) -> None:
    """Write the record atomically, readable only by the owner."""
    _write(folder / "sandbox.json", dataclasses.asdict(record))


def _write(path: Path, content: Mapping[str, Any]) -> None:
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(opened, "w") as file:  # noqa: PTH123 - a descriptor
        file.write(json.dumps(content, indent=2) + "\n")
    draft.replace(path)


def write_settings(folder: Path, settings: Settings) -> None:
    """Write what the next start uses again."""
    _write(folder / "sandbox.kept.json", dataclasses.asdict(settings))


def read_settings(folder: Path) -> Settings | None:
    """Return what an earlier start wrote; None if there is nothing or it is invalid."""
    try:
        found = json.loads((folder / "sandbox.kept.json").read_text())
        return Settings(int(found["port"]), Keys(**found["keys"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def read_record(folder: Path) -> Record | None:
    """Return the record of the last start; None if there is none or it is invalid."""
    try:
        found = json.loads((folder / "sandbox.json").read_text())
        kept = found["contents"]
        # A server of an earlier cjob has one environment and no keys; it only needs to be stopped.
        envs = kept.get("envs") or [kept["env"]]
        jobs, version = tuple(kept["jobs"]), kept.get("version", "")
        contents = Contents(kept["app"], tuple(envs), jobs, version)
        keys = Keys(**found.get("keys", {"user": "", "setup": "", "server": ""}))
        return Record(**{**found, "contents": contents, "keys": keys})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def remove_record(folder: Path) -> None:
    """Delete the record."""
    (folder / "sandbox.json").unlink(missing_ok=True)


def process_start(pid: int) -> str:
    """Return a string for a process's start time, always the same one, or "" if it has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return "" if Path("/proc/self").exists() else _start_from_ps(pid)
    # The second field is the program's name in parentheses, which may contain anything.
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else f"{fields[19]} ticks after the system's start"


def _start_from_ps(pid: int) -> str:
    """Return what `ps` prints, for systems without /proc."""
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    shown = subprocess.run(  # noqa: S603 - a fixed command and a number
        command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}
    )
    state, _, began = shown.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else began.strip()


def is_running(record: Record) -> bool:
    """Return whether the recorded process is still running."""
    return process_start(record.pid) == record.began != ""
