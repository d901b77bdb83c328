"""A run of a job: an execution of its state machine, with the ECS tasks that were its attempts.

The JSON form is an interface, like that of the Release: keys are added and never renamed. Times are
AWS's own, in UTC and whole seconds; what is not known is left out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace  # noqa: TID251 - of these very dataclasses
from datetime import UTC, datetime
from typing import Literal

API_VERSION = "cjob/v1"
KIND = "Run"

Status = Literal[
    "RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE", "MISSED", "UNKNOWN"
]
"""Step Functions' words; MISSED is a fire time without a run, UNKNOWN has begun without an end."""

Trigger = Literal["schedule", "cjob", "other"]
Evidence = Literal["states", "logs", "tasks", "schedule"]

FAILED: frozenset[Status] = frozenset({"FAILED", "TIMED_OUT", "ABORTED"})
UNFINISHED: frozenset[Status] = frozenset({"RUNNING", "PENDING_REDRIVE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where the jobs of an environment run, as the application's records in SSM have it."""

    app: str
    env: str
    account_id: str
    region: str
    manager_role_arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container of a task as ECS reports it; `exit_code` is None until it has ended."""

    name: str
    exit_code: int | None = None
    reason: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One ECS task of a run; without `task_arn` AWS refused to start it, and `error` says why.

    `status` is ECS's last status, such as PROVISIONING, RUNNING or STOPPED; `memory` is in MiB.
    """

    task_arn: str = ""
    task_definition: str = ""
    status: str = ""
    stop_code: str = ""
    reason: str = ""
    error: str = ""
    created_at: datetime | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    memory: int | None = None
    containers: tuple[Container, ...] = ()

    @property
    def task_id(self) -> str:
        """Return the last part of the task's ARN, which names its log streams."""
        return self.task_arn.rpartition("/")[2]

    def container(self, name: str) -> Container | None:
        """Return the container of that name."""
        return next((one for one in self.containers if one.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One execution; `error` and `message` are Step Functions' own words for its end."""

    app: str
    env: str
    job: str
    name: str = ""
    execution_arn: str = ""
    status: Status
    trigger: Trigger = "other"
    by: str = ""
    reason: str = ""
    scheduled_at: datetime | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    attempts: tuple[Attempt, ...] = ()
    error: str = ""
    message: str = ""
    redriven: bool = False
    evidence: Evidence

    @property
    def exit_code(self) -> int | None:
        """Return the main container's exit code in the last attempt; it has the job's name."""
        main = self.attempts[-1].container(self.job) if self.attempts else None
        return main.exit_code if main else None

    @property
    def delay_s(self) -> float | None:
        """Return by how many seconds it started after its fire time, if it has one."""
        if self.scheduled_at is None or self.started_at is None:
            return None
        return (self.started_at - self.scheduled_at).total_seconds()

    @property
    def duration_s(self) -> float | None:
        """Return how many seconds it took, if it has ended."""
        if self.started_at is None or self.stopped_at is None:
            return None
        return (self.stopped_at - self.started_at).total_seconds()

    def with_status(self, status: Status) -> "Run":
        """Return the same run with another status."""
        return replace(self, status=status)

    def as_its_task(self, status: Status) -> "Run":
        """Return the same run, ended with its last attempt as ECS says."""
        stopped = self.attempts[-1].stopped_at
        return replace(self, status=status, stopped_at=stopped, evidence="tasks")

    def with_last_attempt(self, attempt: Attempt) -> "Run":
        """Return the same run with a newer look at its last attempt."""
        return replace(self, attempts=(*self.attempts[:-1], attempt))


def to_json(run: Run, cause: str = "", *, with_attempts: bool = True) -> dict[str, object]:
    """Return the JSON form of a run, with its cause; empty and unknown values are left out."""
    document: dict[str, object] = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "job": {"app": run.app, "env": run.env, "name": run.job},
        "name": run.name,
        "executionArn": run.execution_arn,
        "status": run.status,
        "trigger": run.trigger if run.status != "MISSED" else "schedule",
        "by": run.by,
        "reason": run.reason,
        "scheduledAt": timestamp(run.scheduled_at),
        "startedAt": timestamp(run.started_at),
        "stoppedAt": timestamp(run.stopped_at),
        "exitCode": run.exit_code,
        "cause": cause,
        "redriven": run.redriven or None,
        "attempts": [_known(_attempt(one)) for one in run.attempts] if with_attempts else None,
        "evidence": run.evidence,
    }
    return _known(document)


def timestamp(moment: datetime | None) -> str:
    """Return a time in UTC as RFC 3339 with whole seconds, or an empty string."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


def _attempt(attempt: Attempt) -> dict[str, object]:
    return {
        "taskArn": attempt.task_arn,
        "taskDefinition": attempt.task_definition.rpartition("/")[2],
        "status": attempt.status,
        "stopCode": attempt.stop_code,
        "reason": attempt.reason,
        "error": attempt.error,
        "createdAt": timestamp(attempt.created_at),
        "startedAt": timestamp(attempt.started_at),
        "stoppedAt": timestamp(attempt.stopped_at),
        "containers": [dict(_pairs(one)) for one in attempt.containers],
    }


def _pairs(container: Container) -> Iterator[tuple[str, object]]:
    yield "name", container.name
    yield from _known(
        {"exitCode": container.exit_code, "reason": container.reason, "image": container.image}
    ).items()


def _known(values: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in values.items() if value not in ("", None)}
