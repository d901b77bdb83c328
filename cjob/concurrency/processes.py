"""Runs programs that never outlive cjob.

Starts processes and reads their output; touches nothing else.
"""

import itertools
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

TAIL = 10
LONGEST_LINE = 65_536

# If cjob ends by Ctrl-C in another thread or by `kill -9`, it can't stop its children. But its end
# of a pipe is closed then, which the line in the background notices: it kills the whole process
# group, including the program's children. What they leave running is killed when the program ends,
# since it would keep stdout open.
_GUARDED = """
exec 3<&0 </dev/null
{ read -r _ <&3; kill -s KILL 0; } >/dev/null 2>&1 &
"$@" 3<&-
status=$?
trap '' TERM
kill -s TERM 0
exit $status
"""


_SET_DUMPABLE = 4  # of prctl(2)

# C libraries read these from the process itself, not from Python's copy.
_FOR_LIBRARIES = ("LC_", "LD_", "TZ", "TMPDIR", "SSL_CERT_", "OPENSSL_")


def hide_environment(kept: Collection[str]) -> None:
    """Hide this process's variables, except `kept`, from other programs of the same user.

    The kernel shows a process's initial variables in /proc/PID/environ. They are overwritten there,
    and the process can no longer be inspected. Python's copy, `os.environ`, stays unchanged. The
    variables of parent processes are not hidden.
    """
    if sys.platform != "linux":
        return
    import ctypes  # noqa: PLC0415 - 4 ms, and only CDK overrides need it

    libc = ctypes.CDLL(None)
    libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0)
    entries = ctypes.POINTER(ctypes.c_void_p).in_dll(libc, "environ")
    for number in itertools.count():
        address = entries[number]
        if address is None:
            return
        name, _, value = ctypes.string_at(address).partition(b"=")
        shown = os.fsdecode(name)
        if shown not in kept and not shown.startswith(_FOR_LIBRARIES):
            ctypes.memset(address + len(name) + 1, 0, len(value))


class OutputTimeoutError(Exception):
    """A program printed nothing for too long, and was killed."""


def run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    report: Callable[[str], None],
    *,
    silence_limit_s: float | None = None,
) -> tuple[int, tuple[str, ...]]:
    """Run a program to its end, and report each line that it writes to stdout or stderr.

    It gets only these variables and an empty stdin. Return its exit status and its last lines. If
    this ends early, the program and all its children are killed. Raise OutputTimeoutError
    if it writes nothing for `silence_limit_s`.
    """
    tail: deque[str] = deque(maxlen=TAIL)
    with (
        subprocess.Popen(  # noqa: S603 - arguments that no shell parses
            ["/bin/sh", "-c", _GUARDED, "sh", *command],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        ) as process,
        _kill_if_silent(process, silence_limit_s) as heard,
    ):
        if process.stdout is not None:
            for line in iter(partial(process.stdout.readline, LONGEST_LINE), ""):
                heard()
                if line.strip():
                    tail.append(line.rstrip())
                    report(tail[-1])
        status = process.wait()
    return status, tuple(tail)


@contextmanager
def _kill_if_silent(
    process: subprocess.Popen[str], silence_limit_s: float | None
) -> Iterator[Callable[[], None]]:
    """Yield a function to call for each line; kill the program if it is not called for so long."""
    heard, ended, silent = threading.Event(), threading.Event(), threading.Event()

    def watch() -> None:
        while heard.wait(silence_limit_s):
            heard.clear()
            if ended.is_set():
                return
        silent.set()
        if process.stdin is not None:
            process.stdin.close()  # which kills all of them, see _GUARDED

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield heard.set
    finally:
        ended.set()
        heard.set()
    if silent.is_set():
        raise OutputTimeoutError


def run_untrusted(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    report: Callable[[str], None],
) -> tuple[int, tuple[str, ...]]:
    """Run a program as `run` does, but hide this process's other variables from it."""
    hide_environment(environment)
    return run(command, folder, environment, report)
