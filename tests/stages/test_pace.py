"""How often AWS is asked if many runs are followed, or many jobs are read, at the same time."""

import itertools
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError
from virtual_time import VirtualTime

from cjob.aws.job_status import BURST, INTERVAL_S, JobReports
from cjob.aws.rate_limit import MIN_INTERVAL_S, RateLimiter
from cjob.aws.waiting import LONGEST_PAUSE_S, Waiting
from cjob.reporting.errors import ServiceError
from cjob.runs.model import Attempt, Container, Environment, Run
from cjob.runs.output import Line, Source
from cjob.stages.follow_run import Follower

if TYPE_CHECKING:
    from cjob.aws.executions import Executions
    from cjob.aws.session import Account

RUNS, LASTS_S, CONTAINERS = 50, 120.0, 2
START = datetime(2026, 11, 27, 9, tzinfo=UTC)


class Aws:
    """Runs that end after a while, and the times at which they and their logs were read."""

    def __init__(self, time: VirtualTime) -> None:
        """Begin with nothing read; `throttles` lets it refuse the next looks."""
        self._time = time
        self.looks: list[tuple[float, str]] = []
        self.reads: list[float] = []
        self.throttles = 0

    def one(self, job: str, name: str, _after: datetime | None = None) -> Run:
        """Return a run of two containers."""
        self.looks.append((self._time.now(), name))
        if self.throttles:
            self.throttles -= 1
            answer: Any = {"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}
            raise ServiceError("slower", hint="") from ClientError(answer, "GetExecutionHistory")
        has_ended = self._time.now() >= LASTS_S
        task = Attempt(
            task_arn="arn:aws:ecs:r:1:task/c/1",
            containers=tuple(Container(name=str(number)) for number in range(CONTAINERS)),
        )
        return Run(
            app="acme",
            env="prod",
            job=job,
            name=name,
            status="SUCCEEDED" if has_ended else "RUNNING",
            attempts=(task,),
            evidence="states",
        )

    def stream(self, _source: Source) -> "Aws":
        """Return a container's log."""
        return self

    def new_lines(self, *, to_end: bool = True) -> Iterator[Line]:  # noqa: ARG002 - the protocol's
        """Return no lines, after one call."""
        self.reads.append(self._time.now())
        return iter(())


@cache
def followed(throttles: int = 0) -> Aws:
    """Follow 50 runs at the same time, in no real time, and return what was read."""
    time = VirtualTime()
    aws = Aws(time)
    aws.throttles = throttles
    limiter = RateLimiter(time.sleep, time.now)
    waiting = Waiting(limiter, lambda _: None)
    followers = [
        Follower(aws, aws.stream, lambda _: None, lambda _: None, waiting) for _ in range(RUNS)
    ]
    time.run([partial(one.follow, "report", f"run-{n}", START) for n, one in enumerate(followers)])
    return aws


@pytest.mark.parametrize("seconds", [1, 10, 60])
def test_fifty_followed_runs_share_one_rate(seconds: float) -> None:
    """In any period there are ten looks a second, besides the first look at each run."""
    times = sorted(time for time, _ in followed().looks)
    most = max(sum(begin <= one < begin + seconds for one in times) for begin in times)
    assert most <= RUNS + seconds / MIN_INTERVAL_S + 1
    later = [one for one in times if one > 0]
    most = max(sum(begin <= one < begin + seconds for one in later) for begin in later)
    assert most <= seconds / MIN_INTERVAL_S + 1


def test_each_of_fifty_runs_is_looked_at_as_often_as_the_rate_allows() -> None:
    """None is left out: a look at it follows the last one soon."""
    looks = followed().looks
    for number in range(RUNS):
        own = [time for time, name in looks if name == f"run-{number}"]
        gaps = [later - one for one, later in itertools.pairwise(own)]
        assert max(gaps) <= LONGEST_PAUSE_S + RUNS * MIN_INTERVAL_S + 0.001


def test_a_look_reads_each_container_once() -> None:
    """Of a run that has ended, each is read twice more, for lines that come late."""
    aws = followed()
    assert len(aws.reads) == CONTAINERS * (len(aws.looks) + 2 * RUNS)


def test_throttling_slows_all_runs_and_fails_none() -> None:
    """Until answers have made it fast again."""
    usual = sum(time < 30 for time, _ in followed().looks)
    throttled = followed(throttles=RUNS)
    assert sum(time < 30 for time, _ in throttled.looks) < usual
    assert {name for time, name in throttled.looks if time >= LASTS_S} == {
        f"run-{number}" for number in range(RUNS)
    }


class Stacks:
    """An account whose every client has stacks and rules, and runs that are read from it."""

    exceptions = None

    def client(self, *_: str) -> "Stacks":
        """Return itself."""
        return self

    def describe_stacks(self, StackName: str) -> Mapping[str, Any]:  # noqa: N803 - boto3's
        """Return a stack of that name."""
        return {
            "Stacks": [{"StackStatus": "CREATE_COMPLETE", "CreationTime": START, "N": StackName}]
        }

    def get_paginator(self, _: str) -> "Stacks":
        """Return itself."""
        return self

    def paginate(self, **_: str) -> list[Mapping[str, Any]]:
        """Return a page without rules."""
        return [{"Rules": []}]

    def latest(self, *_: object) -> list[Run]:
        """Return no runs."""
        return []


@pytest.mark.parametrize(("count", "waits"), [(20, 0), (BURST, 0), (200, 200 - BURST)])
def test_the_status_of_many_jobs_is_read_at_a_rate(count: int, waits: int) -> None:
    """The first fifty are read at once."""
    slept: list[float] = []
    limiter = RateLimiter(slept.append, lambda: 0.0, INTERVAL_S)
    account = Stacks()
    where = Environment(app="a", env="e", account_id="1", region="r", manager_role_arn="arn")
    reports = JobReports(cast("Account", account), where, cast("Executions", account), limiter)
    found = reports.read([f"job-{number}" for number in range(count)])
    assert [one.job for one in found] == [f"job-{number}" for number in range(count)]
    turns = sorted(one for one in slept if one)
    assert turns == pytest.approx([INTERVAL_S * n for n in range(1, waits)])
