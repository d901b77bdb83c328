"""Real sandboxes for tests: each in a folder of its own, used through the command as people do."""

import http.client
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import boto3

from cjob.aws.seed import local_session
from cjob.sandbox import install, state

NO_DOCKER = "unix:///nonexistent/docker.sock"

CJOB = (sys.executable, "-c", "from cjob.cli.main import main; main()")


@dataclass(frozen=True)
class Sandbox:
    """A sandbox that was started: its folder, and what `env -o json` gives."""

    folder: Path
    env: dict[str, str]

    @property
    def endpoint(self) -> str:
        """The address of all services."""
        return self.env["AWS_ENDPOINT_URL"]

    def session(self) -> boto3.Session:
        """Return a session of its user; clients are made with `endpoint_url=sandbox.endpoint`."""
        return local_session(
            self.env["AWS_ACCESS_KEY_ID"],
            self.env["AWS_SECRET_ACCESS_KEY"],
            self.env["AWS_REGION"],
        )

    def stop(self) -> None:
        """End it."""
        done = cjob_sandbox(self.folder, "stop")
        assert done.returncode == 0, done.stderr


def prepare(folder: Path) -> None:
    """Make a sandbox's folder that shares one installation with all other tests' sandboxes."""
    shared = Path(tempfile.gettempdir()) / f"cjob-test-sandbox-{os.getuid()}"
    with state.locked(shared):
        install.install(shared, lambda _: None)
    state.make_private(folder)
    installed = install.environment(shared)
    (folder / installed.name).symlink_to(installed)


def environment(folder: Path, docker_host: str = NO_DOCKER) -> dict[str, str]:
    """Return the environment to run `cjob sandbox` in."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CJOB_"))}
    return {**kept, "CJOB_SANDBOX_DIR": str(folder), "DOCKER_HOST": docker_host}


def cjob_sandbox(
    folder: Path, *arguments: str, docker_host: str = NO_DOCKER, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run `cjob sandbox` with these arguments, on the sandbox of a folder."""
    return subprocess.run(
        [*CJOB, "sandbox", *arguments],
        env={**environment(folder, docker_host), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def start(folder: Path, *arguments: str, docker_host: str = NO_DOCKER, **variables: str) -> Sandbox:
    """Start a sandbox in a folder that was prepared; without a daemon unless one is named."""
    done = cjob_sandbox(folder, "start", *arguments, docker_host=docker_host, **variables)
    assert done.returncode == 0, done.stderr
    return found(folder)


def found(folder: Path) -> Sandbox:
    """Return the sandbox that runs in a folder."""
    return Sandbox(folder, json.loads(cjob_sandbox(folder, "env", "-o", "json").stdout))


def record_of(folder: Path) -> state.Record:
    """Return the record of what was started in a folder."""
    record = state.read_record(folder)
    assert record is not None
    return record


def group_of(pid: int) -> list[str]:
    """Return the living processes of a process group."""
    shown = subprocess.run(
        ["ps", "-eo", "pgid=,stat=,args="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(None, 2) for line in shown.splitlines()]
    return [row[2] for row in rows if row[0] == str(pid) and not row[1].startswith("Z")]


def ask(
    sandbox: Sandbox, method: str, path: str, body: str = "", **headers: str
) -> http.client.HTTPResponse:
    """Send a request as any program may."""
    connection = http.client.HTTPConnection(urlsplit(sandbox.endpoint).netloc, timeout=30)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body=body, headers=named)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer
