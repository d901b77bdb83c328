"""Calls to AWS that take long: they are reported, and not repeated once the run is to end.

Watches a client by botocore's events; starts a timer for each call and touches nothing else.
"""

import threading
import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError

from cjob.concurrency.interrupts import interrupted_since
from cjob.reporting.progress import Reporter, info

if TYPE_CHECKING:
    from botocore.client import BaseClient

AFTER_S = 10.0
AGAIN_S = 30.0
LAST_S = 20.0
"""So long a call that tidies up after an interruption is tried."""

_BEGAN, _TRIES, _TIMER = "cjob_began", "cjob_tries", "cjob_timer"


class CallCancelledError(BotoCoreError):
    """The run is to end, so that a call which failed is not made again."""

    fmt = "interrupted before AWS answered"


class SlowCallMonitor:
    """Reports that AWS does not answer, for all calls of a process together."""

    def __init__(self, report: Reporter, after_s: float = AFTER_S, last_s: float = LAST_S) -> None:
        """Take where it is reported, after which time, and how long calls last at the end."""
        self._report = report
        self._after_s = after_s
        self._last_s = last_s
        self._lock = threading.Lock()
        self._next = 0.0

    def watch(self, client: "BaseClient") -> None:
        """Watch all calls of a client."""
        events = client.meta.events
        events.register("before-call", self._begin)
        events.register("request-created", self._check_retry)
        events.register("after-call", self._end)
        events.register("after-call-error", self._end)

    def _begin(self, model: Any, context: dict[str, Any], **_: object) -> None:  # noqa: ANN401 - botocore's
        context[_BEGAN] = time.monotonic()
        call = f"{model.service_model.service_name} {model.name}"
        self._start(context, call, self._after_s)

    def _start(self, context: dict[str, Any], call: str, seconds: float) -> None:
        timer = context[_TIMER] = threading.Timer(seconds, self._report_silence, (context, call))
        timer.daemon = True
        timer.start()

    def _report_silence(self, context: dict[str, Any], call: str) -> None:
        now = time.monotonic()
        with self._lock:
            is_first = now >= self._next
            if is_first:
                self._next = now + self._after_s
        if is_first:
            waited = round(now - context[_BEGAN])
            self._report(info(f"AWS has not answered {call} for {waited} s; still waiting"))
        self._start(context, call, AGAIN_S)

    @staticmethod
    def _end(context: dict[str, Any], **_: object) -> None:
        timer = context.get(_TIMER)  # none if the call was answered without being sent
        if timer is not None:
            timer.cancel()

    def _check_retry(self, request: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
        """Raise CalledOffError for another try of a call that is not to be waited for any more.

        That is one that began before the run was interrupted, or has been tried for long since.
        """
        context = request.context
        context[_TRIES] = context.get(_TRIES, 0) + 1
        began = context.get(_BEGAN, time.monotonic())
        is_late = interrupted_since() and time.monotonic() - began >= self._last_s
        if context[_TRIES] > 1 and (is_late or interrupted_since(began)):
            raise CallCancelledError
