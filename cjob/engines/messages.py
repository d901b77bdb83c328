"""What a Docker daemon tells while it builds and pushes: its stream of JSON messages, understood.

Takes the messages as they come, gives the lines worth showing and how it ended. Touches nothing.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cjob.reporting.printable import without_sequences

Message = Mapping[str, Any]

TAIL = 50
"""Last lines of a build that are searched for the cause of a failure."""

MEGABYTE = 1_000_000
SENT_STEP = 10 * MEGABYTE
"""Bytes of a push after which a line says how far it is."""

# Steps of a push that say nothing to a person, or so often that nothing else could be seen.
_QUIET = {"Preparing", "Waiting", "Pushing"}
_DIGEST = re.compile(r"\bdigest: (sha256:[0-9a-f]{64})\b")


@dataclass(frozen=True, kw_only=True)
class StreamResult:
    """How a stream ended: with an error, or with the image's id or digest."""

    error: str = ""
    image: str = ""
    digest: str = ""
    tail: tuple[str, ...] = ()


def follow_build(messages: Iterable[Message], report: Callable[[str], None]) -> StreamResult:
    """Report a build's lines, and tell the id of its last stage's image or the error."""
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
    """Report a push's lines, and tell the digest that the registry gave or the error.

    Docker says the digest in a message of its own, podman only in the text.
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
    """How much of a push was sent, over all layers that have begun."""

    def __init__(self) -> None:
        self._layers: dict[str, tuple[int, int]] = {}
        self._told = 0

    def line(self, message: Message) -> str:
        """Return a line where a good deal more was sent since the last one."""
        detail = message.get("progressDetail") or {}
        if message.get("status") == "Pushing" and "current" in detail:
            current = detail["current"]
            # Of a layer that is packed on the way the total is no more than a guess.
            self._layers[message.get("id", "")] = (current, max(current, detail.get("total", 0)))
        sent = sum(current for current, _ in self._layers.values())
        if sent - self._told < SENT_STEP:
            return ""
        self._told = sent
        total = sum(total for _, total in self._layers.values())
        return f"sent {sent // MEGABYTE} of {total // MEGABYTE} MB\n"


def _lines(texts: Iterable[str]) -> Iterator[str]:
    """Put pieces together to lines; of a line that was overwritten the last state counts."""
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
    """Return a whole line for a step that is worth one, else an empty text."""
    status = message.get("status", "")
    if not status or message.get("progressDetail") or status in _QUIET:
        return ""
    layer = message.get("id", "")
    return f"{layer}: {status}\n" if layer else f"{status}\n"
