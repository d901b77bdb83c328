"""Ctrl-C for work that runs in several threads."""

import signal
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from cjob.concurrency.interrupts import Interruption, interruptible, run_to_end, shield

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def asked() -> threading.Event:
    """Return what is set once two jobs have asked."""
    return threading.Event()


@pytest.fixture
def silent(asked: threading.Event) -> "Iterator[tuple[str, int]]":
    """Return the address of a server that accepts, reads, and never answers."""
    connections: list[socket.socket] = []

    def accept() -> None:
        with suppress(OSError):
            for _ in range(2):
                connection, _ = server.accept()
                connections.append(connection)
                connection.recv(1)
            asked.set()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()
    for connection in connections:
        connection.close()


def ctrl_c() -> None:
    """Press it."""
    main = threading.main_thread().ident
    assert main
    signal.pthread_kill(main, signal.SIGINT)


def test_results_come_in_the_order_of_the_work() -> None:
    """Errors that are given, rather than raised, are results too."""
    error = ValueError("mine")
    work: list[Callable[[], object]] = [lambda: 1, lambda: error, lambda: 3]
    assert run_to_end(work, 2, Interruption(), None) == [1, error, 3]


def test_one_piece_runs_in_the_callers_thread() -> None:
    """Where Python itself raises KeyboardInterrupt."""
    assert run_to_end([threading.get_ident], 4, Interruption(), 0) == [threading.get_ident()]


def test_an_error_that_is_raised_waits_for_all_others() -> None:
    """Each piece has its own end."""
    ended: list[int] = []
    failed = threading.Event()

    def fails() -> None:
        failed.set()
        raise ValueError("first")

    def ends() -> None:
        failed.wait(10)
        ended.append(1)

    with pytest.raises(ValueError, match="first"):
        run_to_end([fails, ends, ends], 3, Interruption(), None)
    assert ended == [1, 1]


def test_ctrl_c_reaches_every_piece_at_its_wait_and_lets_it_end() -> None:
    """What had not begun stays so."""
    interruption = Interruption()
    begun = threading.Barrier(2, action=ctrl_c)

    def piece() -> str:
        begun.wait(10)
        try:
            interruption.sleep(10)
        except KeyboardInterrupt:
            interruption.sleep(0.01)  # what is done to end safely may wait again
            return "ended"
        return "went on"

    assert run_to_end([piece] * 3, 2, interruption, "skipped") == ["ended", "ended", "skipped"]


def test_a_second_ctrl_c_waits_for_nobody() -> None:
    """The threads end with the process."""
    interruption = Interruption()
    never = threading.Event()

    def piece() -> None:
        ctrl_c()
        try:
            interruption.sleep(10)
        except KeyboardInterrupt:
            ctrl_c()
            never.wait(10)

    def patient() -> None:
        never.wait(10)

    with pytest.raises(KeyboardInterrupt):
        run_to_end([piece, patient], 2, interruption, None)
    never.set()


def test_a_wait_lasts_where_nobody_interrupts() -> None:
    """And raises nothing."""
    Interruption().sleep(0)


def test_a_piece_that_is_waited_for_as_ctrl_c_comes_is_waited_for_after_it() -> None:
    """Python 3.11 and 3.12 take a thread for ended if Ctrl-C comes while it is joined."""
    interruption = Interruption()
    other_ended, never = threading.Event(), threading.Event()

    def rolls_back() -> str:
        other_ended.wait(60)
        never.wait(0.1)  # until the main thread waits for this one
        ctrl_c()
        try:
            interruption.sleep(60)
        except KeyboardInterrupt:
            never.wait(0.3)
            return "rolled back"
        return "not told"

    def other() -> str:
        other_ended.set()
        return "done"

    assert run_to_end([rolls_back, other], 2, interruption, "") == ["rolled back", "done"]


def test_a_call_that_must_not_be_torn_apart_is_answered_before_ctrl_c_counts() -> None:
    """What it did is known then."""
    answered: list[int] = []
    pressed = threading.Event()

    def call() -> None:
        ctrl_c()
        pressed.wait(0.2)
        answered.append(1)

    with pytest.raises(KeyboardInterrupt):
        shield(call)
    assert answered == [1]


def test_a_call_that_is_never_answered_is_not_waited_for_after_ctrl_c() -> None:
    """What it did is found out, or rolled back, without it."""
    answered = threading.Event()

    def call() -> None:
        ctrl_c()
        answered.wait(60)

    try:
        with pytest.raises(KeyboardInterrupt):
            shield(call, timeout_s=0)
        assert not answered.is_set()
    finally:
        answered.set()


def test_a_call_of_any_thread_that_is_never_answered_is_not_waited_for(
    asked: threading.Event,
) -> None:
    """With several jobs, too: each is told once, so that it can roll back."""
    interruption, answered = Interruption(), threading.Event()
    ended: list[str] = []

    def call() -> None:
        asked.set()
        answered.wait(60)

    def piece() -> None:
        try:
            shield(call, interruption.sleep, timeout_s=0)
        except KeyboardInterrupt:
            interruption.sleep(0)
            ended.append("interrupted")

    def presses() -> None:
        assert asked.wait(60)
        ctrl_c()

    try:
        run_to_end([piece, presses], 2, interruption, None)
        assert ended == ["interrupted"]
        assert not answered.is_set()
    finally:
        answered.set()


def test_a_look_of_any_thread_ends_with_ctrl_c_before_it_is_answered(
    silent: "tuple[str, int]", asked: threading.Event
) -> None:
    """An endpoint accepts, and answers none of several jobs."""
    interruption = Interruption()
    ended: list[str] = []

    def look() -> None:
        with socket.create_connection(silent) as connection:
            connection.sendall(b"x")
            connection.recv(1)

    def piece() -> None:
        try:
            interruptible(look, interruption.sleep)
        except KeyboardInterrupt:
            ended.append("interrupted")

    def presses() -> None:
        assert asked.wait(60)
        ctrl_c()
        with suppress(KeyboardInterrupt):
            interruption.sleep(60)

    run_to_end([piece, piece, presses], 3, interruption, None)
    assert ended == ["interrupted", "interrupted"]


def test_a_look_gives_what_it_gives_in_any_thread() -> None:
    """Its answer, or its error."""

    def fails() -> None:
        raise ValueError("mine")

    def piece() -> int:
        with pytest.raises(ValueError, match="mine"):
            interruptible(fails, sleep)
        return interruptible(lambda: 1, sleep)

    sleep = Interruption().sleep
    assert run_to_end([piece, piece], 2, Interruption(), 0) == [1, 1]
    assert piece() == 1


def test_a_call_gives_what_it_gives() -> None:
    """Its answer, or its error."""

    def fails() -> None:
        raise ValueError("mine")

    assert shield(lambda: 1) == 1
    with pytest.raises(ValueError, match="mine"):
        shield(fails)
