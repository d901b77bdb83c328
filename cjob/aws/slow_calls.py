"""Calls to AWS that take long: they are reported, and end soon after the run is interrupted.

Watches a client by botocore's events; starts a timer for each call, and outside of the main thread
a thread for each request. Touches nothing else.
"""

import threading
import time
from functools import partial
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import BotoCoreError

from cjob.concurrency.interrupts import ANSWER_TIMEOUT_S, NEVER, interruptible, last_interrupt
from cjob.reporting.progress import Reporter, info

FIRST_REPORT_S = 10.0
REPORT_INTERVAL_S = 30.0

CANCEL_S = ANSWER_TIMEOUT_S + 2.0
"""How long a request may still take after an interruption; calls that change something are waited
for by `shield`, which must give up first."""

CLEANUP_S = 20.0
"""How long a call may take that starts after the interruption, to clean up."""

_BEGAN, _TRIES, _TIMER = "cjob_began", "cjob_tries", "cjob_timer"


class CallCancelledError(BotoCoreError):
    """The run was interrupted during a call, which is no longer waited for or made again."""

    fmt = "interrupted before AWS answered"


class CleanupTimeoutError(BotoCoreError):
    """A call that cleans up after an interruption took too long."""

    fmt = "AWS did not answer in time"


class SlowCallMonitor:
    """Reports that AWS does not answer, for all calls of a process together."""

    def __init__(
        self,
        report: Reporter,
        *,
        first_report_s: float = FIRST_REPORT_S,
        cancel_s: float = CANCEL_S,
        cleanup_s: float = CLEANUP_S,
    ) -> None:
        """Take where to report; the times are those of the module."""
        self._report_line = report
        self._first_report_s = first_report_s
        self._cancel_s = cancel_s
        self._cleanup_s = cleanup_s
        self._lock = threading.Lock()
        self._next = 0.0

    def watch(self, client: BaseClient) -> None:
        """Watch all calls of a client."""
        events = client.meta.events
        events.register("before-call", self._begin)
        events.register("request-created", self._check_retry)
        events.register("before-send", partial(self._send, client))
        events.register("after-call", self._end)
        events.register("after-call-error", self._end)

    def _begin(self, model: Any, context: dict[str, Any], **_: object) -> None:  # noqa: ANN401 - botocore's
        context[_BEGAN] = time.monotonic()
        call = f"{model.service_model.service_name} {model.name}"
        self._start_timer(context, call, self._first_report_s)

    def _start_timer(self, context: dict[str, Any], call: str, seconds: float) -> None:
        timer = context[_TIMER] = threading.Timer(seconds, self._report, (context, call))
        timer.daemon = True
        timer.start()

    def _report(self, context: dict[str, Any], call: str) -> None:
        now = time.monotonic()
        with self._lock:
            is_first = now >= self._next
            if is_first:
                self._next = now + self._first_report_s
        if is_first:
            waited = round(now - context[_BEGAN])
            self._report_line(info(f"AWS has not answered {call} for {waited} s; still waiting"))
        self._start_timer(context, call, REPORT_INTERVAL_S)

    @staticmethod
    def _end(context: dict[str, Any], **_: object) -> None:
        timer = context.get(_TIMER)  # none if the call was answered without being sent
        if timer is not None:
            timer.cancel()

    def _check_retry(self, request: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
        """Raise for a second try of a call that was interrupted, or that cleans up for too long."""
        context = request.context
        context[_TRIES] = context.get(_TRIES, 0) + 1
        if context[_TRIES] > 1:
            self._check(context.get(_BEGAN, time.monotonic()), cancel_s=0)

    def _send(self, client: Any, request: Any, **_: object) -> Any:  # noqa: ANN401 - botocore's
        """Return the response to a request; an interruption ends the wait for it in any thread."""
        began = time.monotonic()
        return interruptible(
            lambda: client._endpoint.http_session.send(request),  # noqa: SLF001 - no other way
            lambda _: self._check(began, self._cancel_s),
        )

    def _check(self, began: float, cancel_s: float) -> None:
        """Raise the error for a call that is no longer waited for, by when it began."""
        now, interrupted = time.monotonic(), last_interrupt()
        if interrupted > began and now - interrupted >= cancel_s:
            raise CallCancelledError
        if NEVER < interrupted <= began and now - began >= self._cleanup_s:
            raise CleanupTimeoutError
