"""Follow a run to its end: report its attempts, pass on what its containers write.

Reads only. What is read is handed in, and so is how to wait.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from cjob.concurrency.pool import run_all
from cjob.reporting.progress import Reporter, info
from cjob.runs.model import UNFINISHED, Attempt, Run
from cjob.runs.output import Line, Source, merged, sources

PARALLEL_STREAMS = 8
# Lines are delivered some seconds after they were written.
LATE_LINES_S = 5.0
QUIET_LOOKS = 2


class Witness(Protocol):
    """Says what became of a run."""

    def one(self, job: str, name: str, after: datetime | None = None) -> Run | None:
        """Return the run of that name; None if nothing is known of it yet."""

    def task(self, arn: str) -> Attempt | None:
        """Return a task as it is now."""


class Stream(Protocol):
    """What one container writes."""

    def new_lines(self) -> Iterator[Line]:
        """Yield the lines since the last call."""


class Follower:
    """Follows one run; each look reports what is new."""

    def __init__(
        self,
        witness: Witness,
        stream: Callable[[Source], Stream],
        report: Reporter,
        show: Callable[[Line], None],
    ) -> None:
        """Take who knows, and who is told: of attempts by `report`, of lines by `show`."""
        self._witness = witness
        self._stream = stream
        self._report = report
        self._show = show
        self._streams: dict[Source, Stream] = {}
        self._seen: dict[int, str] = {}

    def follow(
        self,
        job: str,
        name: str,
        after: datetime,
        wait: Callable[[int], None],
        max_wait_s: float | None = None,
    ) -> Run | None:
        """Return the run once it has ended, or as it is when the time to wait is over.

        None if nothing is known of it by then. `wait` is called between looks, with their number.
        """
        ends = None if max_wait_s is None else time.monotonic() + max_wait_s
        look = 0
        while True:
            run = self._witness.one(job, name, after)
            if run is not None:
                self._look(run)
                if run.status not in UNFINISHED:
                    self._last_lines(run, wait)
                    return run
            if ends is not None and time.monotonic() >= ends:
                return run
            wait(look)
            look += 1

    def _look(self, run: Run) -> int:
        """Report what is new about attempts, show what is new in their logs; count the lines."""
        for number, attempt in enumerate(run.attempts, start=1):
            current = attempt
            if attempt.task_arn and attempt.status != "STOPPED" and number == len(run.attempts):
                current = self._witness.task(attempt.task_arn) or attempt
            self._report_attempt(number, current)
        return self._show_new(sources(run))

    def _report_attempt(self, number: int, attempt: Attempt) -> None:
        status = attempt.status.lower() or attempt.error
        if self._seen.get(number) != status:
            self._seen[number] = status
            task = f"task {attempt.task_id[:8]}" if attempt.task_id else "task"
            nth = f", attempt {number}" if number > 1 else ""
            self._report(info(f"{task}{nth}: {status}"))

    def _show_new(self, found: Sequence[Source]) -> int:
        streams = [self._streams.setdefault(s, self._stream(s)) for s in found]
        if not streams:
            return 0
        work = [lambda _, s=stream: list(s.new_lines()) for stream in streams]
        lines = list(merged(run_all(work, PARALLEL_STREAMS)))
        for line in lines:
            self._show(line)
        return len(lines)

    def _last_lines(self, run: Run, wait: Callable[[int], None]) -> None:
        """Show lines that come after the end: until two looks in a row find none."""
        ends = time.monotonic() + LATE_LINES_S
        quiet = 0
        while quiet < QUIET_LOOKS and time.monotonic() < ends:
            wait(0)
            quiet = 0 if self._show_new(sources(run)) else quiet + 1
