"""A proxy before the sandbox: it records calls with when they began and ended, and may meddle.

It may hold every answer back for a while, run something when a call comes, or answer in AWS's
place.
"""

import contextlib
import http.client
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

S3_CALLS = {"HEAD": "HeadObject", "PUT": "PutObject", "GET": "GetObject"}


@dataclass(frozen=True)
class Call:
    """One call, with the times between which it was under way."""

    action: str
    began: float
    ended: float


@dataclass
class Proxy:
    """What passed, and what is done with it; `before` is called with each action as it comes.

    `instead` gives status and body for actions that are not passed on.
    """

    upstream: str
    address: str = ""
    delay: float = 0
    before: Callable[[str], None] = lambda _action: None
    after: Callable[[str], None] = lambda _action: None
    instead: dict[str, tuple[int, str]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    @property
    def actions(self) -> list[str]:
        """The calls by name, in the order of their beginnings."""
        return [call.action for call in sorted(self.calls, key=lambda call: call.began)]

    def longest_chain(self) -> list[str]:
        """Give the most calls that came one after the other, each after the end of the last."""
        chain: list[Call] = []
        for call in sorted(self.calls, key=lambda call: call.ended):
            if not chain or call.began >= chain[-1].ended:
                chain.append(call)
        return [call.action for call in chain]


@contextlib.contextmanager
def running(upstream: str) -> Iterator[Proxy]:
    """Run one before an address."""
    proxy = Proxy(upstream)
    with ThreadingHTTPServer(("127.0.0.1", 0), _passing(proxy)) as server:
        server.daemon_threads = True
        proxy.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()


def action_of(method: str, target: str, body: bytes) -> str:
    """Give the name of a call in AWS's own words, from how the service spells it."""
    if target:
        return target.rpartition(".")[2]
    found = parse_qs(body.decode("latin-1")).get("Action")
    return found[0] if found else S3_CALLS.get(method, method)


def _passing(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Passing(BaseHTTPRequestHandler):
        """Passes a request on, and the answer back."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            action = action_of(self.command, self.headers.get("X-Amz-Target", ""), body)
            began = time.monotonic()
            proxy.before(action)
            if action in proxy.instead:
                status, text = proxy.instead[action]
                headers = [("Content-Type", _content_type(text))]
                answer = text.encode()
            else:
                status, headers, answer = self._ask(body)
            time.sleep(proxy.delay)
            proxy.calls.append(Call(action, began, time.monotonic()))
            proxy.after(action)
            with contextlib.suppress(OSError):  # who asked may be gone
                self._answer(status, headers, answer)

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST  # noqa: N815 - names of http.server's

        def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            address = urlsplit(proxy.upstream)
            asked = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
            left_out = ("expect", "connection")
            headers = {k: v for k, v in self.headers.items() if k.lower() not in left_out}
            asked.request(self.command, self.path, body=body, headers=headers)
            answer = asked.getresponse()
            content = answer.read()
            asked.close()
            return answer.status, answer.getheaders(), content

        def _answer(self, status: int, headers: list[tuple[str, str]], answer: bytes) -> None:
            self.send_response_only(status)
            for key, value in headers:
                if not re.fullmatch("(?i)content-length|transfer-encoding|connection", key):
                    self.send_header(key, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing of what was asked."""

    return Passing


def _content_type(text: str) -> str:
    return "application/x-amz-json-1.1" if text.startswith("{") else "text/xml"
