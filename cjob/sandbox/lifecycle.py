"""Start, look at, empty and stop the sandbox of a private folder.

Each function takes the folder and touches only it, the one server process that is recorded in it,
and that server's own addresses. What the server is seeded with is the caller's to send.
"""

import contextlib
import dataclasses
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cjob.reporting.errors import InputError, ServiceError
from cjob.sandbox import install, state
from cjob.sandbox.server import access
from cjob.sandbox.state import Contents, Record

ACCOUNT = "123456789012"
REGION = "us-west-2"


READY_SECONDS = 20.0
STOP_SECONDS = 5.0
ASK_SECONDS = 2.0
RESET_SECONDS = 60.0

TASK_FILES = ("efs", "tasks")
"""Folders of the sandbox's that hold what tasks keep in volumes."""

PASSED_ON = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "DOCKER_HOST",
    "DOCKER_TLS_VERIFY",
    "DOCKER_CERT_PATH",
    "DOCKER_CONFIG",
    "DOCKER_CONTEXT",
    "CJOB_SANDBOX_LOG_LEVEL",
)
"""What of the person's environment the server sees: nothing of AWS, so none of their keys."""


@dataclass(frozen=True)
class Status:
    """How things stand: `state` and, where there is something to say, why and what runs."""

    state: str
    reason: str = ""
    record: Record | None = None

    @property
    def running(self) -> bool:
        """Whether the sandbox can be used."""
        return self.state == "running"


def status(folder: Path) -> Status:
    """Find out what runs: "running", "stopped", "stale" (it died) or "silent" (it hangs)."""
    record = state.read_record(folder)
    if record is None:
        return Status("stopped", "no sandbox was started in this folder")
    about = _about(record)
    if state.is_running(record):
        if about.get("pid") == record.pid:
            return Status("running", record=record)
        return Status("silent", f"process {record.pid} does not answer", record)
    reason = f"the sandbox's process {record.pid} is gone"
    if state.process_start(record.pid):
        reason += ", and its number is another process's now"
    if _is_taken(record.port):
        reason += f"; port {record.port} is another program's"
    return Status("stale", reason, record)


@dataclass(frozen=True)
class Wanted:
    """What is asked of a start: what is in it, and whether permissions are enforced.

    `port` 0 takes a free one; `policy` is what the person may do, None for everything.
    """

    contents: Contents
    port: int = 0
    strict: bool = False
    policy: Mapping[str, Any] | None = None


@contextlib.contextmanager
def starting(
    folder: Path, wanted: Wanted, say: Callable[[str], None]
) -> Iterator[tuple[Record, bool]]:
    """Start the sandbox, and yield its record and whether it is new and so to be seeded.

    The folder's lock is held until the caller is done; when the caller fails, a server that was
    started here is stopped again.
    """
    with state.locked(folder):
        found = status(folder)
        if found.running and found.record and found.record.complete:
            yield found.record, False
            return
        if found.record:
            say(f"{found.reason or 'an earlier start was interrupted'}; starting anew")
            _end(folder, found.record)
        python = install.install(folder, say)
        _remove_files(folder, (*TASK_FILES, "tmp"))
        state.make_private(folder)
        with _writing(folder):
            record = _launch(folder, python, wanted)
        try:
            with _writing(folder):
                record = _ready(folder, record)
            yield record, True
            with _writing(folder):
                state.write_record(folder, dataclasses.replace(record, complete=True))
        except BaseException:
            _end(folder, record)
            raise


@contextlib.contextmanager
def resetting(folder: Path) -> Iterator[Record]:
    """Empty the running sandbox and yield its record, so that the caller sets it up again."""
    if not folder.is_dir():
        running(folder)  # which says that it is not; no folder is made for that
    with state.locked(folder):
        record = running(folder)
        state.write_record(folder, dataclasses.replace(record, complete=False))
        _ask(record, "POST", "/_ministack/reset", RESET_SECONDS)
        _remove_files(folder, TASK_FILES)
        yield record
        state.write_record(folder, dataclasses.replace(record, complete=True))


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Return which folder could not be written to, and why."""
    try:
        yield
    except OSError as error:
        raise ServiceError(
            f"the sandbox's folder {str(folder)!r} can't be written to: {error.strerror}",
            hint="make room there, or set CJOB_SANDBOX_DIR to another folder",
        ) from None


def running(folder: Path) -> Record:
    """Return the record of the running sandbox; raise InputError where there is none."""
    found = status(folder)
    if not found.running or found.record is None:
        raise InputError(
            f"the sandbox is not running: {found.reason}", hint="start it with `cjob sandbox start`"
        )
    return found.record


def stop(folder: Path) -> Status:
    """End what `starting` began, and give how things stood before."""
    if not folder.is_dir():
        return status(folder)
    with state.locked(folder):
        found = status(folder)
        if found.record:
            _end(folder, found.record)
        return found


def _launch(folder: Path, python: Path, wanted: Wanted) -> Record:
    """Start the server on a socket that it is handed, so that nobody else can get the port."""
    before = state.read_settings(folder)
    keys = before.keys if before else state.Keys.random()
    listening = _listen_as_before(wanted.port, before.port if before else 0)
    with listening as listener, (folder / "server.log").open("w") as log:
        arguments = ["--socket", str(listener.fileno()), "--folder", str(folder)]
        arguments += ["--account", ACCOUNT, "--region", REGION, *["--strict"] * wanted.strict]
        server = subprocess.Popen(  # noqa: S603 - our own program
            [python, "-m", "server", *arguments],
            cwd=Path(__file__).parent,
            env={**_server_environment(), "CJOB_SANDBOX_KEYS": _told(keys, wanted.policy)},
            pass_fds=(listener.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        record = Record(
            pid=server.pid,
            began=state.process_start(server.pid),
            port=listener.getsockname()[1],
            region=REGION,
            account=ACCOUNT,
            contents=wanted.contents,
            keys=keys,
            strict=wanted.strict,
            policy=wanted.policy,
        )
        # The server outlives this process, which is not to wait for its end.
        server.returncode = 0
    try:
        state.write_record(folder, record)
        state.write_settings(folder, state.Settings(record.port, keys))
    except BaseException:
        _end(folder, record)
        raise
    return record


def _listen_as_before(port: int, before: int) -> socket.socket:
    """Listen on a port; for 0 on the one of the last start, if it is free."""
    if before and not port:
        with contextlib.suppress(OSError):
            return socket.create_server(("127.0.0.1", before), backlog=128)
    return _listen(port)


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port), backlog=128)
    except OSError as error:
        raise InputError(
            f"port {port} on 127.0.0.1 can't be had: {error.strerror}",
            hint="leave out --port to take a free one",
        ) from None


def _told(keys: state.Keys, policy: Mapping[str, Any] | None) -> str:
    """Return what the server is told of its users."""
    return json.dumps(
        {
            "user": keys.user,
            "setup": keys.setup,
            "server": keys.server,
            "policy": policy,
        }
    )


def _server_environment() -> dict[str, str]:
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {
        **passed,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONUNBUFFERED": "1",
    }


SETTINGS = (
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
)
"""The variables of `client_environment`."""


def client_environment(record: Record) -> dict[str, str]:
    """Return the environment variables that point an AWS client at the sandbox."""
    return {
        "AWS_ENDPOINT_URL": record.endpoint,
        "AWS_REGION": record.region,
        "AWS_DEFAULT_REGION": record.region,
        "AWS_ACCESS_KEY_ID": access.USER_KEY,
        "AWS_SECRET_ACCESS_KEY": record.keys.user,
    }


def _ready(folder: Path, record: Record) -> Record:
    """Wait until the server answers, and add to the record which Docker daemon it found."""
    deadline = time.monotonic() + READY_SECONDS
    about = _about(record)
    while about.get("pid") != record.pid:
        if not state.is_running(record) or time.monotonic() > deadline:
            raise ServiceError(
                "the sandbox's server did not start", hint=f"see {folder / 'server.log'}"
            )
        time.sleep(0.02)
        about = _about(record)
    record = dataclasses.replace(record, docker=str(about["docker"]))
    state.write_record(folder, record)
    return record


def _about(record: Record) -> dict[str, object]:
    """Ask the server who it is; an empty answer is one that is not ours, or none."""
    try:
        answer = json.loads(_ask(record, "GET", "/_cjob/about", ASK_SECONDS))
    except (ServiceError, ValueError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _ask(record: Record, method: str, path: str, seconds: float) -> bytes:
    """Send one request to the server; raise ServiceError when there is no good answer."""
    connection = http.client.HTTPConnection("127.0.0.1", record.port, timeout=seconds)
    headers = {"Authorization": f"Bearer {record.keys.server}"}
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise ServiceError(f"the sandbox does not answer: {error}") from None
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise ServiceError(f"the sandbox answered {answer.status} to {method} {path}")
    return body


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _end(folder: Path, record: Record) -> None:
    """End the recorded process, politely first, with all that it began, and forget it."""
    was_running = state.is_running(record)
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not state.is_running(record):
            break
        os.kill(record.pid, number)
        deadline = time.monotonic() + STOP_SECONDS
        while state.is_running(record) and time.monotonic() < deadline:
            time.sleep(0.02)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(record.pid, os.WNOHANG)  # it may have been started by this very process
    if was_running:
        # Functions run as processes of its group; one at work would go on for as long as it likes.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(record.pid, signal.SIGKILL)
    if record.docker:
        _remove_containers(folder, record)
    state.remove_record(folder)


def _remove_files(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        # What containers wrote may be another user's, and then stays.
        shutil.rmtree(folder / name, ignore_errors=True)


def _remove_containers(folder: Path, record: Record) -> None:
    """Remove the containers of the folder's server; where the daemon is gone, so are they."""
    with (folder / "server.log").open("a") as log:
        subprocess.run(  # noqa: S603 - our own program
            [install.environment(folder) / "bin" / "python", "-m", "server.containers", folder],
            cwd=Path(__file__).parent,
            env={**_server_environment(), "DOCKER_HOST": record.docker},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=False,
        )
