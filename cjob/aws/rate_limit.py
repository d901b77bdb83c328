"""How often AWS is asked while something is waited for: one budget for all jobs of a process.

Waits by the function that it is handed; touches nothing else.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator

from cjob.concurrency.interrupts import Sleep

# Calls a second that a process begins with while it waits, and what throttling brings it down to.
MIN_INTERVAL_S = 0.1
MAX_INTERVAL_S = 5.0


class RateLimiter:
    """Turns for calls that only look how something goes on; shared by all threads of a run.

    Each looks as seldom as its own patience says, and all of them together no oftener than the
    budget allows. Throttling halves the budget, and every answer gives a little of it back.
    """

    def __init__(
        self,
        sleep: Sleep,
        clock: Callable[[], float] = time.monotonic,
        min_interval_s: float = MIN_INTERVAL_S,
    ) -> None:
        """Begin with the whole budget: a call every `min_interval_s`."""
        self.sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._min_interval = min_interval_s
        self._interval = min_interval_s
        self._free_at = 0.0

    def wait(self, pause: float) -> None:
        """Wait so long, and until it is one's turn."""
        self.sleep(pause)
        with self._lock:
            now = self._clock()
            turn = max(now, self._free_at)
            self._free_at = turn + self._interval
        if turn > now:
            self.sleep(turn - now)

    def throttled(self) -> None:
        """Slow down: AWS was asked too often."""
        with self._lock:
            self._interval = min(self._interval * 2, MAX_INTERVAL_S)

    def answered(self) -> None:
        """Become a little faster again."""
        with self._lock:
            self._interval = max(self._interval * 0.95, self._min_interval)


def backoff(first: float, longest: float) -> Iterator[float]:
    """Yield waits in seconds that grow by half each time, with jitter, without end."""
    wait = first
    while True:
        yield wait * random.uniform(0.8, 1.2)  # noqa: S311 - spreads polls, guards nothing
        wait = min(wait * 1.5, longest)
