"""Pages that show commands with their output, and how to see whether that is true.

Each line after `$ ` is a command, run on a terminal of its own. `…` stands for anything that
differs from run to run, over lines too.
"""

import os
import pty
import re
import select
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyte

LIMIT_S = 60
COLUMNS, ROWS = 80, 40
LONGEST = 100_000
"""Characters of a line, none of which the terminal breaks, so that it can be compared."""


def blocks(page: str, language: str) -> list[str]:
    """Return the texts of a page's fenced blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def steps(page: str, language: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a page's console blocks with the output that is shown for it."""
    for block in blocks(page, language):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = step.partition("\n")
            yield command, output


def on_a_terminal(command: str, folder: Path, environment: Mapping[str, str]) -> str:
    """Run a command as a person sees it, and give what the terminal showed."""
    primary, secondary = pty.openpty()
    termios.tcsetwinsize(secondary, (ROWS, COLUMNS))
    process = subprocess.Popen(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdin=secondary,
        stdout=secondary,
        stderr=secondary,
    )
    os.close(secondary)
    shown, until = b"", time.monotonic() + LIMIT_S
    while time.monotonic() < until:
        if not select.select([primary], [], [], 0.1)[0]:
            continue
        try:
            read = os.read(primary, 65536)
        except OSError:  # the terminal is closed when the last process is gone
            break
        if not read:
            break
        shown += read
    else:
        process.kill()
    process.wait()
    os.close(primary)
    return seen(shown)


def seen(printed: bytes) -> str:
    """Return what a terminal shows in the end of all that was printed."""
    screen = pyte.Screen(LONGEST, printed.count(b"\n") + 2)
    pyte.ByteStream(screen).feed(printed)
    lines = [screen.buffer[number] for number in range(screen.cursor.y + 1)]
    texts = ["".join(line[i].data for i in range(max(line, default=-1) + 1)) for line in lines]
    return "\n".join(text.rstrip() for text in texts)


def pattern(shown: str) -> str:
    """Return the pattern that an output has to match."""
    return ".+".join(re.escape(part) for part in shown.split("…"))
