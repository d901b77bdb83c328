"""A private Docker daemon and a private registry, both the real programs, for tests.

Each lives in its own folder and dies with `stop()`; the machine's own Docker is never touched.
"""

import hashlib
import json
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import programs
import pytest

READY_S = 30
STOP_S = 20


@dataclass(frozen=True)
class Dockerd:
    """A running daemon: `host` is what DOCKER_HOST takes."""

    host: str
    running: subprocess.Popen[bytes]
    sockets: Path

    def kill(self) -> None:
        """Let it die, and what it started with it; it has to be a `mortal` one."""
        self.running.kill()
        self.running.wait()

    def stop(self) -> None:
        """End it and what it started."""
        _end(self.running)
        shutil.rmtree(self.sockets, ignore_errors=True)


@dataclass(frozen=True)
class Registry:
    """A running registry: `address` is host and port; plain HTTP, which Docker takes locally."""

    address: str
    running: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End it."""
        _end(self.running)


def start_dockerd(folder: Path, *, apart: bool = False, mortal: bool = False) -> Dockerd:
    """Start a daemon with everything that it keeps below `folder`, and wait until it answers.

    It has no bridge, without which BuildKit runs nothing. One that is `apart` has one, in a network
    that ends at its own machine: it can build anything, and push to no registry. One that is
    `mortal` can be killed, which leaves nothing behind.
    """
    programs.needs("dockerd", "containerd", "runc")
    folder.mkdir(parents=True, exist_ok=True)
    # The paths of sockets are limited to 107 characters, which a test's folder may be beyond.
    sockets = Path(tempfile.mkdtemp(prefix="dockerd-"))
    host = f"unix://{sockets}/docker.sock"
    command = [
        *("dockerd", "--host", host, "--data-root", str(folder / "data")),
        *("--exec-root", str(sockets / "exec"), "--pidfile", str(folder / "dockerd.pid")),
        *("--storage-driver=vfs", "--iptables=false", "--ip6tables=false"),
    ]
    command = ["unshare", "-nm", *command] if apart else [*command, "--bridge=none"]
    if mortal:
        command = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", *command]
    log = folder / "dockerd.log"
    running = _start(command, log)
    _wait(running, log, lambda: _daemon_answers(sockets / "docker.sock"))
    return Dockerd(host, running, sockets)


def start_registry(folder: Path, password: str | None = None, port: int = 0) -> Registry:
    """Start a registry on a free port (or the given one) and wait until it answers.

    With a password only the user `AWS` gets in, as with ECR.
    """
    programs.needs("docker-registry", "htpasswd")
    folder.mkdir(parents=True, exist_ok=True)
    address = f"127.0.0.1:{port or _free_port()}"
    settings = [
        "version: 0.1",
        f"storage: {{filesystem: {{rootdirectory: {folder}/registry}}, delete: {{enabled: true}}}}",
        f"http: {{addr: '{address}'}}",
    ]
    if password:
        users = subprocess.run(
            ["htpasswd", "-Bbn", "AWS", password], capture_output=True, check=True
        ).stdout
        (folder / "htpasswd").write_bytes(users)
        settings.append(f"auth: {{htpasswd: {{realm: ecr, path: '{folder}/htpasswd'}}}}")
    (folder / "registry.yml").write_text("\n".join(settings))
    log = folder / "registry.log"
    running = _start(["docker-registry", "serve", str(folder / "registry.yml")], log)
    _wait(running, log, lambda: _registry_answers(address))
    return Registry(address, running)


def _start(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL)


def _wait(running: subprocess.Popen[bytes], log: Path, ready: Callable[[], bool]) -> None:
    ends = time.monotonic() + READY_S
    while not ready():
        if running.poll() is not None or time.monotonic() > ends:
            _end(running)
            pytest.fail(f"did not start: {log.read_text()[-2000:]}")
        time.sleep(0.05)


def _end(running: subprocess.Popen[bytes]) -> None:
    running.terminate()
    try:
        running.wait(STOP_S)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()


def _daemon_answers(address: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as asking:
        try:
            asking.connect(str(address))
            asking.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b" 200 OK" in asking.recv(100)
        except OSError:
            return False


def _registry_answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{address}/v2/"):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return error.code == 401
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def context_folder(config: Path, name: str, host: str) -> None:
    """Write a docker context as `docker context create` does."""
    folder = config / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    folder.mkdir(parents=True)
    meta = {"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": host}}}
    (folder / "meta.json").write_text(json.dumps(meta))
