"""Commands on an emulated terminal of 80 columns, where a person answers their questions."""

import os
import pty
import select
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import commands
import pyte

WIDTH, HEIGHT = 80, 40


@dataclass(frozen=True)
class Seen:
    """What a command left on its terminal: its exit status and the lines of the screen."""

    status: int
    lines: Sequence[str]

    def __contains__(self, line: str) -> bool:
        """Return whether the screen has this line."""
        return line in self.lines


def run(
    *command: str,
    folder: Path,
    settings: Mapping[str, str] | None = None,
    answers: Sequence[tuple[str, str | Callable[[str], None]]] = (),
) -> Seen:
    """Run a command on a terminal; type each answer once its question is at the cursor.

    A question is the last words in front of the cursor; what is typed after the last answer is
    nothing, so a further question fails the test. An answer may also be something to do with
    the line.
    """
    variables = {**commands.environment(folder, settings), "TERM": "xterm", "LANG": "C.UTF-8"}
    variables.pop("CI", None)
    variables.pop("COLUMNS", None)
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe(command[0], command, variables)  # noqa: S606 - it is the command under test
    termios.tcsetwinsize(terminal, (HEIGHT, WIDTH))
    screen = pyte.Screen(WIDTH, HEIGHT)
    stream = pyte.ByteStream(screen)
    waiting, until = list(answers), time.monotonic() + commands.LIMIT_S
    while block := _read(terminal, until, screen):
        stream.feed(block)
        if waiting and _at_cursor(screen).endswith(waiting[0][0]):
            answer = waiting.pop(0)[1]
            if isinstance(answer, str):
                os.write(terminal, answer.encode())
            else:
                answer(_at_cursor(screen))
    os.close(terminal)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert not waiting, screen.display
    return Seen(status, [line.rstrip() for line in screen.display if line.strip()])


def _at_cursor(screen: pyte.Screen) -> str:
    return str(screen.display[screen.cursor.y][: screen.cursor.x]).rstrip()


def _read(terminal: int, until: float, screen: pyte.Screen) -> bytes:
    ready, _, _ = select.select([terminal], [], [], max(until - time.monotonic(), 0))
    assert ready, screen.display
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux reports that the other side is closed
        return b""
