"""Follow a run to its end: report its attempts, pass on what its containers write.

Reads only. What is read is handed in, and so is how to wait and which errors to outlast.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from cjob.reporting.errors import ServiceError
from cjob.reporting.progress import Reporter, info
from cjob.runs.model import UNFINISHED, Attempt, Run
from cjob.runs.output import Line, Source, merged, sources

# Lines are delivered some seconds after they were written.
LATE_LINES_S = 5.0
QUIET_LOOKS = 2


class Witness(Protocol):
    """Knows what became of a run."""

    def one(self, job: str, name: str, after: datetime | None = None) -> Run | None:
        """Return the run of that name as it is now; None if nothing is known of it yet."""


class Stream(Protocol):
    """What one container writes."""

    def new_lines(self, *, to_end: bool = True) -> Iterator[Line]:
        """Yield the lines that were not read yet; without `to_end`, in one call."""


class Waiting(Protocol):
    """How to wait between two looks, and which errors of a look the next one may not have."""

    def pause(self, look: int) -> None:
        """Wait; `look` counts from 0, and later pauses are longer."""

    def outlasts(self, error: ServiceError) -> bool:
        """Return whether to look again after an error."""

    def answered(self) -> None:
        """Record that a look succeeded."""


class Follower:
    """Follows one run; each look reports what is new."""

    def __init__(
        self,
        witness: Witness,
        stream: Callable[[Source], Stream],
        report: Reporter,
        show: Callable[[Line], None],
        waiting: Waiting,
    ) -> None:
        """Take what is read; `report` gets the attempts, `show` the lines."""
        self._witness = witness
        self._stream = stream
        self._report = report
        self._show = show
        self._waiting = waiting
        self._streams: dict[Source, Stream] = {}
        self._seen: dict[int, str] = {}

    def follow(
        self, job: str, name: str, after: datetime, max_wait_s: float | None = None
    ) -> Run | None:
        """Return the run once it has ended, or as it is when the time to wait is over.

        None if nothing is known of it by then. Raise ServiceError if AWS refuses, or does not
        answer for too long.
        """
        ends = None if max_wait_s is None else time.monotonic() + max_wait_s
        run: Run | None = None
        look = 0
        while True:
            try:
                run = self._look(job, name, after)
            except ServiceError as error:
                if not self._waiting.outlasts(error):
                    raise
            else:
                self._waiting.answered()
                if run is not None and run.status not in UNFINISHED:
                    self._last_lines(run)
                    return run
            if ends is not None and time.monotonic() >= ends:
                return run
            self._waiting.pause(look)
            look += 1

    def _look(self, job: str, name: str, after: datetime) -> Run | None:
        """Report what is new about the attempts, and show the new lines of their logs."""
        run = self._witness.one(job, name, after)
        if run is not None:
            for number, attempt in enumerate(run.attempts, start=1):
                self._report_attempt(number, attempt)
            self._show_new(sources(run), to_end=False)
        return run

    def _report_attempt(self, number: int, attempt: Attempt) -> None:
        status = attempt.status.lower() or attempt.error
        if self._seen.get(number) != status:
            self._seen[number] = status
            task = f"task {attempt.task_id[:8]}" if attempt.task_id else "task"
            nth = f", attempt {number}" if number > 1 else ""
            self._report(info(f"{task}{nth}: {status}"))

    def _show_new(self, found: Sequence[Source], *, to_end: bool) -> int:
        """Show the lines that no look has shown, by time, and return how many they are."""
        streams = [self._streams.setdefault(s, self._stream(s)) for s in found]
        count = 0
        for line in merged([stream.new_lines(to_end=to_end) for stream in streams]):
            self._show(line)
            count += 1
        return count

    def _last_lines(self, run: Run) -> None:
        """Show lines that come after the end, until two looks in a row find none."""
        ends = time.monotonic() + LATE_LINES_S
        quiet = 0
        while quiet < QUIET_LOOKS and time.monotonic() < ends:
            self._waiting.pause(0)
            try:
                quiet = 0 if self._show_new(sources(run), to_end=True) else quiet + 1
            except ServiceError as error:
                if not self._waiting.outlasts(error):
                    raise
                ends = time.monotonic() + LATE_LINES_S
            else:
                self._waiting.answered()
