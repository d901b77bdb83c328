"""Checks that a response comes from AWS, and not from a proxy or a captive portal.

Takes what botocore received, before and after it is parsed. Any other response becomes an error of
the connection, so that it is reported, retried and waited for like other outages.
"""

import json
import re
from typing import Any

from botocore.exceptions import HTTPClientError
from botocore.parsers import ResponseParser, ResponseParserError, ResponseParserFactory

_FAILED = 300
_ROOT = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?<\w*Response[\s>]")

# S3's responses to these have no body, like those of any server, but they have the object's digest.
_WITH_DIGEST = frozenset({"HeadObjectOutput", "PutObjectOutput"})


# Besides its own error, botocore's parsers raise these for other unexpected responses.
_UNREADABLE = (ResponseParserError, LookupError, AttributeError, TypeError, ValueError)


class NotAwsError(HTTPClientError):
    """The response is not from AWS, or incomplete."""

    fmt = "the response is not from AWS, or incomplete: {error}"


class CheckedParserFactory(ResponseParserFactory):
    """Makes botocore's parsers, which then raise NotAwsError for a response of another server."""

    def create_parser(self, protocol_name: str) -> "_CheckedParser":
        """Return the parser of a protocol."""
        return _CheckedParser(super().create_parser(protocol_name), protocol_name)


class _CheckedParser(ResponseParser):
    """A parser that first checks the response."""

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
    """Check that a body has the form that its protocol requires."""
    body, headers = response["body"], response["headers"]
    if not isinstance(body, bytes):  # a stream, which is read later
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
    """Return the status and the beginning of the body, which may show who sent it."""
    body = response["body"]
    text = body[:60].decode("utf-8", "replace") if isinstance(body, bytes) else ""
    return f"status {response['status_code']}, {' '.join(text.split()) or 'an empty body'}"
