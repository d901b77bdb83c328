"""Reads the stream of JSON messages that a Docker daemon sends while it builds or pushes.

Takes the messages one by one, reports the lines that are worth showing, and returns the result.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cjob.reporting.printable import without_sequences

Message = Mapping[str, Any]

TAIL = 50
"""The last lines of a build, which are searched for the cause of a failure."""

MEGABYTE = 1_000_000
SENT_STEP = 10 * MEGABYTE
"""The bytes of a push between two lines of progress."""

# Steps of a push that mean nothing to users, or are too frequent.
_QUIET = {"Preparing", "Waiting", "Pushing"}
_DIGEST = re.compile(r"\bdigest: (sha256:[0-9a-f]{64})\b")


@dataclass(frozen=True, kw_only=True)
class StreamResult:
    """The result of a stream: an error, or the image's id or digest."""

    error: str = ""
    image: str = ""
    digest: str = ""
    tail: tuple[str, ...] = ()


def follow_build(messages: Iterable[Message], report: Callable[[str], None]) -> StreamResult:
    """Report a build's lines; return the id of its last stage's image, or the error."""
    tail: deque[str] = deque(maxlen=TAIL)
    image = error = ""

    def texts() -> Iterator[str]:
        nonlocal image, error
        for message in messages:
            image = (message.get("aux") or {}).get("ID") or image
            error = _error(message) or error
            yield message.get("stream") or _status(message)

    for line in _lines(texts()):
        tail.append(line)
        report(line)
    return StreamResult(error=error, image=image, tail=tuple(tail))


def follow_push(messages: Iterable[Message], report: Callable[[str], None]) -> StreamResult:
    """Report a push's lines; return the digest that the registry reports, or the error.

    Docker sends the digest as a message of its own, podman only in a text.
    """
    digest = error = ""
    sent = _PushProgress()
    for message in messages:
        error = _error(message) or error
        said = _DIGEST.search(str(message.get("status", "")))
        digest = (message.get("aux") or {}).get("Digest") or (said and said[1]) or digest
        for line in _lines([_status(message) or sent.line(message)]):
            report(line)
    return StreamResult(error=error, digest=digest)


class _PushProgress:
    """How much of a push was sent, for all layers that have started."""

    def __init__(self) -> None:
        self._layers: dict[str, tuple[int, int]] = {}
        self._reported = 0

    def line(self, message: Message) -> str:
        """Return a line if much more was sent since the last one, else an empty string."""
        detail = message.get("progressDetail") or {}
        if message.get("status") == "Pushing" and "current" in detail:
            current = detail["current"]
            # If a layer is compressed during the push, the total is a guess.
            self._layers[message.get("id", "")] = (current, max(current, detail.get("total", 0)))
        sent = sum(current for current, _ in self._layers.values())
        if sent - self._reported < SENT_STEP:
            return ""
        self._reported = sent
        total = sum(total for _, total in self._layers.values())
        return f"sent {sent // MEGABYTE} of {total // MEGABYTE} MB\n"


def _lines(texts: Iterable[str]) -> Iterator[str]:
    """Join texts and yield lines; of a line that was overwritten, the last version."""
    begun = ""
    for text in texts:
        *whole, begun = (begun + text).split("\n")
        for line in whole:
            yield from _shown(line)
    yield from _shown(begun)


def _shown(line: str) -> Iterator[str]:
    shown = without_sequences(line.rstrip("\r").rpartition("\r")[2]).rstrip()
    if shown:
        yield shown


def _error(message: Message) -> str:
    detail = (message.get("errorDetail") or {}).get("message")
    return without_sequences(str(detail or message.get("error") or "").replace("\n", " "))


def _status(message: Message) -> str:
    """Return the line for a step that is worth one, else an empty string."""
    status = message.get("status", "")
    if not status or message.get("progressDetail") or status in _QUIET:
        return ""
    layer = message.get("id", "")
    return f"{layer}: {status}\n" if layer else f"{status}\n"
