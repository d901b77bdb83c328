"""Progress as plain lines: one a change, none that would drive a terminal.

Of what a build says there is a line a second for each container at the most, the newest one; the
rest is kept, and told when it fails. Where nothing new happens, a line every ten seconds says so.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from functools import partial

from cjob.reporting.progress import Progress

# Phases of which programs tell, line by line.
LOGS = ("build", "push", "override")

BETWEEN_S = 1.0
QUIET_S = 10.0

KEPT = 5000
"""Lines of a piece of work that are kept in case it fails."""


def key(record: Progress) -> Hashable:
    """Return what tells a piece of work from the others."""
    return record.env, record.job, record.phase, record.subject


class Logs:
    """What pieces of work said, kept until each has ended."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self._said: dict[Hashable, deque[str]] = {}

    def keep(self, record: Progress) -> None:
        """Keep a line of a piece that goes on, forget those of one that went well."""
        if record.phase not in LOGS:
            return
        if record.state == "running":
            self._said.setdefault(key(record), deque(maxlen=KEPT)).append(record.text)
        elif record.state != "failed":
            self._said.pop(key(record), None)

    def of_failure(self, record: Progress) -> Sequence[str]:
        """Return all lines of a piece that has just failed, none of any other."""
        return self._said.pop(key(record), ()) if record.state == "failed" else ()


def later(seconds: float, call: Callable[[], None]) -> None:
    """Call something in a while, unless the program has ended by then."""
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()


class PlainProgress:
    """Shows records by writing lines; may be used by several threads."""

    def __init__(
        self,
        write: Callable[[Progress, str], None],
        between: float = BETWEEN_S,
        clock: Callable[[], float] = time.monotonic,
        later: Callable[[float, Callable[[], None]], None] = later,
    ) -> None:
        """Take what writes a record, with the line for it, and the seconds between a log's lines.

        `clock` gives seconds, `later` calls something after so many of them.
        """
        self._write = write
        self._between = between
        self._clock = clock
        self._later = later
        self._turn = threading.Lock()
        self._logs = Logs()
        self._shown: dict[Hashable, float] = {}
        self._newest: dict[Hashable, Progress] = {}
        self._lacking: set[Hashable] = set()
        self._last = clock()

    def show(self, record: Progress) -> None:
        """Write a line for a record, unless there were enough."""
        with self._turn:
            piece = key(record)
            self._logs.keep(record)
            if record.level == "waiting" and self._clock() - self._last < QUIET_S:
                return
            if record.phase in LOGS and record.state == "running" and self._is_early(piece):
                self._lacking.add(piece)
                self._newest[piece] = record
                return
            self._newest.pop(piece, None)
            self._put(record)
            log = self._logs.of_failure(record)
            if piece in self._lacking and record.state != "running":
                self._lacking.discard(piece)
                for line in log:
                    self._write(record, line)

    def _is_early(self, piece: Hashable) -> bool:
        """Return whether a log had a line just now; its newest one is shown when it is time."""
        since = self._clock() - self._shown.get(piece, -self._between)
        if since >= self._between:
            return False
        if piece not in self._newest:
            self._later(self._between - since, partial(self._catch_up, piece))
        return True

    def _catch_up(self, piece: Hashable) -> None:
        with self._turn:
            record = self._newest.pop(piece, None)
            if record is not None:
                self._put(record)

    def _put(self, record: Progress) -> None:
        self._last = self._shown[key(record)] = self._clock()
        self._write(record, record.text)
