"""Several pieces of independent work at once, of which the first failure stops the rest.

Takes functions and gives their results in order. Starts threads, touches nothing else.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

Checkpoint = Callable[[], None]
"""Called by a piece of work where it may end early; raises Stopped once another has failed."""


SIGNAL_POLL_S = 0.5
"""So late at most the main thread notices a signal that reached another thread."""


class Cancelled(Exception):  # noqa: N818 - it is a state of the run, not an error of anybody
    """Another piece of work failed, or the person stopped all of them."""


def wait_interruptibly(answers: "queue.SimpleQueue[T]") -> T:
    """Wait for an answer, awake often enough to notice signals, wherever they arrive."""
    while True:
        try:
            return answers.get(timeout=SIGNAL_POLL_S)
        except queue.Empty:
            continue


def run_all(work: Sequence[Callable[[Checkpoint], T]], limit: int = 8) -> list[T]:
    """Run every piece, at most `limit` at once; raise the first error as soon as it is there.

    Threads are not waited for after an error or Ctrl-C: they end at their next checkpoint, and
    with the program at the latest. A single piece runs in the caller's own thread.
    """
    if len(work) == 1:
        return [work[0](lambda: None)]
    stop = threading.Event()
    todo = queue.SimpleQueue[tuple[int, Callable[[Checkpoint], T]]]()
    done = queue.SimpleQueue[tuple[int, T] | BaseException]()
    for piece in enumerate(work):
        todo.put(piece)
    for _ in range(min(limit, len(work))):
        threading.Thread(target=_work, args=(todo, done, stop), daemon=True).start()
    results: dict[int, T] = {}
    try:
        while len(results) < len(work):
            ended = wait_interruptibly(done)
            if isinstance(ended, BaseException):
                raise ended
            results[ended[0]] = ended[1]
    finally:
        stop.set()
    return [results[number] for number in range(len(work))]


def _work(
    todo: "queue.SimpleQueue[tuple[int, Callable[[Checkpoint], T]]]",
    done: "queue.SimpleQueue[tuple[int, T] | BaseException]",
    stop: threading.Event,
) -> None:
    def checkpoint() -> None:
        if stop.is_set():
            raise Cancelled

    while not stop.is_set():
        try:
            number, piece = todo.get_nowait()
        except queue.Empty:
            return
        try:
            done.put((number, piece(checkpoint)))
        except BaseException as error:  # noqa: BLE001 - raised again by run_all
            done.put(error)
