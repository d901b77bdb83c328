"""Questions on the terminal, whatever stdin and stderr are."""

import os
import sys

from cjob.cli.output.console import Console
from cjob.cli.output.streams import in_ci

TERMINAL = "/dev/tty"


def ask(question: str) -> str:
    """Ask a question, and return the line that the person types; empty if the terminal closes."""
    Console.stop_waiting()
    # Opened twice: Python cannot open a terminal for both reading and writing.
    with open(TERMINAL, "w") as asked, open(TERMINAL) as answered:  # noqa: PTH123 - a start-up tax
        asked.write(question)
        asked.flush()
        answer = answered.readline()
        if not answer.endswith("\n"):
            asked.write("\n")
        return answer


def ask_at_terminal(question: str) -> str | None:
    """Ask a question whatever stdin and stderr are; return None if there is no terminal.

    A process in the background is not asked: the terminal would stop it.
    """
    if in_ci():
        return None
    try:
        with open(TERMINAL) as terminal:  # noqa: PTH123 - a start-up tax
            if os.tcgetpgrp(terminal.fileno()) != os.getpgrp():
                return None
        return ask(question)
    except OSError:
        return None


def can_ask() -> bool:
    """Return whether a person can answer questions."""
    if in_ci() or not sys.stderr.isatty():
        return False
    try:
        with open(TERMINAL):  # noqa: PTH123 - a start-up tax
            return True
    except OSError:
        return False
