"""Ctrl-C for several pieces of work, each of which must come to a safe end of its own.

Python raises KeyboardInterrupt in the main thread only. Work that waits with `Interruption.sleep`
gets it in its own thread, once, so that it can roll back what it started, whatever other threads
do. Starts threads; touches nothing else.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from cjob.concurrency.pool import SIGNAL_POLL_S, wait_interruptibly
from cjob.reporting.errors import Interrupted

T = TypeVar("T")

NEVER = float("-inf")

ANSWER_TIMEOUT_S = 5.0
"""How long a call may still take after Ctrl-C; whoever sent SIGTERM may soon send SIGKILL."""

Sleep = Callable[[float], None]


class Interruption:
    """Whether the run should end; shared by all threads of a run."""

    def __init__(self) -> None:
        """Start uninterrupted."""
        self._asked = threading.Event()
        self._heard = threading.local()

    def ask(self) -> None:
        """Interrupt every thread at its next wait."""
        self._asked.set()

    @property
    def asked(self) -> bool:
        """Return whether the run should end."""
        return self._asked.is_set()

    def sleep(self, seconds: float) -> None:
        """Sleep; raise KeyboardInterrupt, once in each thread, if the run should end."""
        if getattr(self._heard, "already", False):
            time.sleep(seconds)
        elif self._asked.wait(seconds):
            self._heard.already = True
            raise KeyboardInterrupt


class Started:
    """Whether something was started that outlives the run, and what to report if the run ends."""

    def __init__(self) -> None:
        """Start with nothing begun."""
        self.left_running: Interrupted | None = None

    def interrupted(self) -> Interrupted:
        """Return the error for a run that was interrupted when nothing could be rolled back."""
        return self.left_running or Interrupted("interrupted before anything was deployed")


class _LastInterrupt:
    """When the run was last interrupted, by the monotonic clock."""

    at = NEVER


def record_interrupt() -> None:
    """Record that the run is interrupted, so that calls that wait for an answer end soon."""
    _LastInterrupt.at = time.monotonic()


def last_interrupt() -> float:
    """Return when the run was last interrupted, by the monotonic clock; `NEVER` if it was not."""
    return _LastInterrupt.at


_Answer = tuple[T | None, BaseException | None]


def _start(call: Callable[[], T], answers: "queue.SimpleQueue[_Answer[T]]") -> None:
    """Make a call in a thread of its own, which puts the answer into a queue."""

    def make() -> None:
        try:
            answers.put((call(), None))
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            answers.put((None, error))

    threading.Thread(target=make, daemon=True).start()


def _result(answer: _Answer[T]) -> T:
    result, error = answer
    if error is not None:
        raise error
    return result  # type: ignore[return-value] # without an error there is one


def shield(
    call: Callable[[], T], sleep: Sleep = time.sleep, timeout_s: float = ANSWER_TIMEOUT_S
) -> T:
    """Make a call and wait for its answer even if Ctrl-C is pressed; raise KeyboardInterrupt then.

    Only the answer tells what must be rolled back. After Ctrl-C the wait is `timeout_s` long, and
    a second Ctrl-C ends it. In other threads than the main one, `sleep` raises KeyboardInterrupt.
    """
    answers, began = queue.SimpleQueue[_Answer[T]](), time.monotonic()
    try:
        _start(call, answers)
        if threading.current_thread() is threading.main_thread():
            answer = wait_interruptibly(answers)
        else:
            answer = _wait_briefly(answers, lambda: last_interrupt() > began, sleep, timeout_s)
    except KeyboardInterrupt:
        record_interrupt()
        with suppress(queue.Empty):
            answers.get(timeout=timeout_s)
        raise
    return _result(answer)


def _wait_briefly(
    answers: "queue.SimpleQueue[T]", is_asked: Callable[[], bool], sleep: Sleep, timeout_s: float
) -> T:
    """Wait for an answer; once the run should end, at most `timeout_s` before `sleep` is called."""
    while True:
        asked = is_asked()
        try:
            return answers.get(timeout=timeout_s if asked else SIGNAL_POLL_S)
        except queue.Empty:
            if asked:
                sleep(0)


def interruptible(call: Callable[[], T], sleep: Sleep) -> T:
    """Make a call that may be abandoned; what `sleep` raises meanwhile ends the wait.

    In the main thread Python itself interrupts the call.
    """
    if threading.current_thread() is threading.main_thread():
        return call()
    answers = queue.SimpleQueue[_Answer[T]]()
    _start(call, answers)
    while True:
        try:
            return _result(answers.get(timeout=SIGNAL_POLL_S))
        except queue.Empty:
            sleep(0)


def _never_enough(_result: object) -> bool:
    return False


def run_to_end(
    work: Sequence[Callable[[], T]],
    limit: int,
    interruption: Interruption,
    skipped: T,
    is_enough: Callable[[T], bool] = _never_enough,
) -> list[T]:
    """Run every piece to its own end, at most `limit` at once; return the results in order.

    No further piece starts after a result for which `is_enough` returns true.

    The first Ctrl-C asks all pieces to end and is not raised; the result of those that had not
    started is `skipped`. The second one is raised at once. A single piece runs in the caller's own
    thread.
    """
    if len(work) == 1:
        return [work[0]()]
    results = [skipped] * len(work)
    raised: list[BaseException] = []
    todo = iter(range(len(work)))  # yields each number once, whichever thread asks for it
    started: list[int] = []
    ended = [threading.Event() for _ in work]
    enough = threading.Event()

    def worker(over: threading.Event) -> None:
        for number in todo:
            started.append(number)  # before the check, which `ask` comes before
            if not (interruption.asked or enough.is_set()):
                try:
                    results[number] = work[number]()
                    if is_enough(results[number]):
                        enough.set()
                except BaseException as error:  # noqa: BLE001 - raised again below
                    raised.append(error)
            ended[number].set()
        over.set()

    threads = [threading.Event() for _ in range(min(limit, len(work)))]
    try:
        for over in threads:
            threading.Thread(target=worker, args=(over,), daemon=True).start()
        _wait_for_all(threads)
    except KeyboardInterrupt:
        interruption.ask()
        record_interrupt()
        _wait_for_all([ended[number] for number in tuple(started)])
    if raised:
        raise raised[0]
    return results


def _wait_for_all(events: Sequence[threading.Event]) -> None:
    """Wait for events: Python 3.11 takes a thread for ended if Ctrl-C interrupts its `join`."""
    for event in events:
        while not event.wait(SIGNAL_POLL_S):
            continue
