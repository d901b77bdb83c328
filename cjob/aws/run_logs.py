"""The history of a job's runs in its log group, into which its state machine writes each event.

Read as the environment's manager role, at the rate that CloudWatch Logs takes.
"""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from cjob.aws.errors import translating_errors
from cjob.aws.rate_limit import RateLimiter
from cjob.aws.session import Account
from cjob.runs import history, names
from cjob.runs.model import Environment

T = TypeVar("T")

# FilterLogEvents takes 5 calls a second in an account and region.
BETWEEN_CALLS_S = 0.2
# The span of the first read, which ends now; each one before it is twice as long.
FIRST_SPAN = timedelta(hours=1)


class RunLogs:
    """Reads histories; shared by all threads of a process, which share the rate."""

    def __init__(self, account: Account, environment: Environment) -> None:
        """Take where the jobs run."""
        self._account = account
        self._environment = environment
        self._limiter = RateLimiter(time.sleep, min_interval_s=BETWEEN_CALLS_S)

    def of_execution(
        self, job: str, arn: str, after: datetime | None = None
    ) -> list[history.Event]:
        """Return the events of an execution; `after` is a moment before its start, if known."""
        events = self._events(job, after, None, pattern=f'"{arn}"')
        return [event for event in events if event.execution_arn == arn]

    def backwards(self, job: str, oldest: datetime) -> Iterator[list[history.Event]]:
        """Yield the events of ever longer spans of time, from now back to a moment."""
        end, span = datetime.now(UTC), FIRST_SPAN
        last: datetime | None = None  # what is written meanwhile is new, too
        while end > oldest:
            begin = max(end - span, oldest)
            yield list(self._events(job, begin, last))
            end = last = begin
            span *= 2

    def since(self, job: str, begin: datetime) -> list[history.Event]:
        """Return the events since a moment: one call, if they are few."""
        return list(self._events(job, begin, None))

    def _events(
        self, job: str, begin: datetime | None, end: datetime | None, pattern: str = ""
    ) -> Iterator[history.Event]:
        """Yield the events between two moments, which may be of the events themselves."""
        env = self._environment
        machine = names.state_machine(env.app, env.env, job)
        times = {"startTime": begin, "endTime": end}
        more: dict[str, Any] = {
            name: int(moment.timestamp() * 1000) for name, moment in times.items() if moment
        }
        if pattern:
            more["filterPattern"] = pattern
        client = self._account.client("logs", env.region, env.manager_role_arn)
        with translating_errors(f"read the log of job {job!r}", env.manager_role_arn):
            pages = client.get_paginator("filter_log_events").paginate(
                logGroupName=names.log_group(env.app, env.env, job),
                logStreamNamePrefix=names.history_streams(machine),
                **more,
            )
            for page in self._paced(pages):
                found = (history.event_of_log(event["message"]) for event in page["events"])
                yield from (event for event in found if event is not None)

    def _paced(self, pages: Iterable[T]) -> Iterator[T]:
        """Yield pages, each of which is a call, no oftener than AWS takes them."""
        each = iter(pages)
        while True:
            self._limiter.wait(0)
            try:
                page = next(each)
            except StopIteration:
                return
            self._limiter.answered()
            yield page
