"""Work that is done at the same time."""

import threading
from collections.abc import Callable

import pytest

from cjob.concurrency.pool import Cancelled, Checkpoint, run_all


def giving(value: int, after: threading.Event | None = None) -> Callable[[Checkpoint], int]:
    """Make a piece of work that gives a value, after something has happened."""

    def work(_: Checkpoint) -> int:
        if after:
            assert after.wait(10)
        return value

    return work


def test_results_come_in_the_order_of_the_work() -> None:
    """Whichever ends first."""
    ended = threading.Event()

    def last(_: Checkpoint) -> int:
        ended.set()
        return 3

    assert run_all([giving(1, ended), giving(2), last]) == [1, 2, 3]


def test_no_work_gives_no_results() -> None:
    """Nothing is waited for."""
    assert run_all([]) == []


def test_no_more_than_the_limit_run_at_once() -> None:
    """The others wait until a slot is free."""
    running: list[int] = []
    most: list[int] = []
    lock = threading.Lock()

    def work(_: Checkpoint) -> None:
        with lock:
            running.append(1)
            most.append(len(running))
        threading.Event().wait(0.01)
        with lock:
            running.pop()

    run_all([work] * 9, limit=3)
    assert max(most) == 3


def test_a_single_piece_runs_in_the_caller_s_thread() -> None:
    """Ctrl-C ends it there."""
    assert run_all([lambda _: threading.current_thread()]) == [threading.current_thread()]


def test_the_first_failure_is_raised_and_stops_the_rest() -> None:
    """Work that runs ends at its next checkpoint; work that waits never begins."""
    failed, stopped = threading.Event(), threading.Event()
    begun: list[str] = []

    def fails(_: Checkpoint) -> None:
        failed.set()
        raise ValueError("first")

    def runs(checkpoint: Checkpoint) -> None:
        failed.wait(10)
        try:
            while not stopped.wait(0.01):
                checkpoint()
        except Cancelled:
            stopped.set()
            raise

    with pytest.raises(ValueError, match="first"):
        run_all([runs, fails, lambda _: begun.append("late")], limit=2)
    assert stopped.wait(10)
    assert len(begun) <= 1


def test_a_silent_piece_does_not_hold_up_the_failure() -> None:
    """It is not waited for, as it may be silent for an hour."""
    never = threading.Event()

    def fails(_: Checkpoint) -> int:
        raise ValueError("at once")

    with pytest.raises(ValueError, match="at once"):
        run_all([giving(1, never), fails])
    never.set()
