"""Runs several independent pieces of work at once; the first failure stops the rest.

Takes functions, returns their results in order. Starts threads; touches nothing else.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

Checkpoint = Callable[[], None]
"""Called by a piece of work when it may end early; raises Stopped once another has failed."""

SIGNAL_POLL_S = 0.5
"""How often the main thread checks for signals that another thread received."""


class Cancelled(Exception):  # noqa: N818 - it is a state of the run, not an error of anybody
    """Another piece of work failed, or the user stopped all of them."""


def wait_interruptibly(answers: "queue.SimpleQueue[T]") -> T:
    """Wait for an answer; wake up regularly to notice signals, whichever thread receives them."""
    while True:
        try:
            return answers.get(timeout=SIGNAL_POLL_S)
        except queue.Empty:
            continue


def run_all(work: Sequence[Callable[[Checkpoint], T]], limit: int = 8) -> list[T]:
    """Run every piece, at most `limit` at once; raise the first error immediately.

    After an error or Ctrl-C the threads are not waited for: they end at their next checkpoint, or
    with the program. A single piece runs in the caller's own thread.
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
