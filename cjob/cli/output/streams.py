"""Input and output of data: documents from stdin or files, data to stdout."""

import os
import sys

from cjob.reporting.errors import InputError
from cjob.reporting.printable import coloured

TYPE_CHECKING = False  # see cjob.cli.parser
if TYPE_CHECKING:
    from typing import TextIO


def in_ci() -> bool:
    """Return whether this process runs in CI: nearly all systems set CI to `true` or `1`."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def read_input(file: str | None) -> tuple[str, str]:
    """Return the content of stdin (`-` or None) or of a file, and its name for messages."""
    name = "stdin" if file in (None, "-") else str(file)
    try:
        if name == "stdin":
            content = sys.stdin.buffer.read()
        else:
            with open(name, "rb") as source:  # noqa: PTH123 - a start-up tax
                content = source.read()
    except OSError as error:
        raise InputError(
            f"cannot read {name!r}: {error.strerror}", hint="check the file name"
        ) from None
    try:
        return content.decode("utf-8"), name
    except UnicodeDecodeError:
        raise InputError(
            f"{name} is not UTF-8", hint="pass a document, which cjob's commands write to stdout"
        ) from None


def _shown(text: str) -> str:
    """Return data for stdout, without characters that would control a terminal."""
    return coloured(text) if sys.stdout.isatty() else text


def write(text: str) -> None:
    """Write data to stdout in UTF-8, whatever the locale; InputError if the disk is full.

    Bytes of a file's name that are no text in the locale are written as they are.
    """
    left = memoryview(_shown(text).encode(errors="surrogateescape"))
    try:
        while left:  # an unbuffered sys.stdout loses what a pipe does not accept at once
            left = left[os.write(sys.stdout.fileno(), left) :]
    except BrokenPipeError:
        raise
    except OSError as error:
        raise InputError(
            f"cannot write to stdout: {error.strerror}",
            hint="free some space, or write to another file",
        ) from None


def colour(stream: "TextIO") -> bool:
    """Return whether to use colour: by COLOR, then by NO_COLOR, else if it is a terminal."""
    forced = os.environ.get("COLOR", "").lower()
    if forced in ("true", "false"):
        return forced == "true"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()
