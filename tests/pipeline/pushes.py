"""A job whose image goes to a real registry that asks for a password, from a real daemon.

AWS is the sandbox's, but for the token, which is the registry's: so that registry can be frozen,
killed, or given a wrong password.
"""

import base64
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import daemons
import relay
from calls_proxy import Proxy
from pipelines import Done, Place, on
from relay import Relay

if TYPE_CHECKING:
    import subprocess

PASSWORD = "right"
LARGE = 4 * 2**20
"""Bytes of a layer that is sent in several parts."""

MANIFEST = """\
name: {name}
type: Scheduled Job
image: {{build: Dockerfile}}
on: {{schedule: "@daily"}}
"""
SIDECAR = """\
sidecars:
  log:
    image: {build: Dockerfile.log}
"""


@dataclass
class Pushing:
    """A workspace whose job `built` is pushed to a registry that can be troubled."""

    place: Place
    proxy: Proxy
    folder: Path
    registry: daemons.Registry
    relay: Relay
    frozen: list[int] = field(default_factory=list)

    def let_in(self, password: str = PASSWORD, address: str = "") -> None:
        """Have AWS give this token, for the registry or another one."""
        token = base64.b64encode(f"AWS:{password}".encode()).decode()
        endpoint = f"http://{address or self.relay.address}"
        granted = {"authorizationToken": token, "proxyEndpoint": endpoint, "expiresAt": 0}
        answer = json.dumps({"authorizationData": [granted]})
        self.proxy.instead["GetAuthorizationToken"] = (200, answer)

    def build(self, *, large: bool = False, sidecar: bool = False) -> str:
        """Build images that never were, and give the document."""
        self.place.job("built", SIDECAR if sidecar else "", text=MANIFEST)
        content = os.urandom(LARGE if large else 64)
        (self.place.root / "content").write_bytes(content)
        self.place.write("Dockerfile", "FROM scratch\nCOPY Dockerfile /\nCOPY content /\n")
        self.place.write("Dockerfile.log", "FROM scratch\nCOPY content /log\n")
        return self.place.done("build", *on("built")).stdout

    def push(self, document: str, **settings: str) -> Done:
        """Push to the end."""
        return self.place.run("push", stdin=document, **settings)

    def freeze(self) -> None:
        """Let the registry neither answer nor end."""
        self.registry.running.send_signal(signal.SIGSTOP)
        self.frozen.append(self.registry.running.pid)

    def thaw(self) -> None:
        """Let it go on."""
        self.relay.let_go()
        for pid in self.frozen:
            os.kill(pid, signal.SIGCONT)
        self.frozen.clear()

    def start(self, text: str, **settings: str) -> "subprocess.Popen[str]":
        """Start to push a document, and wait until a part of the large layer has arrived."""
        self.relay.hold_after(LARGE // 2)
        file = self.place.root / "document.json"
        file.write_text(text)
        running = self.place.start("push", str(file), **settings)
        self.relay.wait_until_held()
        return running

    def kill(self) -> None:
        """Let the registry die."""
        self.registry.running.kill()
        self.registry.running.wait()
        self.relay.refuse()

    def restart(self) -> None:
        """Start the registry again, where it was, with what it has."""
        port = int(self.registry.address.rpartition(":")[2])
        self.registry = daemons.start_registry(self.folder, PASSWORD, port)
        self.relay.listen()

    def tags(self) -> set[str]:
        """Return the tags that the registry has, from its files."""
        tags = self.folder / "registry/docker/registry/v2/repositories/demo/built/_manifests/tags"
        return {path.parent.parent.name for path in tags.glob("*/current/link")}

    def sent(self) -> int:
        """Count the layers that were sent to the registry, by its own log."""
        log = (self.folder / "registry.log").read_text()
        return sum("PUT" in line and "/blobs/uploads/" in line for line in log.splitlines())


def pushing(place: Place, proxy: Proxy, host: str, folder: Path) -> Iterator[Pushing]:
    """Run the registry; let commands ask AWS through the proxy, and use the daemon at `host`."""
    settings = {**place.settings, "AWS_ENDPOINT_URL": proxy.address, "DOCKER_HOST": host}
    registry = daemons.start_registry(folder, PASSWORD)
    through = Place(root=place.root, sandbox=place.sandbox, settings=settings)
    with relay.running(registry.address) as before:
        found = Pushing(through, proxy, folder, registry, before)
        found.let_in()
        yield found
        found.thaw()
        found.registry.stop()


def failure(done: Done) -> tuple[str, str]:
    """Return the message and the hint that a push ended with: status 3, nothing on stdout."""
    assert (done.returncode, done.stdout) == (3, ""), done.stderr
    *_, message, hint = done.stderr.splitlines()
    for raw in ("Traceback", "urllib3", "IncompleteRead", "HTTPConnectionPool", "Errno"):
        assert raw not in done.stderr
    return message.removeprefix("cjob: "), hint.removeprefix("hint: ")


def elapsed(began: float) -> float:
    """Return the seconds since then."""
    return time.monotonic() - began
