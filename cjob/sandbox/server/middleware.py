"""The ASGI middleware in front of ministack, which rejects requests that are not authenticated.

`authentication` returns how a request is authenticated, and `access` verifies it. ministack's CORS
headers, which would let any web page read its responses, are removed.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from . import access, authentication, limits, permissions
from .authentication import AuthMethod

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
    """A complete HTTP response."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = (JSON,)


@dataclass(frozen=True)
class Owner:
    """The sandbox's account, its users, and the secret of the user who started it."""

    account: str
    region: str
    users: tuple[access.User, ...]
    secret: str

    def create_users(self) -> None:
        """Create the users, at the start and after a reset."""
        for user in self.users:
            access.create(user, self.account, self.region)


class Middleware:
    """The ASGI application that clients send requests to."""

    def __init__(self, app: App, owner: Owner, about: Mapping[str, object]) -> None:
        """Wrap `app`; send `about` to clients that have the secret."""
        self.app = app
        self.owner = owner
        self.about = about

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request, or forward it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        reason = authentication.refusal_reason(headers)
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        elif reason:
            await _send(send, Answer(FORBIDDEN, _message("Forbidden", reason)))
        else:
            # Policies may require TLS, which AWS always uses; loopback counts as secure.
            secure = {**scope, "scheme": "https"}
            await self._authenticate(secure, headers, receive, _without_cors(send))

    async def _authenticate(
        self, scope: Message, headers: Mapping[str, str], receive: Receive, send: Send
    ) -> None:
        """Forward a request if its authentication succeeds."""
        path, query = scope["path"], scope.get("query_string", b"").decode("latin-1")
        method = authentication.auth_method(scope["method"], path, headers, query)
        if method is AuthMethod.SIGNATURE:
            await self._signed(scope, receive, send)
        elif method is AuthMethod.OWNER and authentication.has_secret(headers, self.owner.secret):
            await self._own(scope, receive, send)
        elif method is AuthMethod.REGISTRY:
            await self._registry(scope, headers, receive, send)
        elif method is AuthMethod.TASK:
            token = headers.get("authorization", "")
            found = access.task_credentials(path, token)
            answer = Answer(200, json.dumps(found).encode()) if found else _unauthenticated()
            await _send(send, answer)
        elif method is AuthMethod.ADDRESS:
            await self.app(scope, receive, send)
        else:
            await _send(send, _unauthenticated())

    async def _own(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer the user who started the sandbox."""
        if scope["path"] == ABOUT:
            await _send(send, Answer(200, json.dumps(self.about).encode()))
            return

        async def sent(message: Message) -> None:
            # A reset deletes the users, and the client sends more requests right after it.
            if message["type"] == "http.response.start" and scope["path"] == RESET:
                self.owner.create_users()
            await send(message)

        await self.app(scope, receive, sent)

    async def _signed(self, scope: Message, receive: Receive, send: Send) -> None:
        """Forward a request if its signature is valid, for which its whole body is read."""
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
        """Forward a container engine's request if it has the registry's password."""
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
    """Return a `send` that drops the headers that allow web pages to read a response."""

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


def _unauthenticated() -> Answer:
    """Return the response to a request without authentication."""
    body = _message("MissingAuthenticationToken", "Missing Authentication Token")
    return Answer(FORBIDDEN, body)


def _message(code: str, text: str) -> bytes:
    return json.dumps({"__type": code, "message": text}).encode()


def _errors(code: str, text: str) -> bytes:
    return json.dumps({"errors": [{"code": code, "message": text}]}).encode()


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that returns a body that was already read, then what follows."""
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
