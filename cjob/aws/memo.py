"""Results that are computed once in a run, however many jobs need them at the same time."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Memo(Generic[T]):
    """Keeps the result or error of a call for each key; may be used by several threads."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock = threading.Lock()
        self._found: dict[Hashable, Future[T]] = {}

    def get(self, key: Hashable, call: Callable[[], T], *, refresh: bool = False) -> T:
        """Return the result of the call for this key; other threads that need it wait.

        With `refresh` the call is made again, and its result replaces the earlier one.
        """
        with self._lock:
            known = None if refresh else self._found.get(key)
            future = self._found[key] = known or Future()
        if known is None:
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001 - the result raises it, here as well
                future.set_exception(error)
        return future.result()
