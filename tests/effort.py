"""How much is tested where, and bounds on CPU time in units of this machine."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import pytest

T = TypeVar("T")

ALL = "CJOB_CHECK_ALL" in os.environ
THOROUGH = ALL or "CI" in os.environ
"""What takes long runs in CI and with `bin/check --all`; a person waits for the rest alone."""

thorough = pytest.mark.skipif(not THOROUGH, reason="takes long: run bin/check --all")


def sample(cases: Sequence[T], size: int, in_ci: int) -> Sequence[T]:
    """Return so many cases, spread evenly and the same in each run; all with `--all`."""
    size = len(cases) if ALL else in_ci if THOROUGH else size
    return spread(cases, size)


def spread(cases: Sequence[T], size: int) -> list[T]:
    """Return so many cases, or all if there are fewer, evenly from first to last."""
    size = min(size, len(cases))
    return [cases[number * len(cases) // size] for number in range(size)]


# So many units of work are about 10 seconds on hardware of 2020.
LIMIT = 250


def unit() -> float:
    """Return the CPU seconds that a fixed piece of work takes here and now."""
    start = time.process_time()
    made = {str(number): (number, [number]) for number in range(60_000)}
    assert sum(len(key) + value[0] % 7 for key, value in made.items())
    return time.process_time() - start


@contextmanager
def bounded(units: float = LIMIT) -> Iterator[None]:
    """Fail if the block takes more CPU than so many units, measured before and after it."""
    before = unit()
    start = time.process_time()
    yield
    used = time.process_time() - start
    assert used < units * max(before, unit())
