"""A clock for threads that only sleep: it moves on once all of them do."""

import threading
from collections.abc import Callable, Sequence


class VirtualTime:
    """Time that passes at once; a test with it takes as long as its work does."""

    def __init__(self) -> None:
        """Begin at 0, with no thread."""
        self._changed = threading.Condition()
        self._now = 0.0
        self._awake = 0
        self._wakings: list[float] = []

    def now(self) -> float:
        """Return the time in seconds."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Wait until so much time has passed."""
        if seconds <= 0:
            return
        with self._changed:
            waking = self._now + seconds
            self._wakings.append(waking)
            self._awake -= 1
            self._move_on()
            self._changed.wait_for(lambda: self._now >= waking)

    def _move_on(self) -> None:
        """Let time pass until the first that sleep wake up, if nobody is awake."""
        if self._awake or not self._wakings:
            return
        self._now = min(self._wakings)
        self._awake = sum(waking <= self._now for waking in self._wakings)
        self._wakings = [waking for waking in self._wakings if waking > self._now]
        self._changed.notify_all()

    def run(self, work: Sequence[Callable[[], object]]) -> None:
        """Run each piece in a thread of its own, to the end of all."""
        self._awake = len(work)
        threads = [threading.Thread(target=self._run, args=(piece,), daemon=True) for piece in work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _run(self, piece: Callable[[], object]) -> None:
        try:
            piece()
        finally:
            with self._changed:
                self._awake -= 1
                self._move_on()
