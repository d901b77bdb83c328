"""Who is turned away before a request is read: web pages, strangers, and hosts that are not ours.

The sandbox runs functions and containers as its owner, so nobody else may use it. A browser tells
where a request came from, and a page's own name in `Host` shows that a name was bound to loopback.
Everything else has to be signed, has a registry's password or the sandbox's secret, or names an
address that only who was given it can know. Pure functions of a request's head.
"""

import hmac
import re
from collections.abc import Mapping
from enum import Enum

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

OWN = ("/_cjob/", "/_ministack/", "/_localstack/")
"""Paths of the server itself, which no AWS client asks for."""

TOLD = {
    "PUT": re.compile(r"/_ministack/cfn-(response|signal)/[\w-]{16,}"),
    "GET": re.compile(r"/v4/[\w-]{43}(/.*)?"),
}
"""Addresses with an unguessable part, given to custom resources, wait conditions and tasks."""

TASK_CREDENTIALS = "/v2/credentials/"
REGISTRY = "/v2/"


class Door(Enum):
    """By what a request comes in."""

    SIGNATURE = "signature"
    OWNER = "owner"
    REGISTRY = "registry"
    ADDRESS = "address"
    TASK = "task"


def refuse(headers: Mapping[str, str], scheme: str = "http") -> str:
    """Return why a request is refused whoever signed it; empty if it may go on."""
    host = headers.get("host", "")
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    if name not in LOOPBACK and not name.endswith((".localhost", ".127.0.0.1")):
        return "the sandbox answers on 127.0.0.1 and localhost only"
    if headers.get("origin", f"{scheme}://{host}") != f"{scheme}://{host}":
        return "the sandbox takes no requests of web pages"
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return "the sandbox takes no requests of web pages"
    return ""


def door(method: str, path: str, headers: Mapping[str, str], query: str) -> Door | None:
    """Return by what a request comes in, None if it has nothing to come in by."""
    if method in TOLD and TOLD[method].fullmatch(path):
        return Door.ADDRESS
    if path.startswith(TASK_CREDENTIALS):
        return Door.TASK
    if path.startswith(OWN):
        return Door.OWNER
    authorization = headers.get("authorization", "")
    if authorization.startswith("AWS4-") or "X-Amz-Signature=" in query:
        return Door.SIGNATURE
    if path.startswith(REGISTRY) and method != "OPTIONS":
        return Door.REGISTRY
    return None


def has_secret(headers: Mapping[str, str], secret: str) -> bool:
    """Return whether a request names the sandbox's own secret."""
    given = headers.get("authorization", "").encode()
    return bool(secret) and hmac.compare_digest(given, f"Bearer {secret}".encode())
