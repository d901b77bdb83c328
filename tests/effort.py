"""Bounds on CPU time in units of this machine, so that one that is slow or busy breaks none."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

# So many units of work are 5 to 10 seconds on hardware of 2020.
LIMIT = 200


def unit() -> float:
    """Return the CPU seconds that a fixed piece of pure Python takes here and now."""
    start = time.process_time()
    total = 0
    for number in range(300_000):
        total += number * number % 7
    return time.process_time() - start


@contextmanager
def bounded(units: float = LIMIT) -> Iterator[None]:
    """Fail if the block takes more CPU than so many units, measured before and after it."""
    before = unit()
    start = time.process_time()
    yield
    used = time.process_time() - start
    assert used < units * max(before, unit())
