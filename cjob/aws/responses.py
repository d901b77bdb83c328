"""Whether an answer is AWS's at all: a proxy or a captive portal may well have answered instead.

Takes what botocore received, before and after it is parsed. What is not AWS's becomes an error of
the connection, so that it is reported, retried and waited for as every other outage.
"""

import json
import re
from typing import Any

from botocore.exceptions import HTTPClientError
from botocore.parsers import ResponseParser, ResponseParserError, ResponseParserFactory

_FAILED = 300
_ROOT = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?<\w*Response[\s>]")

# S3 answers these without a body, as anybody does; but not without the object's digest.
_WITH_DIGEST = frozenset({"HeadObjectOutput", "PutObjectOutput"})


# The second is what the parsers themselves stumble with over the rest of an answer.
_UNREADABLE = (ResponseParserError, LookupError, AttributeError, TypeError, ValueError)


class NotAwsError(HTTPClientError):
    """Somebody else answered, or only a part of the answer arrived."""

    fmt = "what answered was not AWS, or was cut short: {error}"


class CheckedParserFactory(ResponseParserFactory):
    """Makes botocore's parsers, which then raise NotAwsError for what is not an answer of AWS."""

    def create_parser(self, protocol_name: str) -> "_CheckedParser":
        """Return the parser of a protocol."""
        return _CheckedParser(super().create_parser(protocol_name), protocol_name)


class _CheckedParser(ResponseParser):
    """A parser that checks what it is given."""

    def __init__(self, parser: Any, protocol: str) -> None:  # noqa: ANN401 - botocore has no types
        self._parser = parser
        self._protocol = protocol

    def parse(self, response: Any, shape: Any) -> Any:  # noqa: ANN401 - as above
        if response["status_code"] < _FAILED and not _is_answer(self._protocol, response, shape):
            raise NotAwsError(error=_start(response))
        try:
            return self._parser.parse(response, shape)
        except _UNREADABLE:
            raise NotAwsError(error=_start(response)) from None


def _is_answer(protocol: str, response: Any, shape: Any) -> bool:  # noqa: ANN401 - as above
    """Return whether a body has the form that its protocol prescribes for it."""
    body, headers = response["body"], response["headers"]
    if not isinstance(body, bytes):  # it is read as it comes, elsewhere
        return True
    announced = headers.get("content-length", "")
    if body and announced.isdecimal() and len(body) < int(announced):
        return "content-encoding" in headers
    if protocol in {"query", "ec2"}:
        return bool(_ROOT.match(body))
    if protocol == "json" and shape is not None and shape.members:
        try:
            return isinstance(json.loads(body), dict)
        except ValueError:
            return False
    return shape is None or shape.name not in _WITH_DIGEST or "etag" in headers


def _start(response: Any) -> str:  # noqa: ANN401 - as above
    """Return what a person may know the sender by: status, and the beginning of the body."""
    body = response["body"]
    text = body[:60].decode("utf-8", "replace") if isinstance(body, bytes) else ""
    return f"status {response['status_code']}, {' '.join(text.split()) or 'an empty answer'}"
