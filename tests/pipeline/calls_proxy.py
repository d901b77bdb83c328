"""A proxy before the sandbox: it records calls with when they began and ended, and may meddle.

It may hold every answer back for a while, run something when a call comes, answer in AWS's place,
or do otherwise what can happen on the way to AWS. What is pushed to the sandbox's registry can go
through it, too.
"""

import contextlib
import http.client
import json
import re
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit

S3_CALLS = {"HEAD": "HeadObject", "PUT": "PutObject", "GET": "GetObject"}


@dataclass(frozen=True)
class Asked:
    """A call before it is passed on: what, by whose access key, and all that was sent.

    Tries of one call have the same `id`.
    """

    action: str
    method: str
    path: str
    key: str
    body: bytes
    id: str = ""

    @property
    def parameters(self) -> dict[str, str]:
        """What the call is about, as the services that take JSON or forms are told."""
        if self.body.startswith(b"{"):
            return {k: v for k, v in json.loads(self.body).items() if isinstance(v, str)}
        return dict(parse_qsl(self.body.decode("latin-1"))) if self.method == "POST" else {}


@dataclass(frozen=True)
class Meddling:
    """What happens to a call on its way: by itself it is passed on, and its answer is given.

    `answer` is a status and a text in the place of AWS's; `cut` lets the connection break off
    before an answer, `passed` says whether AWS gets the call even so.
    """

    answer: tuple[int, str] | None = None
    cut: bool = False
    passed: bool = True
    delay: float = 0


UNTOUCHED = Meddling()


@dataclass(frozen=True)
class Call:
    """One call, with the times between which it was under way."""

    action: str
    began: float
    ended: float


@dataclass
class Proxy:
    """What passed, and what is done with it; `before` is called with each action as it comes.

    `instead` gives status and body for actions that are not passed on; `meddle` says what happens
    to each call. `registry` lets engines push through the proxy.
    """

    upstream: str
    address: str = ""
    delay: float = 0
    before: Callable[[str], None] = lambda _action: None
    after: Callable[[str], None] = lambda _action: None
    instead: dict[str, tuple[int, str]] = field(default_factory=dict)
    meddle: Callable[[Asked], Meddling] = lambda _asked: UNTOUCHED
    registry: bool = False
    calls: list[Call] = field(default_factory=list)

    @property
    def actions(self) -> list[str]:
        """The calls by name, in the order of their beginnings."""
        return [call.action for call in sorted(self.calls, key=lambda call: call.began)]

    def longest_chain(self) -> list[str]:
        """Return the most calls that came one after the other, each after the end of the last."""
        chain: list[Call] = []
        for call in sorted(self.calls, key=lambda call: call.ended):
            if not chain or call.began >= chain[-1].ended:
                chain.append(call)
        return [call.action for call in chain]


@contextlib.contextmanager
def running(upstream: str) -> Iterator[Proxy]:
    """Run one before an address."""
    proxy = Proxy(upstream)
    handler = type("Passing", (_Passing,), {"proxy": proxy})
    with _Server(("127.0.0.1", 0), handler) as server:
        proxy.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()


def action_of(method: str, target: str, body: bytes) -> str:
    """Return the name of a call in AWS's own words, from how the service spells it."""
    if target:
        return target.rpartition(".")[2]
    found = re.search(rb"(?:^|&)Action=(\w+)", body)
    return found[1].decode() if found else S3_CALLS.get(method, method)


def key_of(authorization: str) -> str:
    """Return the access key that a call was signed with; empty where it was not."""
    found = re.search("Credential=([^/]+)/", authorization)
    return found[1] if found else ""


class _Server(ThreadingHTTPServer):
    """Serves each connection in a thread, and says nothing where one breaks off."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Pass over clients that are gone."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Passing(BaseHTTPRequestHandler):
    """Passes a request on, and the answer back, as its proxy would have it."""

    protocol_version = "HTTP/1.1"
    proxy: ClassVar[Proxy]

    def do_POST(self) -> None:
        proxy, body = self.proxy, self._body()
        action = action_of(self.command, self.headers.get("X-Amz-Target", ""), body)
        began = time.monotonic()
        proxy.before(action)
        meddling = self._meddling(action, body)
        status, headers, answer = self._ask(body) if meddling.passed else (0, [], b"")
        if meddling.answer:
            status, text = meddling.answer
            headers, answer = [("Content-Type", _content_type(text))], text.encode()
        time.sleep(proxy.delay + meddling.delay)
        proxy.calls.append(Call(action, began, time.monotonic()))
        proxy.after(action)
        if meddling.cut:
            self._cut()
            return
        with contextlib.suppress(OSError):  # who asked may be gone
            self._answer(status, headers, answer)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_PATCH = do_POST  # noqa: N815 - http.server's names

    def _meddling(self, action: str, body: bytes) -> Meddling:
        if action in self.proxy.instead:
            return Meddling(answer=self.proxy.instead[action], passed=False)
        key = key_of(self.headers.get("Authorization", ""))
        number = self.headers.get("amz-sdk-invocation-id", "")
        return self.proxy.meddle(Asked(action, self.command, self.path, key, body, number))

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        address = urlsplit(self.proxy.upstream)
        asked = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        left_out = ("expect", "connection", "transfer-encoding", "content-length")
        headers = {k: v for k, v in self.headers.items() if k.lower() not in left_out}
        asked.request(self.command, self.path, body=body, headers=headers)
        answer = asked.getresponse()
        content = answer.read()
        asked.close()
        if not self.proxy.registry:
            return answer.status, answer.getheaders(), content
        # Who pushes goes on at the address in the token, and then at those in the answers.
        here, there = self.proxy.address, self.proxy.upstream
        headed = [(key, value.replace(there, here)) for key, value in answer.getheaders()]
        return answer.status, headed, content.replace(there.encode(), here.encode())

    def _answer(self, status: int, headers: list[tuple[str, str]], answer: bytes) -> None:
        self.send_response_only(status)
        measured = self.command != "HEAD"  # whose answer tells the length of what it leaves out
        own = "transfer-encoding|connection" + "|content-length" * measured
        for key, value in headers:
            if not re.fullmatch(own, key.lower()):
                self.send_header(key, value)
        if measured or not headers:
            self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _cut(self) -> None:
        """Let the connection be reset."""
        at_once = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        self.rfile.close()  # it holds the connection, too
        self.connection.close()
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Print no log of requests."""


def _content_type(text: str) -> str:
    return "application/x-amz-json-1.1" if text.startswith("{") else "text/xml"
