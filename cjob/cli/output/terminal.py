"""Questions on the terminal, whatever stdin and stderr are."""

import os
import sys

from cjob.cli.output.console import Console
from cjob.cli.output.streams import in_ci

TERMINAL = "/dev/tty"


def ask(question: str) -> str:
    """Return the line that a person types after the question; empty if the terminal is closed."""
    Console.stop_waiting()
    # Opened twice, since Python opens nothing for reading and writing that has no positions.
    with open(TERMINAL, "w") as asked, open(TERMINAL) as answered:  # noqa: PTH123 - a start-up tax
        asked.write(question)
        asked.flush()
        answer = answered.readline()
        if not answer.endswith("\n"):
            asked.write("\n")
        return answer


def ask_at_terminal(question: str) -> str | None:
    """Return the answer to a question, whatever stdin and stderr are; None if nobody can answer.

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
    """Return whether a person is there to answer."""
    if in_ci() or not sys.stderr.isatty():
        return False
    try:
        with open(TERMINAL):  # noqa: PTH123 - a start-up tax
            return True
    except OSError:
        return False
