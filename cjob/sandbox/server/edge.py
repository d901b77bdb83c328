"""What is added to ministack on the way of a request: an ASGI application around its own.

Most requests pass through untouched. Those of StackSets are answered here, with stacks that
ministack makes; the answers of two more are completed. No ministack code is imported.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from . import stacksets

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

ABOUT = "/_cjob/about"
RESET = "/_ministack/reset"
TOKEN = b"AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
FORM = b"application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    """A complete HTTP answer."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class Edge:
    """The ASGI application that clients talk to."""

    def __init__(self, app: App, port: int, about: Mapping[str, object]) -> None:
        """Stand before `app`, which is reached on `port`; `about` is told to who asks for it."""
        self.app = app
        self.port = port
        self.about = about
        self.stack_sets = stacksets.StackSets()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["path"] == ABOUT:
            body = json.dumps(self.about).encode()
            await _send(send, Answer(200, ((b"content-type", b"application/json"),), body))
        elif scope["method"] == "POST" and scope["path"] == RESET:
            self.stack_sets = stacksets.StackSets()
            await self.app(scope, receive, send)
        elif scope["method"] == "POST" and scope["path"] == "/":
            await self._post(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _post(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request of a service's API, which is read whole: they are small."""
        headers = dict(scope["headers"])
        body = await _read(receive)
        if headers.get(b"x-amz-target") == TOKEN:
            await _send(send, self._own_registry(await _call(self.app, scope, body)))
            return
        form = _form(body) if headers.get(b"content-type", b"").startswith(FORM) else {}
        action = form.get("Action", "")
        if action in stacksets.ACTIONS:

            async def query(region: str, **parameters: str) -> ET.Element:
                return await self._query(scope, region, parameters)

            status, text = await self.stack_sets.answer(action, form, query)
            await _send(send, Answer(status, ((b"content-type", b"text/xml"),), text.encode()))
        elif action == "GetTemplateSummary":
            answer = await _call(self.app, scope, body)
            await _send(send, await self._with_metadata(scope, form, answer))
        else:
            await self.app(scope, _replay(body), send)

    async def _query(self, scope: Message, region: str, form: Mapping[str, str]) -> ET.Element:
        """Ask CloudFormation on behalf of the one who sent `scope`, in a region of its own."""
        headers = [
            (name, _in_region(value, region) if name == b"authorization" and region else value)
            for name, value in scope["headers"]
            if name != b"content-length"
        ]
        answer = await _call(self.app, {**scope, "headers": headers}, urlencode(form).encode())
        if answer.status != 200:  # noqa: PLR2004 - HTTP's own number
            raise stacksets.RefusedError(answer.status, answer.body.decode())
        return ET.fromstring(answer.body)  # noqa: S314 - ministack's answer

    async def _with_metadata(
        self, scope: Message, form: Mapping[str, str], answer: Answer
    ) -> Answer:
        """Put the template's Metadata into the answer to a GetTemplateSummary."""
        if answer.status != 200 or b"<Metadata>" in answer.body:  # noqa: PLR2004 - HTTP's own
            return answer
        text = form.get("TemplateBody", "")
        if form.get("StackName"):
            asked = {k: form[k] for k in ("StackName", "Version") if k in form}
            found = await self._query(scope, "", {**asked, "Action": "GetTemplate"})
            text = found.findtext(".//{*}TemplateBody", "")
        metadata = stacksets.template_metadata(text)
        if not metadata:
            return answer
        element = f"<Metadata>{escape(json.dumps(metadata, default=str))}</Metadata>".encode()
        end = b"</GetTemplateSummaryResult>"
        return _with_body(answer, answer.body.replace(end, element + end))

    def _own_registry(self, answer: Answer) -> Answer:
        """Name the sandbox's own address as the registry: engines take loopback without TLS."""
        document = json.loads(answer.body)
        for token in document.get("authorizationData", []):
            token["proxyEndpoint"] = f"http://127.0.0.1:{self.port}"
        return _with_body(answer, json.dumps(document).encode())


def _form(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


def _in_region(authorization: bytes, region: str) -> bytes:
    """Change the region in a signature's scope; ministack does not check the signature."""
    return re.sub(
        rb"(Credential=[^/]+/\d+/)[^/]+/", rb"\g<1>" + region.encode() + b"/", authorization
    )


def _with_body(answer: Answer, body: bytes) -> Answer:
    kept = tuple(pair for pair in answer.headers if pair[0].lower() != b"content-length")
    return Answer(answer.status, kept, body)


def _replay(body: bytes) -> Receive:
    """Give a request's body again, once; after it there is nothing but the connection's end."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive


async def _read(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _call(app: App, scope: Message, body: bytes) -> Answer:
    """Have the application answer a request, and give the whole answer."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, _replay(body), send)
    start = next(m for m in sent if m["type"] == "http.response.start")
    content = b"".join(m.get("body", b"") for m in sent if m["type"] == "http.response.body")
    return Answer(start["status"], tuple((n, v) for n, v in start["headers"]), content)


async def _send(send: Send, answer: Answer) -> None:
    length = (b"content-length", str(len(answer.body)).encode())
    kept = [pair for pair in answer.headers if pair[0].lower() != b"content-length"]
    await send({"type": "http.response.start", "status": answer.status, "headers": [*kept, length]})
    await send({"type": "http.response.body", "body": answer.body})
