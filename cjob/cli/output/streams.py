"""stdin and stdout of a command: documents come in whole, data goes out at once, at the end."""

import os
import sys

from cjob.reporting.errors import InputError
from cjob.reporting.printable import coloured

TYPE_CHECKING = False  # see cjob.cli.parser
if TYPE_CHECKING:
    from typing import TextIO


def in_ci() -> bool:
    """Say whether this is a run of CI, as nearly every one says by its variable: `true`, or `1`."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def read_input(file: str | None) -> tuple[str, str]:
    """Return all of stdin (`-` or None) or of a file, with the name that messages use for it."""
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
    """Return data as stdout gets it: unchanged, but for what would drive a terminal."""
    return coloured(text) if sys.stdout.isatty() else text


def write(text: str) -> None:
    """Write data to stdout, all at once, in UTF-8 whatever the locale; InputError without room.

    Bytes of a file's name that are no text in the locale are written as they are.
    """
    left = memoryview(_shown(text).encode(errors="surrogateescape"))
    try:
        while left:  # an unbuffered sys.stdout would forget what a pipe did not take at once
            left = left[os.write(sys.stdout.fileno(), left) :]
    except BrokenPipeError:
        raise
    except OSError as error:
        raise InputError(
            f"cannot write to stdout: {error.strerror}",
            hint="free some space, or write to another file",
        ) from None


def colour(stream: "TextIO") -> bool:
    """Return whether a stream is to be coloured: COLOR, then NO_COLOR, then whether a terminal."""
    forced = os.environ.get("COLOR", "").lower()
    if forced in ("true", "false"):
        return forced == "true"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()
