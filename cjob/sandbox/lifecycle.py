"""Start, inspect, empty and stop the sandbox of a private folder.

Each function touches only the folder, the server process that is recorded in it, and that server's
port. The caller seeds the server.
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
"""Folders of the sandbox that hold the volumes of tasks."""

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
"""The environment variables that are passed to the server: none of AWS, so no credentials."""


@dataclass(frozen=True)
class Status:
    """The sandbox's `state`; the reason, if there is one; and the record of what was started."""

    state: str
    reason: str = ""
    record: Record | None = None

    @property
    def running(self) -> bool:
        """Whether the sandbox can be used."""
        return self.state == "running"


def status(folder: Path) -> Status:
    """Return whether it is "running", "stopped", "stale" (it died) or "silent" (it hangs)."""
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
        reason += ", and another process has its id now"
    if _is_taken(record.port):
        reason += f"; another program uses port {record.port}"
    return Status("stale", reason, record)


@dataclass(frozen=True)
class Wanted:
    """The options of a start: what to seed, and whether permissions are enforced.

    `port` 0 chooses a free one; `policy` is what the user is allowed, None for everything.
    """

    contents: Contents
    port: int = 0
    strict: bool = False
    policy: Mapping[str, Any] | None = None


@contextlib.contextmanager
def starting(
    folder: Path, wanted: Wanted, report: Callable[[str], None]
) -> Iterator[tuple[Record, bool]]:
    """Start the sandbox; yield its record, and whether it is new and must be seeded.

    The folder's lock is held until the caller is done. If the caller fails, a server that was
    started here is stopped.
    """
    with state.locked(folder):
        found = status(folder)
        if found.running and found.record and found.record.complete:
            yield found.record, False
            return
        if found.record:
            report(f"{found.reason or 'an earlier start was interrupted'}; starting again")
            _end(folder, found.record)
        python = install.install(folder, report)
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
        running(folder)  # raises the error, without creating the folder
    with state.locked(folder):
        record = running(folder)
        state.write_record(folder, dataclasses.replace(record, complete=False))
        _ask(record, "POST", "/_ministack/reset", RESET_SECONDS)
        _remove_files(folder, TASK_FILES)
        yield record
        state.write_record(folder, dataclasses.replace(record, complete=True))


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Raise ServiceError, naming the folder, if writing to it fails."""
    try:
        yield
    except OSError as error:
        raise ServiceError(
            f"the sandbox's folder {str(folder)!r} is not writable: {error.strerror}",
            hint="free disk space there, or set CJOB_SANDBOX_DIR to another folder",
        ) from None


def running(folder: Path) -> Record:
    """Return the record of the running sandbox; raise InputError if there is none."""
    found = status(folder)
    if not found.running or found.record is None:
        raise InputError(
            f"the sandbox is not running: {found.reason}", hint="start it with `cjob sandbox start`"
        )
    return found.record


def stop(folder: Path) -> Status:
    """Stop the sandbox; return its status before that."""
    if not folder.is_dir():
        return status(folder)
    with state.locked(folder):
        found = status(folder)
        if found.record:
            _end(folder, found.record)
        return found


def _launch(folder: Path, python: Path, wanted: Wanted) -> Record:
    """Start the server with a listening socket, so that no other process can take the port."""
    before = state.read_settings(folder)
    keys = before.keys if before else state.Keys.random()
    listening = _listen_again(wanted.port, before.port if before else 0)
    with listening as listener, (folder / "server.log").open("w") as log:
        arguments = ["--socket", str(listener.fileno()), "--folder", str(folder)]
        arguments += ["--account", ACCOUNT, "--region", REGION, *["--strict"] * wanted.strict]
        server = subprocess.Popen(  # noqa: S603 - our own program
            [python, "-m", "server", *arguments],
            cwd=Path(__file__).parent,
            env={**_server_environment(), "CJOB_SANDBOX_KEYS": _server_keys(keys, wanted.policy)},
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
        # The server outlives this process, which must not wait for it.
        server.returncode = 0
    try:
        state.write_record(folder, record)
        state.write_settings(folder, state.Settings(record.port, keys))
    except BaseException:
        _end(folder, record)
        raise
    return record


def _listen_again(port: int, before: int) -> socket.socket:
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
            f"port {port} on 127.0.0.1 is not available: {error.strerror}",
            hint="omit --port to use a free one",
        ) from None


def _server_keys(keys: state.Keys, policy: Mapping[str, Any] | None) -> str:
    """Return the users' keys and policy as the server reads them."""
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
    """Return what the server reports about itself; empty if another program answers, or none."""
    try:
        answer = json.loads(_ask(record, "GET", "/_cjob/about", ASK_SECONDS))
    except (ServiceError, ValueError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _ask(record: Record, method: str, path: str, seconds: float) -> bytes:
    """Send one request to the server; raise ServiceError unless the answer is OK."""
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
    """Stop the recorded process, with SIGTERM first, and all that it started; delete the record."""
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
        # Functions run in its process group, and would continue otherwise.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(record.pid, signal.SIGKILL)
    if record.docker:
        _remove_containers(folder, record)
    state.remove_record(folder)


def _remove_files(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        # Files that containers wrote may belong to another user; they are left.
        shutil.rmtree(folder / name, ignore_errors=True)


def _remove_containers(folder: Path, record: Record) -> None:
    """Remove the containers of the folder's server; without the daemon there are none."""
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
