"""An AWS with SSM's parameters and STS's roles alone, which may be told never to answer."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

ASSUMED = """\
<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
<SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>
<AssumedRoleUser><Arn>{role}/x</Arn><AssumedRoleId>A:x</AssumedRoleId></AssumedRoleUser>
</AssumeRoleResult></AssumeRoleResponse>
"""

CALLER = """\
<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/me</Arn><UserId>A</UserId>
<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>
"""


class Fake:
    """What it holds, whether it answers, and the calls that came."""

    def __init__(self, address: str) -> None:
        """Begin empty and willing."""
        self.address = address
        self.parameters: dict[str, str] = {}
        self.denies = ""
        self.assumed: list[dict[str, str]] = []
        self.denied_path = ""
        self.silent = False
        self.ready = threading.Event()
        self.ready.set()
        self.asked = threading.Event()
        self.ended = threading.Event()

    @property
    def settings(self) -> dict[str, str]:
        """What points a command at it."""
        return {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
        }

    def answer(self, action: str, asked: dict[str, str]) -> tuple[int, dict[str, object]]:
        """Return status and body for a call of SSM's."""
        if self.denies:
            return 400, {"__type": self.denies, "message": "told so"}
        if action == "GetParametersByPath":
            path = asked["Path"] + "/"
            if path == self.denied_path:
                return 400, {"__type": "AccessDeniedException", "message": "not this one"}
            below = [name for name in self.parameters if name.startswith(path)]
            found = [self._shown(name) for name in below if "/" not in name.removeprefix(path)]
            return 200, {"Parameters": found}
        if action == "GetParameter" and asked["Name"] in self.parameters:
            return 200, {"Parameter": self._shown(asked["Name"])}
        return 400, {"__type": "ParameterNotFound", "message": ""}

    def assume(self, asked: dict[str, str]) -> str:
        """Let anybody assume any role, and remember with what; say who calls."""
        if asked["Action"] == "GetCallerIdentity":
            return CALLER
        self.assumed.append(asked)
        return ASSUMED.format(role=asked["RoleArn"])

    def _shown(self, name: str) -> dict[str, str]:
        return {"Name": name, "Value": self.parameters[name], "Type": "String"}


def _answering(fakes: list[Fake]) -> type[BaseHTTPRequestHandler]:
    class Answering(BaseHTTPRequestHandler):
        """Takes calls in AWS's JSON protocol, and STS's in the older one."""

        def do_POST(self) -> None:
            fake = fakes[0]
            content = self.rfile.read(int(self.headers["Content-Length"]))
            fake.asked.set()
            if fake.silent:
                fake.ended.wait()
                return
            fake.ready.wait()
            kind, status = "text/xml", 200
            if "X-Amz-Target" in self.headers:
                action = self.headers["X-Amz-Target"].rpartition(".")[2]
                status, body = fake.answer(action, json.loads(content))
                kind, reply = "application/x-amz-json-1.1", json.dumps(body).encode()
            else:
                reply = fake.assume(dict(parse_qsl(content.decode()))).encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        do_GET = do_PUT = do_POST  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_: object) -> None:
            """Print no log of requests."""

    return Answering


@contextmanager
def running() -> Iterator[Fake]:
    """Run one on a free port."""
    fakes: list[Fake] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), _answering(fakes)) as server:
        server.daemon_threads = True
        fake = Fake(f"http://127.0.0.1:{server.server_address[1]}")
        fakes.append(fake)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield fake
        finally:
            fake.ended.set()
            fake.ready.set()
            server.shutdown()
            thread.join()
