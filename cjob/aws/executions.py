"""The runs of a job, from two witnesses: Step Functions, and the log of the job's state machine.

Step Functions is asked as the caller, and knows exactly. If the caller may not ask it, or the
environment belongs to another account, the log group of the job is read instead as the manager
role, which may read it in every environment: it has the same events, some seconds later.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from botocore.exceptions import ClientError

from cjob.aws import errors
from cjob.aws.errors import translating_errors
from cjob.aws.one_off import OneOffs
from cjob.aws.run_logs import RunLogs
from cjob.aws.session import Account
from cjob.aws.tasks import Tasks
from cjob.concurrency.interrupts import shield
from cjob.concurrency.pool import run_all
from cjob.document import names
from cjob.reporting.errors import InputError, ServiceError
from cjob.runs import history, listing
from cjob.runs import names as run_names
from cjob.runs.model import UNFINISHED, Environment, Run
from cjob.runs.output import Line

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

Witness = Literal["auto", "states", "logs"]

# The oldest run that is looked for.
OLDEST = timedelta(days=90)
PARALLEL_CALLS = 16
# A name with a time is from the clock of the machine that started the run.
CLOCKS = timedelta(days=1)

STOPPED = "Stopped"
"""The error that Step Functions keeps for a run that `cjob stop` stopped."""

NOT_DEPLOYED = {
    ("StartExecution", "StateMachineDoesNotExist"),
    ("ListExecutions", "StateMachineDoesNotExist"),
    ("DescribeStateMachine", "StateMachineDoesNotExist"),
    ("FilterLogEvents", "ResourceNotFoundException"),
    ("DescribeStacks", "ValidationError"),
}
"""Operations, and the codes of their answers if the job has no state machine, log or stack."""


class Schedule(NamedTuple):
    """When a job's rule fires, and since when that is so."""

    expression: str
    since: datetime


class Executions:
    """Starts, reads and stops runs; shared by all threads of a process."""

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
        self._witness = self._chosen = witness
        self._note = note
        self._lock = threading.Lock()
        self._log = RunLogs(account, environment)
        self._one_offs = OneOffs(account, environment)
        self._tasks_of: dict[str, str] = {}
        self.tasks = Tasks(account, environment)

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

    def start_once(self, job: str, name: str, user: str, overrides: Mapping[str, object]) -> Run:
        """Start a one-off run: the job's task with overrides, without retries and timeout.

        A run of that name that was started before is the one that is meant: it is returned.
        Raises InputError if the job is not deployed, and ServiceError for any other refusal.
        """
        env = self._environment
        with self._deployed(job):
            placement = self._one_offs.placement(job, self.machine(job))
        family = run_names.state_machine(env.app, env.env, job)
        task = self.tasks.find(placement.cluster, family, name)
        if task is None:
            by = f"{history.STARTED_BY}/{user}"
            task = self._one_offs.start(placement, name, by, overrides)
        return self._once(job, task)

    def stop(self, run: Run, reason: str) -> bool:
        """Ask Step Functions to stop an execution; return False if the caller is not allowed to."""
        if self._chosen == "logs" or run_names.is_once(run.name):
            return False
        client = self._account.client("stepfunctions", self._environment.region)
        try:
            with _asked(), translating_errors(f"stop run {run.name}"):
                client.stop_execution(executionArn=run.execution_arn, error=STOPPED, cause=reason)
        except _NotAllowedError:
            if self._chosen == "states":
                raise
            return False
        return True

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

    def events(self, run: Run) -> list[Line]:
        """Return the events of a run's execution as lines; none for a one-off run."""
        if run_names.is_once(run.name):
            return []
        if self._asks_states():
            try:
                return history.lines(run, self._history(run.job, run.execution_arn))
            except _NotAllowedError as error:
                self._fall_back(error)
        found = self._log.of_execution(run.job, run.execution_arn, run.started_at)
        return history.lines(run, found)

    def latest(self, job: str, count: int, since: datetime, histories: int) -> list[Run]:
        """Return the newest runs of a job since a moment, newest first, with the fewest calls.

        `since` should not be long before the oldest that is wanted: the log is read from there on,
        at once. Step Functions is asked for its list, and for so many `histories`: of the newest
        run and the newest that failed. The others have no attempts and no trigger then.
        """
        if self._asks_states():
            try:
                return self._from_states(job, count, since, histories)
            except _NotAllowedError as error:
                self._fall_back(error)
        with self._deployed(job):
            groups = history.by_execution(self._log.since(job, since))
        return self._from_groups(job, groups, count, since)

    def one(self, job: str, name: str, after: datetime | None = None) -> Run | None:
        """Return the run of that name, or None if nothing is known of it (yet).

        The last attempt of a run that still runs is as ECS describes it now. `after` is a moment
        before its start: the log is read from there on.
        """
        if not run_names.is_possible(name):  # AWS would refuse to look for it
            return None
        if run_names.is_once(name):
            return self._task_of(job, name)
        arn = run_names.execution_arn(self.machine(job), name)
        if self._asks_states():
            try:
                events = self._history(job, arn)
            except _NotAllowedError as error:
                self._fall_back(error)
            else:
                return self._current(self._run(job, events, "states")) if events else None
        named = run_names.moment(name)
        begin = after or (named - CLOCKS if named else None)
        with self._deployed(job):
            events = self._log.of_execution(job, arn, begin)
        return self._current(self._run(job, events, "logs")) if events else None

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

    def _task_of(self, job: str, name: str) -> Run | None:
        """Return a one-off run: by its task, which is looked for the first time."""
        arn = self._tasks_of.get(name, "")
        if arn:
            task = self.tasks.read(arn)
        else:
            env = self._environment
            with self._deployed(job):
                cluster = self._one_offs.placement(job, self.machine(job)).cluster
            family = run_names.state_machine(env.app, env.env, job)
            task = self.tasks.find(cluster, family, name)
        return self._once(job, task) if task else None

    def _once(self, job: str, task: Mapping[str, Any]) -> Run:
        env = self._environment
        run = history.run_of_task(task, app=env.app, env=env.env, job=job)
        self._tasks_of[run.name] = task["taskArn"]
        return run

    def _asks_states(self) -> bool:
        return self._witness != "logs"

    def _fall_back(self, error: ServiceError) -> None:
        if self._witness == "states":
            raise error
        with self._lock:
            if self._witness == "auto":
                self._note("not allowed to ask Step Functions: reading runs from the job's log")
            self._witness = "logs"

    # Step Functions

    def _from_states(
        self, job: str, count: int, oldest: datetime, histories: int | None = None
    ) -> list[Run]:
        listed = self._listed(job, count, oldest)
        chosen = listed if histories is None else listing.most_telling(listed, histories)
        work = [lambda _, arn=run.execution_arn: self._history(job, arn) for run in chosen]
        found = run_all(work, PARALLEL_CALLS) if work else []
        whole = [self._run(job, events, "states") for events in found if events]
        if histories is not None:
            known = {run.name for run in chosen}
            whole += [run for run in listed if run.name not in known]
        return _newest(whole, count)

    def _listed(self, job: str, count: int, oldest: datetime) -> list[Run]:
        """Return the newest runs of a job, as Step Functions' list of executions has them."""
        client = self._account.client("stepfunctions", self._environment.region)
        env = self._environment
        found: list[Run] = []
        with self._deployed(job), _asked(), translating_errors(f"list the runs of job {job!r}"):
            pages = client.get_paginator("list_executions").paginate(
                stateMachineArn=self.machine(job), PaginationConfig={"PageSize": min(count, 1000)}
            )
            for page in pages:
                started = [e for e in page["executions"] if e["startDate"] >= oldest]
                found += [listing.run_of(one, app=env.app, env=env.env, job=job) for one in started]
                if len(found) >= count or len(started) < len(page["executions"]):
                    break
        return found[:count]

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
        """Read the history from now back, until there are enough runs."""
        events: list[history.Event] = []
        groups: dict[str, list[history.Event]] = {}
        with self._deployed(job):
            for found in self._log.backwards(job, oldest):
                events += found
                groups = history.by_execution(events)
                if sum(group[0].type == "ExecutionStarted" for group in groups.values()) >= count:
                    break
        return self._from_groups(job, groups, count, oldest)

    def _from_groups(
        self,
        job: str,
        groups: Mapping[str, Sequence[history.Event]],
        count: int,
        oldest: datetime,
    ) -> list[Run]:
        """Return the newest of the runs that the events of executions describe."""
        runs = [self._run(job, group, "logs") for group in groups.values()]
        kept = [run for run in runs if run.started_at and run.started_at >= oldest]
        return [self._current(run) for run in _newest(kept, count)]

    def _current(self, run: Run) -> Run:
        """Return a run that has not ended with its last attempt as ECS describes it now.

        In the log the end of a run may be missing: then the run is what its last task tells.
        """
        if run.status not in UNFINISHED or not run.attempts or not run.attempts[-1].task_arn:
            return run
        last = run.attempts[-1]
        task = None if last.status == "STOPPED" else self.tasks.describe(last.task_arn)
        if task is not None:
            run = run.with_last_attempt(task)
        if run.evidence == "states" or (task is not None and task.status != "STOPPED"):
            return run
        return history.without_end(run, task, datetime.now(UTC))

    def _run(
        self, job: str, events: Sequence[history.Event], evidence: Literal["states", "logs"]
    ) -> Run:
        env = self._environment
        return history.run_of(events, app=env.app, env=env.env, job=job, evidence=evidence)

    def _deployed(self, job: str) -> "AbstractContextManager[None]":
        return _deployed(job, self._environment.env)


@contextmanager
def _deployed(job: str, env: str) -> Iterator[None]:
    """Turn the answer that there is no state machine, no log group or no stack into InputError."""
    try:
        yield
    except ServiceError as error:
        cause = error.__cause__
        if not isinstance(cause, ClientError):
            raise
        if (cause.operation_name, errors.code(cause)) not in NOT_DEPLOYED:
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
    oldest = datetime.min.replace(tzinfo=UTC)
    return sorted(begun, key=lambda run: run.started_at or oldest, reverse=True)[:count]
