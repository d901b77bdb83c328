"""How the time of a piece of work grows with its input: measured in CPU time of this thread."""

import time
from collections.abc import Callable

LIMIT = 6.0
"""For four times the input; linear work takes 4 times as long, quadratic work 16 times."""

SHORT_S = 0.02
"""Work this short at four times the input is not measured well, and harms nobody."""

TRIES = 3


def seconds(work: Callable[[], object]) -> float:
    """Return the CPU time that a call takes in this thread."""
    before = time.thread_time()
    work()
    return time.thread_time() - before


def ratio(work: Callable[[int], Callable[[], object]], n: int) -> float:
    """Return how much longer work takes with 4 n than with n; the least of a few tries.

    `work` prepares an input of a size and returns what reads it. Growth is 0 if all is too short.
    """
    least = float("inf")
    for _ in range(TRIES):
        large = seconds(work(4 * n))
        if large < SHORT_S:
            return 0.0
        small = min(seconds(work(n)) for _ in range(2))
        least = min(least, large / max(small, SHORT_S / 16))
        if least <= LIMIT:
            break
    return least
