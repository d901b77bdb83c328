"""The streams of a command: documents on stdout, words for people on stderr.

A document is written once, at the end. Lines from outside lose their control characters before
they reach a terminal.
"""

import contextlib
import os
import re
import sys

from cjob.errors import CjobError, InputError

# Sequences that drive a terminal, and characters that do, or that turn the direction of a line.
CONTROL = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
)
TERMINAL = "/dev/tty"


class Console:
    """Where a command speaks; `log_format` is `text` or `json` (one event a line)."""

    def __init__(self, log_format: str = "text") -> None:
        """Take the form of what goes to stderr."""
        import threading  # noqa: PLC0415 - help tells nobody anything

        self._json = log_format == "json"
        self._turn = threading.Lock()

    def say(self, text: str) -> None:
        """Tell people something, on stderr: a line, or an event."""
        clean = CONTROL.sub("", text)
        self._write(_event(level="info", message=clean) if self._json else clean)

    def tell(self, error: CjobError) -> None:
        """Tell what failed, each problem with its place and its hint."""
        for warning in getattr(error, "warnings", ()):
            self.say(f"warning: {warning}")
        for problem in getattr(error, "problems", (error,)):
            message, hint = _printable(str(problem)), _printable(problem.hint)
            if self._json:
                self._write(_event(level="error", message=message, hint=hint))
            else:
                self._write(f"cjob: {message}" + (f"\nhint: {hint}" if hint else ""))

    def _write(self, line: str) -> None:
        """Write a line; a stderr that nobody takes is no reason to abandon a deployment."""
        with self._turn, contextlib.suppress(OSError):
            sys.stderr.write(line + "\n")
            sys.stderr.flush()


def _event(**facts: object) -> str:
    import json  # noqa: PLC0415 - only where events were asked for

    return json.dumps(facts)


def _printable(text: str) -> str:
    """Give a text on one line, without the control characters that would drive a terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def ask(question: str) -> str:
    """Ask on the terminal, where a person can answer, and give the answer."""
    # Opened twice, since Python opens nothing for reading and writing that has no positions.
    with open(TERMINAL, "w") as asked, open(TERMINAL) as answered:  # noqa: PTH123 - a start-up tax
        asked.write(question)
        asked.flush()
        return answered.readline()


def can_ask() -> bool:
    """Say whether a person is there to answer."""
    if os.environ.get("CI") == "true" or not sys.stderr.isatty():
        return False
    try:
        with open(TERMINAL):  # noqa: PTH123 - a start-up tax
            return True
    except OSError:
        return False


def read_input(file: str | None) -> tuple[str, str]:
    """Give all of stdin (`-` or None) or of a file, with the name that messages use for it."""
    name = "stdin" if file in (None, "-") else str(file)
    try:
        if name == "stdin":
            content = sys.stdin.buffer.read()
        else:
            with open(name, "rb") as source:  # noqa: PTH123 - a start-up tax
                content = source.read()
    except OSError as error:
        raise InputError(
            f"cannot read {name!r}: {error.strerror}", hint="check the file's name"
        ) from None
    try:
        return content.decode("utf-8"), name
    except UnicodeDecodeError:
        raise InputError(
            f"{name} is not UTF-8 text", hint="a document is what cjob's commands write on stdout"
        ) from None


def write(text: str) -> None:
    """Write data to stdout, all at once, in UTF-8 whatever the locale; InputError without room."""
    left = memoryview(text.encode())
    try:
        while left:  # an unbuffered sys.stdout would forget what a pipe did not take at once
            left = left[os.write(sys.stdout.fileno(), left) :]
    except BrokenPipeError:
        raise
    except OSError as error:
        raise InputError(
            f"cannot write to stdout: {error.strerror}", hint="make room, or send it elsewhere"
        ) from None


def colour() -> bool:
    """Say whether stdout is to be coloured: COLOR, then NO_COLOR, then whether it is a terminal."""
    forced = os.environ.get("COLOR", "").lower()
    if forced in ("true", "false"):
        return forced == "true"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty()
