"""Progress as plain lines: one a change, none that would drive a terminal.

What a build says is a line a second for each container at the most; the rest of it is kept, and
told when it fails. Where nothing new happens, a line every ten seconds says so.
"""

import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence

from cjob.progress import Progress

# Phases of which programs tell, line by line.
LOGS = ("build", "push", "override")

BETWEEN_S = 1.0
QUIET_S = 10.0

KEPT = 5000
"""Lines of a piece of work that are kept in case it fails."""


def key(record: Progress) -> Hashable:
    """Give what tells a piece of work from the others."""
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
        """Give all lines of a piece that has just failed, none of any other."""
        return self._said.pop(key(record), ()) if record.state == "failed" else ()


class Lines:
    """Shows records by writing lines."""

    def __init__(
        self,
        write: Callable[[Progress, str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take what writes a record, with the line for it; `clock` gives seconds."""
        self._write = write
        self._clock = clock
        self._logs = Logs()
        self._shown: dict[Hashable, float] = {}
        self._held: set[Hashable] = set()
        self._last = clock()

    def show(self, record: Progress) -> None:
        """Write a line for a record, unless there were enough."""
        now, piece = self._clock(), key(record)
        self._logs.keep(record)
        if record.level == "waiting" and now - self._last < QUIET_S:
            return
        if record.phase in LOGS and record.state == "running":
            if now - self._shown.get(piece, -BETWEEN_S) < BETWEEN_S:
                self._held.add(piece)
                return
            self._shown[piece] = now
        self._last = now
        self._write(record, record.text)
        log = self._logs.of_failure(record)
        if piece in self._held:
            self._held.discard(piece)
            for line in log:
                self._write(record, line)
