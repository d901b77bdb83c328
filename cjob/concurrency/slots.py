"""A limit for work that many threads do at once: each piece holds a slot while it runs.

Waits by the function that it is given; touches nothing else.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

POLL_S = 0.2
"""How often a thread that waits for a slot checks whether it should still wait."""


class Slots:
    """A fixed number of slots, shared by all threads of a run."""

    def __init__(self, count: int) -> None:
        """Take the number of slots."""
        self._free = threading.BoundedSemaphore(count)

    @contextmanager
    def slot(self, check: Callable[[], object]) -> Iterator[None]:
        """Hold a slot for the block.

        `check` is called now and then while none is free; what it raises ends the wait.
        """
        while not self._free.acquire(timeout=POLL_S):
            check()
        try:
            yield
        finally:
            self._free.release()
