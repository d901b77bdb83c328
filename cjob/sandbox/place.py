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
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cjob.errors import InputError

PRIVATE = 0o700


@dataclass(frozen=True)
class Contents:
    """What a sandbox is seeded with: an application, an environment, jobs with a repository."""

    app: str
    env: str
    jobs: tuple[str, ...]


@dataclass(frozen=True)
class Record:
    """What runs in a folder: the server's process, its address and what it was seeded with.

    `docker` is the address of the Docker daemon that the server uses, "" without one.
    """

    pid: int
    began: str
    port: int
    region: str
    account: str
    contents: Contents
    docker: str = ""

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
    """Make the folder, open to its owner alone; raise InputError where that can't be."""
    try:
        folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        if folder.stat().st_uid != os.getuid():
            raise InputError(
                f"{str(folder)!r} belongs to another user",
                hint="set CJOB_SANDBOX_DIR to a folder of your own",
            )
        folder.chmod(PRIVATE)
        (folder / "tmp").mkdir(mode=PRIVATE, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"the sandbox's folder {str(folder)!r} can't be made: {error.strerror}",
            hint="set CJOB_SANDBOX_DIR to a folder that you may write to",
        ) from None


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, after waiting for whoever has it; it ends with the process."""
    make_private(folder)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_record(folder: Path, record: Record) -> None:
    """Keep the record, whole or not at all."""
    draft = folder / "sandbox.json.new"
    draft.write_text(json.dumps(dataclasses.asdict(record), indent=2) + "\n")
    draft.replace(folder / "sandbox.json")


def read_record(folder: Path) -> Record | None:
    """Give the record of what was started last, or nothing where there is none to be read."""
    try:
        found = json.loads((folder / "sandbox.json").read_text())
        kept = found["contents"]
        contents = Contents(kept["app"], kept["env"], tuple(kept["jobs"]))
        return Record(**{**found, "contents": contents})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def remove_record(folder: Path) -> None:
    """Forget what was started."""
    (folder / "sandbox.json").unlink(missing_ok=True)


def process_began(pid: int) -> str:
    """Give a text for when a process started, the same each time, or "" when it is gone."""
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
    """Tell whether the very process that was recorded still runs."""
    return process_began(record.pid) == record.began != ""
