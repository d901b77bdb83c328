"""The runs of a job, from two witnesses: Step Functions, and the log of the job's state machine.

Step Functions is asked as the caller, and knows exactly. If the caller may not ask it, or the
environment belongs to another account, the log group of the job is read instead as the manager
role, which may read it in every environment: it has the same events, some seconds later.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from botocore.exceptions import ClientError

from cjob.aws import errors
from cjob.aws.errors import translating_errors
from cjob.aws.session import Account
from cjob.concurrency.interrupts import shield
from cjob.concurrency.pool import run_all
from cjob.document import names
from cjob.reporting.errors import InputError, ServiceError
from cjob.runs import history
from cjob.runs import names as run_names
from cjob.runs.model import UNFINISHED, Attempt, Environment, Run

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from mypy_boto3_logs import CloudWatchLogsClient

Witness = Literal["auto", "states", "logs"]

# The days of history that are read at once, and the oldest that is looked at: a log group keeps 30
# days by default.
DAYS_AT_ONCE = 8
OLDEST = timedelta(days=90)
PARALLEL_CALLS = 16
# A run without an end in the log, whose task is gone, has ended unless its end is on its way.
LATE = timedelta(minutes=10)

NOT_DEPLOYED = ("StateMachineDoesNotExist", "ResourceNotFoundException")


class Schedule(NamedTuple):
    """When a job's rule fires, and since when that is so."""

    expression: str
    since: datetime


class Executions:
    """Starts runs and reads them; shared by all threads of a process."""

    def __init__(
        self,
        account: Account,
        environment: Environment,
        witness: Witness = "auto",
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Take where the jobs run; `note` reports once that the log is read instead."""
        self._account = account
        self._environment = environment
        self._witness = witness
        self._note = note
        self._lock = threading.Lock()

    def start(self, job: str, name: str, text: str) -> datetime:
        """Start an execution of that name and return when it started.

        One of that name and input that still runs is the one that is meant: AWS answers its start.
        Raises InputError if the job is not deployed, AlreadyStartedError if there is a run of that
        name that ended or has another input, and ServiceError for any other refusal.
        """
        env = self._environment
        client = self._account.client("stepfunctions", env.region, env.manager_role_arn)
        machine = self.machine(job)
        try:
            with (
                self._deployed(job),
                translating_errors(f"start a run of job {job!r}", env.manager_role_arn),
            ):
                # Whether it was started decides what an interrupt means: the answer is waited for.
                answer = shield(
                    lambda: client.start_execution(stateMachineArn=machine, name=name, input=text)
                )
        except ServiceError as error:
            if _code(error) == "ExecutionAlreadyExists":
                raise AlreadyStartedError(error.message, hint=error.hint) from error
            raise
        return answer["startDate"]

    def machine(self, job: str) -> str:
        """Return the ARN of a job's state machine."""
        env = self._environment
        return run_names.state_machine_arn(
            names.partition(env.region),
            env.region,
            env.account_id,
            run_names.state_machine(env.app, env.env, job),
        )

    # Reading

    def recent(self, job: str, count: int, after: datetime | None = None) -> list[Run]:
        """Return the newest runs of a job, newest first; none that started before a moment."""
        oldest = after or datetime.now(UTC) - OLDEST
        if self._asks_states():
            try:
                return self._from_states(job, count, oldest)
            except _NotAllowedError as error:
                self._fall_back(error)
        return self._from_log(job, count, oldest)

    def one(self, job: str, name: str, after: datetime | None = None) -> Run | None:
        """Return the run of that name, or None if nothing is known of it (yet).

        `after` is a moment before its start: the log is read from there on.
        """
        if not run_names.is_possible(name):  # AWS would refuse to look for it
            return None
        arn = run_names.execution_arn(self.machine(job), name)
        if self._asks_states():
            try:
                events = self._history(job, arn)
            except _NotAllowedError as error:
                self._fall_back(error)
            else:
                return self._run(job, events, "states") if events else None
        events = self._logged(job, "", pattern=f'"{arn}"', after=after)
        events = [event for event in events if event.execution_arn == arn]
        return self._settled(self._run(job, events, "logs")) if events else None

    def schedule(self, job: str) -> Schedule:
        """Return the deployed schedule of a job, and when its stack was last changed."""
        env = self._environment
        client = self._account.client("cloudformation", env.region, env.manager_role_arn)
        stack = names.job_stack(env.app, env.env, job)
        with (
            self._deployed(job),
            translating_errors(f"read the stack of job {job!r}", env.manager_role_arn),
        ):
            found = client.describe_stacks(StackName=stack)["Stacks"][0]
        parameters = {p["ParameterKey"]: p.get("ParameterValue", "") for p in found["Parameters"]}
        since = found.get("LastUpdatedTime", found["CreationTime"])
        return Schedule(parameters.get("Schedule", ""), since)

    def task(self, arn: str) -> Attempt | None:
        """Return a task as ECS describes it; about an hour after its end it is gone."""
        env = self._environment
        client = self._account.client("ecs", env.region, env.manager_role_arn)
        with translating_errors("look at the run's task", env.manager_role_arn):
            found = client.describe_tasks(cluster=arn.split("/")[1], tasks=[arn])["tasks"]
        return history.attempt_of(found[0]) if found else None

    def _asks_states(self) -> bool:
        return self._witness != "logs"

    def _fall_back(self, error: ServiceError) -> None:
        if self._witness == "states":
            raise error
        with self._lock:
            if self._witness == "auto":
                self._note("Step Functions may not be asked: runs are read from the job's log")
            self._witness = "logs"

    # Step Functions

    def _from_states(self, job: str, count: int, oldest: datetime) -> list[Run]:
        client = self._account.client("stepfunctions", self._environment.region)
        found: list[str] = []
        with (
            self._deployed(job),
            _asked(),
            translating_errors(f"list the runs of job {job!r}"),
        ):
            pages = client.get_paginator("list_executions").paginate(
                stateMachineArn=self.machine(job), PaginationConfig={"PageSize": min(count, 1000)}
            )
            for page in pages:
                started = [e for e in page["executions"] if e["startDate"] >= oldest]
                found += [one["executionArn"] for one in started]
                if len(found) >= count or len(started) < len(page["executions"]):
                    break
        work = [partial(self._history_of, job, arn) for arn in found[:count]]
        histories = run_all(work, PARALLEL_CALLS) if work else []
        runs = [self._run(job, events, "states") for events in histories if events]
        return _newest(runs, count)

    def _history_of(self, job: str, arn: str, _checkpoint: object) -> list[history.Event]:
        return self._history(job, arn)

    def _history(self, job: str, arn: str) -> list[history.Event]:
        """Return the events of an execution; none if there is no such execution."""
        client = self._account.client("stepfunctions", self._environment.region)
        with _asked(), translating_errors(f"read the history of a run of job {job!r}"):
            try:
                pages = client.get_paginator("get_execution_history").paginate(executionArn=arn)
                return [history.event_of_states(e, arn) for page in pages for e in page["events"]]
            except client.exceptions.ExecutionDoesNotExist:
                return []

    # The log

    def _from_log(self, job: str, count: int, oldest: datetime) -> list[Run]:
        """Read the history day by day, from today back, until there are enough runs."""
        today = datetime.now(UTC).date()
        days = [today - timedelta(n) for n in range((today - oldest.date()).days + 1)]
        events: list[history.Event] = []
        for begin in range(0, len(days), DAYS_AT_ONCE):
            some = [str(day) for day in days[begin : begin + DAYS_AT_ONCE]]
            found = run_all([partial(self._logged_on, job, day) for day in some], PARALLEL_CALLS)
            events += [event for of_day in found for event in of_day]
            groups = history.by_execution(events)
            begun = sum(group[0].type == "ExecutionStarted" for group in groups.values())
            if begun >= count:
                break
        runs = [self._run(job, group, "logs") for group in history.by_execution(events).values()]
        kept = [run for run in runs if run.started_at and run.started_at >= oldest]
        return [self._settled(run) for run in _newest(kept, count)]

    def _logged_on(self, job: str, day: str, _checkpoint: object) -> list[history.Event]:
        return self._logged(job, day)

    def _logged(
        self, job: str, day: str, pattern: str = "", after: datetime | None = None
    ) -> list[history.Event]:
        """Return the events in the state machine's log: of one day, or with a pattern."""
        env = self._environment
        client: CloudWatchLogsClient = self._account.client(
            "logs", env.region, env.manager_role_arn
        )
        machine = run_names.state_machine(env.app, env.env, job)
        more: dict[str, Any] = {"filterPattern": pattern} if pattern else {}
        if after is not None:
            more["startTime"] = int(after.timestamp() * 1000)
        with (
            self._deployed(job),
            translating_errors(f"read the log of job {job!r}", env.manager_role_arn),
        ):
            pages = client.get_paginator("filter_log_events").paginate(
                logGroupName=run_names.log_group(env.app, env.env, job),
                logStreamNamePrefix=run_names.history_streams(machine, day),
                **more,
            )
            found = [history.event_of_log(e["message"]) for page in pages for e in page["events"]]
        return [event for event in found if event is not None]

    def _settled(self, run: Run) -> Run:
        """Return a run whose log has no end as what ECS says of its last task."""
        if run.status not in UNFINISHED or not run.attempts or not run.attempts[-1].task_arn:
            return run
        task = self.task(run.attempts[-1].task_arn)
        if task is not None and task.status != "STOPPED":
            return run.with_last_attempt(task)
        ended = task.stopped_at if task else run.started_at
        if ended is None or datetime.now(UTC) - ended < LATE:
            return run
        return run.with_status("UNKNOWN")

    def _run(
        self, job: str, events: Sequence[history.Event], evidence: Literal["states", "logs"]
    ) -> Run:
        env = self._environment
        return history.run_of(events, app=env.app, env=env.env, job=job, evidence=evidence)

    def _deployed(self, job: str) -> "AbstractContextManager[None]":
        return _deployed(job, self._environment.env)


@contextmanager
def _deployed(job: str, env: str) -> Iterator[None]:
    """Turn the answer that there is no state machine, or no log group, into an InputError."""
    try:
        yield
    except ServiceError as error:
        if _code(error) not in NOT_DEPLOYED and "does not exist" not in error.message:
            raise
        raise NotDeployedError(
            f"job {job!r} is not deployed in environment {env!r}",
            hint=f"cjob deploy -n {job} -e {env}",
        ) from error


class NotDeployedError(InputError):
    """There is no stack of that job in the environment."""


class AlreadyStartedError(ServiceError):
    """There is a run of that name already."""


class _NotAllowedError(ServiceError):
    """The caller may not ask Step Functions."""


@contextmanager
def _asked() -> Iterator[None]:
    """Raise _NotAllowedError for a denied call."""
    try:
        yield
    except ServiceError as error:
        if _code(error) not in errors.DENIED:
            raise
        raise _NotAllowedError(error.message, hint=error.hint) from error


def _code(error: ServiceError) -> str:
    """Return AWS's own code of the answer behind an error; empty if there was no answer."""
    cause = error.__cause__
    return errors.code(cause) if isinstance(cause, ClientError) else ""


def _newest(runs: Sequence[Run], count: int) -> list[Run]:
    begun = [run for run in runs if run.started_at]
    return sorted(begun, key=_started, reverse=True)[:count]


def _started(run: Run) -> datetime:
    return run.started_at or datetime.min.replace(tzinfo=UTC)
