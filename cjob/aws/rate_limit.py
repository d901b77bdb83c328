"""How often AWS is polled: one rate limit for all jobs of a process.

Waits by the function that it is given; touches nothing else.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator

from cjob.concurrency.interrupts import Sleep

MIN_INTERVAL_S = 0.1
"""The time between two calls at first."""

MAX_INTERVAL_S = 5.0
"""The longest time between two calls, after throttling."""


class RateLimiter:
    """Spaces calls that poll; shared by all threads of a run.

    Throttling doubles the time between two calls, and every answer shortens it a little.
    """

    def __init__(
        self,
        sleep: Sleep,
        clock: Callable[[], float] = time.monotonic,
        min_interval_s: float = MIN_INTERVAL_S,
    ) -> None:
        """Start at the full rate: a call every `min_interval_s`."""
        self.sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._min_interval = min_interval_s
        self._interval = min_interval_s
        self._free_at = 0.0

    def wait(self, pause: float) -> None:
        """Sleep for `pause` seconds, and until the next call is allowed."""
        self.sleep(pause)
        with self._lock:
            now = self._clock()
            slot = max(now, self._free_at)
            self._free_at = slot + self._interval
        if slot > now:
            self.sleep(slot - now)

    def throttled(self) -> None:
        """Slow down, since AWS throttled a call."""
        with self._lock:
            self._interval = min(self._interval * 2, MAX_INTERVAL_S)

    def answered(self) -> None:
        """Speed up a little, since AWS answered a call."""
        with self._lock:
            self._interval = max(self._interval * 0.95, self._min_interval)


def backoff(first: float, longest: float) -> Iterator[float]:
    """Yield pauses in seconds, without end: each half as long again as the last, with jitter."""
    wait = first
    while True:
        yield wait * random.uniform(0.8, 1.2)  # noqa: S311 - spreads polls, guards nothing
        wait = min(wait * 1.5, longest)
