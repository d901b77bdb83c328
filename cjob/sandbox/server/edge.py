"""What stands before ministack: an ASGI application that turns away whoever has no business here.

`doors` says by what a request comes in, `access` verifies that. ministack's CORS headers, which
would let any web page read its answers, are removed.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from . import access, doors, limits, permissions
from .doors import Door

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

ABOUT = "/_cjob/about"
RESET = "/_ministack/reset"

FORBIDDEN = 403
JSON = (b"content-type", b"application/json")


@dataclass(frozen=True)
class Answer:
    """A complete HTTP answer."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = (JSON,)


@dataclass(frozen=True)
class Owner:
    """Whose sandbox it is: the account, its users, and the secret of who started it."""

    account: str
    region: str
    users: tuple[access.User, ...]
    secret: str

    def create_users(self) -> None:
        """Create the users, at the start and after a reset."""
        for user in self.users:
            access.create(user, self.account, self.region)


class Edge:
    """The ASGI application that clients talk to."""

    def __init__(self, app: App, owner: Owner, about: Mapping[str, object]) -> None:
        """Stand before `app`; `about` is told to whoever has the secret."""
        self.app = app
        self.owner = owner
        self.about = about

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        reason = doors.refuse(headers)
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        elif reason:
            await _send(send, Answer(FORBIDDEN, _message("Forbidden", reason)))
        else:
            # AWS is asked over TLS alone, and policies demand it; loopback stands for it here.
            secure = {**scope, "scheme": "https"}
            await self._admit(secure, headers, receive, _without_cors(send))

    async def _admit(
        self, scope: Message, headers: Mapping[str, str], receive: Receive, send: Send
    ) -> None:
        """Let a request in by its door."""
        path, query = scope["path"], scope.get("query_string", b"").decode("latin-1")
        door = doors.door(scope["method"], path, headers, query)
        if door is Door.SIGNATURE:
            await self._signed(scope, receive, send)
        elif door is Door.OWNER and doors.has_secret(headers, self.owner.secret):
            await self._own(scope, receive, send)
        elif door is Door.REGISTRY:
            await self._registry(scope, headers, receive, send)
        elif door is Door.TASK:
            token = headers.get("authorization", "")
            found = access.task_credentials(path, token)
            answer = Answer(200, json.dumps(found).encode()) if found else _nobody()
            await _send(send, answer)
        elif door is Door.ADDRESS:
            await self.app(scope, receive, send)
        else:
            await _send(send, _nobody())

    async def _own(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer who started the sandbox."""
        if scope["path"] == ABOUT:
            await _send(send, Answer(200, json.dumps(self.about).encode()))
            return

        async def sent(message: Message) -> None:
            # After a reset nobody is known, and who asked for it will ask for more at once.
            if message["type"] == "http.response.start" and scope["path"] == RESET:
                self.owner.create_users()
            await send(message)

        await self.app(scope, receive, sent)

    async def _signed(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass on a request whose signature is right; it is read whole for that."""
        body = await _read(receive)
        request = access.signed(scope, body)
        error = access.verify(request, self.owner.account)
        refused = None
        if error:
            refused = access.refusal(request, scope["path"], error)
        elif scope["method"] == "POST" and scope["path"] == "/":
            refused = limits.refusal(access.service(request), request.headers, body)
        if refused:
            status, headers, content = refused
            pairs = tuple((k.encode(), v.encode()) for k, v in headers.items())
            await _send(send, Answer(status, content, pairs))
            return
        await self.app(scope, _replay(body, receive), send)

    async def _registry(
        self, scope: Message, headers: Mapping[str, str], receive: Receive, send: Send
    ) -> None:
        """Pass on a request of a container engine that has the registry's password."""
        key = access.registry_user(headers.get("authorization", ""))
        if not key:
            basic = (b"www-authenticate", b'Basic realm="cjob sandbox"')
            body = _errors("UNAUTHORIZED", "sign in with ecr:GetAuthorizationToken")
            await _send(send, Answer(401, body, (JSON, basic)))
            return
        denied = permissions.registry_denial(key, scope["method"], scope["path"], self.owner)
        if denied:
            await _send(send, Answer(FORBIDDEN, _errors("DENIED", denied)))
            return
        await self.app(scope, receive, send)


def _without_cors(send: Send) -> Send:
    """Return a `send` that drops the headers by which web pages may read an answer."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [
                (name, value)
                for name, value in message.get("headers", [])
                if not bytes(name).lower().startswith(b"access-control-")
            ]
            message = {**message, "headers": kept}
        await send(message)

    return sent


def _nobody() -> Answer:
    """Return the answer to a request that comes from nobody known."""
    body = _message("MissingAuthenticationToken", "Missing Authentication Token")
    return Answer(FORBIDDEN, body)


def _message(code: str, text: str) -> bytes:
    return json.dumps({"__type": code, "message": text}).encode()


def _errors(code: str, text: str) -> bytes:
    return json.dumps({"errors": [{"code": code, "message": text}]}).encode()


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives a body that was read, and then what comes after it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Message:
        return messages.pop() if messages else await receive()

    return received


async def _read(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _send(send: Send, answer: Answer) -> None:
    length = (b"content-length", str(len(answer.body)).encode())
    kept = [pair for pair in answer.headers if pair[0].lower() != b"content-length"]
    await send({"type": "http.response.start", "status": answer.status, "headers": [*kept, length]})
    await send({"type": "http.response.body", "body": answer.body})
