"""Pages that show commands with their output, and how to see whether that is true.

Each line after `$ ` is a command, run on a terminal of its own. `…` stands for anything that
differs from run to run, over lines too.
"""

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

LIMIT_S = 60
COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # of other programs: cjob is asked for none


def blocks(page: str, language: str) -> list[str]:
    """Give the texts of a page's fenced blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def steps(page: str, language: str) -> Iterator[tuple[str, str]]:
    """Give each command of a page's console blocks with the output that is shown for it."""
    for block in blocks(page, language):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = step.partition("\n")
            yield command, output


def on_a_terminal(command: str, folder: Path, environment: Mapping[str, str]) -> str:
    """Run a command as a person sees it, and give what the terminal showed."""
    primary, secondary = pty.openpty()
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
    return COLOURS.sub("", shown.decode().replace("\r\n", "\n"))


def pattern(shown: str) -> str:
    """Give the pattern that an output has to match."""
    return ".+".join(re.escape(part) for part in shown.split("…"))
