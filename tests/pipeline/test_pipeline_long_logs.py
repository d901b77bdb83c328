"""Logs of very many lines: each comes once, in order, and memory does not grow with them."""

import hashlib
import os
import subprocess
from collections.abc import Callable

from pipelines import Place, on
from scripted_runs import FILLER, Script, add_lines

MIB = 1024
"""In the unit of the kernel's peak of memory, which is KiB."""

ALLOWED = 48 * MIB
"""A page of 10,000 lines, as JSON and as objects, and the one that comes after it."""


def read(place: Place, job: str) -> tuple[str, int, int]:
    """Read a log in a process; return the digest of its lines, their number, and the peak."""
    running = place.start("logs", *on(job), "-o", "raw")
    assert isinstance(running, subprocess.Popen)
    assert running.stdout
    digest, count = hashlib.sha256(), 0
    for line in running.stdout:
        digest.update(line.encode())
        count += 1
    _, status, usage = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    running.stdout.close()
    if running.stderr:
        running.stderr.close()
    assert running.returncode == 0
    return digest.hexdigest(), count, usage.ru_maxrss


def digest_of(count: int) -> str:
    """Return the digest of a line of the container, and of so many that were added."""
    digest = hashlib.sha256(b"first\n")
    for number in range(count):
        digest.update(f"{number:07} {FILLER}\n".encode())
    return digest.hexdigest()


def test_a_log_of_many_lines_takes_no_more_memory(
    place: Place,
    job: str,
    script: Script,
    record_property: Callable[[str, object], None],
) -> None:
    """Pages are read as lines are written; each line comes once, and in order."""
    script(job, log=["first"], exitCode=0)
    peaks = []
    for count in (1000, 200_000):
        place.done("run", *on(job), "--quiet")
        add_lines(place, job, count)
        digest, found, peak = read(place, job)
        assert found == count + 1
        assert digest == digest_of(count)
        peaks.append(peak)
    small, large = peaks
    said = f"logs: peak {small // MIB} MiB for 1,000 lines, {large // MIB} MiB for 200,000"
    record_property("told", said)
    assert large - small < ALLOWED, said
