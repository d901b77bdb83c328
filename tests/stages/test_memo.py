"""Answers that are asked for once in a run."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cjob.aws.memo import Memo
from cjob.reporting.errors import ServiceError


def test_threads_that_ask_at_once_share_one_call() -> None:
    """The first makes it, and the others wait for it."""
    memo: Memo[int] = Memo()
    asked: list[int] = []
    begun = threading.Event()

    def call() -> int:
        begun.wait(10)
        asked.append(1)
        return 7

    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(memo.get, "a", call) for _ in range(8)]
        begun.set()
        assert [one.result(10) for one in waiting] == [7] * 8
    assert asked == [1]


def test_each_key_has_its_own_answer() -> None:
    """One environment is not another."""
    memo: Memo[int] = Memo()
    assert [memo.get(key, lambda key=key: key) for key in (1, 2, 1)] == [1, 2, 1]  # type: ignore[misc]


def test_a_refreshed_answer_takes_the_place_of_the_first() -> None:
    """A repository was made in the meantime."""
    memo: Memo[int] = Memo()
    numbers = iter(range(9))
    found = [memo.get("a", lambda: next(numbers), refresh=fresh) for fresh in (False, True, False)]
    assert found == [0, 1, 1]


def test_an_error_is_raised_for_all_who_ask() -> None:
    """It would only be the same for each of them."""
    memo: Memo[int] = Memo()
    asked: list[int] = []

    def call() -> int:
        asked.append(1)
        raise ServiceError("no")

    for _ in range(2):
        with pytest.raises(ServiceError, match="no"):
            memo.get("a", call)
    assert asked == [1]
