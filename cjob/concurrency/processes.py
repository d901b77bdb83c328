"""Programs that run for cjob, and that never outlive it.

Starts processes and reads what they write; touches nothing else.
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

# A process that ends as cjob does, by Ctrl-C in another thread or by `kill -9`, has no chance to
# tell its children. But its end of a pipe is closed then, and whoever reads the other end knows:
# the line in the background, which ends the whole process group, the program's children included.
# What they leave running ends with the program, too: it would hold its end of stdout open.
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

# Libraries of C read these from the process itself, not from Python's copy.
_FOR_LIBRARIES = ("LC_", "LD_", "TZ", "TMPDIR", "SSL_CERT_", "OPENSSL_")


def hide_environment(kept: Collection[str]) -> None:
    """Hide this process's variables, but for `kept`, from other programs of the same user.

    The kernel shows the variables that a process was started with in /proc/PID/environ. They are
    overwritten there, for programs of root too, and the process can't be inspected any more.
    Python's copy, `os.environ`, stays. What the processes above this one show is not in its hands.
    """
    if sys.platform != "linux":
        return
    import ctypes  # noqa: PLC0415 - only for CDK overrides

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
    """A program has written nothing for too long, and was killed."""


def run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    report: Callable[[str], None],
    *,
    silence_limit_s: float | None = None,
) -> tuple[int, tuple[str, ...]]:
    """Run a program to its end, reporting each line that it writes to either stream.

    It sees these variables only, and an empty stdin. Return its exit status, and its last lines.
    Whenever this ends early, the program and all that it started are killed. Raise SilentError if
    it writes nothing for `silence_limit_s`.
    """
    tail: deque[str] = deque(maxlen=TAIL)
    with (
        subprocess.Popen(  # noqa: S603 - the caller's words, no shell reads them
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
    """Yield what to call for each line; without a call for so long the program is killed."""
    heard, ended, silent = threading.Event(), threading.Event(), threading.Event()

    def watch() -> None:
        while heard.wait(silence_limit_s):
            heard.clear()
            if ended.is_set():
                return
        silent.set()
        if process.stdin is not None:
            process.stdin.close()  # which ends all of them, see _GUARDED

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
    """Run a program as `run` does, with this process's other variables out of its sight."""
    hide_environment(environment)
    return run(command, folder, environment, report)
