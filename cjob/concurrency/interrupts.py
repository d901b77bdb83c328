"""Ctrl-C for several pieces of work that each must come to a safe end of their own.

Python raises KeyboardInterrupt in the main thread alone. Work that waits with `sleep` gets it in
its own thread, once, so that it can take back what it began, whoever else is at work. Starts
threads, touches nothing else.
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
"""So long an answer is waited for after Ctrl-C; what sent SIGTERM may send SIGKILL soon."""

Sleep = Callable[[float], None]


class Interruption:
    """Whether the person wants the run to end; shared by all threads of a run."""

    def __init__(self) -> None:
        """Begin without a wish to end."""
        self._asked = threading.Event()
        self._heard = threading.local()

    def ask(self) -> None:
        """Let every thread know, at its next wait."""
        self._asked.set()

    @property
    def asked(self) -> bool:
        """Return whether the run is to end."""
        return self._asked.is_set()

    def sleep(self, seconds: float) -> None:
        """Wait; raise KeyboardInterrupt, once in each thread, where the run is to end."""
        if getattr(self._heard, "already", False):
            time.sleep(seconds)
        elif self._asked.wait(seconds):
            self._heard.already = True
            raise KeyboardInterrupt


class Begun:
    """Whether something was started that outlives the run: what to report if that just ends."""

    def __init__(self) -> None:
        """Begin before that."""
        self.left: Interrupted | None = None

    def interrupted(self) -> Interrupted:
        """Return the error for a run that was interrupted where nothing could be rolled back."""
        return self.left or Interrupted("interrupted before anything was deployed")


class _LastInterrupt:
    """When the run was interrupted last, for calls that are made again and again."""

    at = NEVER


def record_interrupt() -> None:
    """Note that the run is interrupted: what waits for an answer is not to begin again."""
    _LastInterrupt.at = time.monotonic()


def interrupted_since(began: float = NEVER) -> bool:
    """Check whether the run was interrupted after a time of the monotonic clock."""
    return _LastInterrupt.at > began


_Answer = tuple[T | None, BaseException | None]


def _ask(call: Callable[[], T], answers: "queue.SimpleQueue[_Answer[T]]") -> None:
    """Make a call in a thread of its own, and put its answer into a queue."""

    def make() -> None:
        try:
            answers.put((call(), None))
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
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
    """Make a call whose answer is waited for although Ctrl-C is pressed, which is raised then.

    Only so is it known what to roll back. What does not answer soon is not waited for, and a
    second Ctrl-C waits for nothing. In other threads than the main one `sleep` raises it.
    """
    answers, began = queue.SimpleQueue[_Answer[T]](), time.monotonic()
    try:
        _ask(call, answers)
        if threading.current_thread() is threading.main_thread():
            answer = wait_interruptibly(answers)
        else:
            answer = _answer_in_time(answers, lambda: interrupted_since(began), sleep, timeout_s)
    except KeyboardInterrupt:
        record_interrupt()
        with suppress(queue.Empty):
            answers.get(timeout=timeout_s)
        raise
    return _result(answer)


def _answer_in_time(
    answers: "queue.SimpleQueue[T]", is_asked: Callable[[], bool], sleep: Sleep, timeout_s: float
) -> T:
    """Wait for an answer; once the run is to end, not for long before `sleep` raises that."""
    while True:
        asked = is_asked()
        try:
            return answers.get(timeout=timeout_s if asked else SIGNAL_POLL_S)
        except queue.Empty:
            if asked:
                sleep(0)


def interruptible(call: Callable[[], T], sleep: Sleep) -> T:
    """Make a call that only reads; Ctrl-C is raised at once in any thread that uses `sleep`."""
    if threading.current_thread() is threading.main_thread():
        return call()  # where Python itself raises it
    answers = queue.SimpleQueue[_Answer[T]]()
    _ask(call, answers)
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
    """Run every piece to its own end, at most `limit` at once; give the results in order.

    No more of them begin after a result that is enough.

    The first Ctrl-C asks all pieces to end and is not raised; those that had not begun give
    `skipped`. The second one is raised at once. A single piece runs in the caller's own thread.
    """
    if len(work) == 1:
        return [work[0]()]
    results = [skipped] * len(work)
    raised: list[BaseException] = []
    todo = iter(range(len(work)))  # gives each number once, whichever thread asks for it
    begun: list[int] = []
    ended = [threading.Event() for _ in work]
    enough = threading.Event()

    def worker(over: threading.Event) -> None:
        for number in todo:
            begun.append(number)  # before the look whether to go on, which `ask` comes before
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
        _wait_for_all([ended[number] for number in tuple(begun)])
    if raised:
        raise raised[0]
    return results


def _wait_for_all(events: Sequence[threading.Event]) -> None:
    """Wait for events: Ctrl-C in `Thread.join` has Python 3.11 take a thread for ended."""
    for event in events:
        while not event.wait(SIGNAL_POLL_S):
            continue
