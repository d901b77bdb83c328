"""A line on a terminal that shows, while nothing else does, what is waited for and for how long.

It appears after a moment, is drawn again each second, and leaves nothing behind.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from typing import TextIO

AFTER_S = 0.5
EVERY_S = 1.0
ERASE = "\r\x1b[K"


class Waiting:
    """Draws the line from a thread of its own, which ends with the program."""

    def __init__(
        self, screen: TextIO, text: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the terminal and what to write there; `drawn` is set while the line is shown."""
        self._screen = screen
        self._text = text
        self._clock = clock
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self.drawn = threading.Event()

    def start(self) -> None:
        """Begin to wait for the moment at which the line appears."""
        threading.Thread(target=self._run, args=(self._clock(),), daemon=True).start()

    def stop(self) -> None:
        """Erase the line; it does not come back."""
        with self._lock, contextlib.suppress(OSError):
            self._ended.set()
            if self.drawn.is_set():
                self.drawn.clear()
                self._screen.write(ERASE)
                self._screen.flush()

    def _run(self, began: float) -> None:
        pause = AFTER_S
        while not self._ended.wait(pause):
            pause = EVERY_S
            with self._lock, contextlib.suppress(OSError):
                if not self._ended.is_set():
                    seconds = self._clock() - began
                    self._screen.write(f"{ERASE}{self._text} ({seconds:.0f} s)")
                    self._screen.flush()
                    self.drawn.set()
