"""Calls to AWS that are made again and again until their answer is the one that is waited for.

Waits by the function that it is given; reports an outage once.
"""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from botocore.exceptions import ClientError

from cjob.aws import errors
from cjob.aws.rate_limit import RateLimiter, backoff
from cjob.aws.retry_budget import RetryBudget
from cjob.concurrency.interrupts import Sleep, interruptible
from cjob.reporting.progress import Reporter

T = TypeVar("T")

TIME_LIMIT_S = 90 * 60


class Poller:
    """Makes calls repeatedly; shared by the threads of a run, which share one rate limit."""

    def __init__(self, sleep: Sleep, report: Reporter) -> None:
        """Take the function that waits, and where to report that AWS does not answer."""
        self._sleep = sleep
        self._report = report
        self.limiter = RateLimiter(sleep)

    def answers(
        self,
        call: Callable[[], T],
        *,
        first_s: float = 0.2,
        longest_s: float = 5.0,
        limit_s: float = TIME_LIMIT_S,
    ) -> Iterator[T]:
        """Yield the answers of a call, at least one, until the time limit.

        The pauses grow from `first_s` to `longest_s`. Transient errors are waited for; any other
        error is raised, and so is a transient one after the time limit.
        """
        budget, ends = RetryBudget(self.limiter, self._report), time.monotonic() + limit_s
        for pause in backoff(first_s, longest_s):
            try:
                answer = interruptible(call, self._sleep)
            except (ClientError, *errors.CONNECTION_ERRORS) as error:
                if not budget.allows(error) or time.monotonic() >= ends:
                    raise
            else:
                budget.answered()
                yield answer
                if time.monotonic() >= ends:
                    return
            self.limiter.wait(pause)
