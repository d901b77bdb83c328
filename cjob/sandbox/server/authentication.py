"""How requests are authenticated, and which are refused before their body is read.

The sandbox runs functions and containers as its owner, so nobody else may use it. Requests of web
pages are refused: a browser sends their origin, and another name in `Host` shows DNS rebinding.
All others must be signed, have the registry's password or the sandbox's secret, or use a secret
URL. Pure functions of a request's head.
"""

import hmac
import re
from collections.abc import Mapping
from enum import Enum

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

OWN = ("/_cjob/", "/_ministack/", "/_localstack/")
"""Paths of the server itself, which no AWS client asks for."""

SECRET_URLS = {
    "PUT": re.compile(r"/_ministack/cfn-(response|signal)/[\w-]{16,}"),
    "GET": re.compile(r"/v4/[\w-]{43}(/.*)?"),
}
"""URLs with an unguessable part, given to custom resources, wait conditions and tasks."""

TASK_CREDENTIALS = "/v2/credentials/"
REGISTRY = "/v2/"


class AuthMethod(Enum):
    """How a request is authenticated."""

    SIGNATURE = "signature"
    OWNER = "owner"
    REGISTRY = "registry"
    ADDRESS = "address"
    TASK = "task"


def refusal_reason(headers: Mapping[str, str], scheme: str = "http") -> str:
    """Return why a request is refused, even if it is signed; empty if it is not refused."""
    host = headers.get("host", "")
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    if name not in LOOPBACK and not name.endswith((".localhost", ".127.0.0.1")):
        return "the sandbox answers on 127.0.0.1 and localhost only"
    if headers.get("origin", f"{scheme}://{host}") != f"{scheme}://{host}":
        return "the sandbox does not accept requests of web pages"
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return "the sandbox does not accept requests of web pages"
    return ""


def auth_method(
    method: str, path: str, headers: Mapping[str, str], query: str
) -> AuthMethod | None:
    """Return how a request is authenticated; None if it is not."""
    if method in SECRET_URLS and SECRET_URLS[method].fullmatch(path):
        return AuthMethod.ADDRESS
    if path.startswith(TASK_CREDENTIALS):
        return AuthMethod.TASK
    if path.startswith(OWN):
        return AuthMethod.OWNER
    authorization = headers.get("authorization", "")
    if authorization.startswith("AWS4-") or "X-Amz-Signature=" in query:
        return AuthMethod.SIGNATURE
    if path.startswith(REGISTRY) and method != "OPTIONS":
        return AuthMethod.REGISTRY
    return None


def has_secret(headers: Mapping[str, str], secret: str) -> bool:
    """Return whether a request has the sandbox's own secret."""
    given = headers.get("authorization", "").encode()
    return bool(secret) and hmac.compare_digest(given, f"Bearer {secret}".encode())
