"""Complete cjob's commands in the shells that people use: bash, fish and zsh."""

import os
import pty
import select
import subprocess
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import commands
import programs

BASH = """
eval "$(cjob completion bash)"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
"$(complete -p "$1" | sed 's/.*-F \\([^ ]*\\).*/\\1/')" "$1" "${!#}" "${@:$#-1:1}"
printf '%s\\n' "${COMPREPLY[@]}"
"""

ZSH = "autoload -U compinit && compinit -u -D; eval \"$(cjob completion zsh)\"; PS1=re'ady> '\n"
# Ctrl-U clears the line; the arithmetic keeps the typed text from being taken for its output.
NEXT_LINE = b"\x15echo done $((6 * 7))\n"


def bash(line: str, *, folder: Path) -> list[str]:
    """Return what bash offers for the last word of a line."""
    done = commands.run("bash", "-c", BASH, "bash", *line.split(" "), folder=folder)
    assert done.err == ""
    return done.out.split()


def fish(line: str, *, folder: Path) -> list[str]:
    """Return what fish offers for the last word of a line."""
    programs.needs("fish")
    script = f'cjob completion fish | source; complete -C "{line}"'
    done = commands.run("fish", "--no-config", "-c", script, folder=folder)
    assert done.err == ""
    return [row.split("\t")[0] for row in done.out.splitlines()]


@contextmanager
def zsh(folder: Path) -> Iterator[int]:
    """Run zsh on a terminal, the only place where it completes; yield the controlling side."""
    programs.needs("zsh")
    controller, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 100))
    with subprocess.Popen(
        ["zsh", "-f"],
        cwd=folder,
        env={**commands.environment(folder), "TERM": "dumb"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    ) as running:
        os.close(terminal)
        os.write(controller, ZSH.encode())
        _read_until(controller, ["ready> "])
        yield controller
        running.kill()
    os.close(controller)


def complete_in_zsh(controller: int, line: str, expected: Sequence[str]) -> None:
    """Type a line and Tab, and wait until the terminal shows all expected words."""
    os.write(controller, f"{line}\t\t".encode())
    _read_until(controller, expected)
    os.write(controller, NEXT_LINE)
    _read_until(controller, ["done 42"])


def _read_until(controller: int, wanted: Sequence[str]) -> None:
    """Read what a terminal shows until it has shown all wanted words."""
    shown, until = "", time.monotonic() + commands.LIMIT_S
    while not all(word in shown for word in wanted):
        assert time.monotonic() < until, shown
        if select.select([controller], [], [], 0.2)[0]:
            shown += os.read(controller, 65536).decode(errors="replace")
