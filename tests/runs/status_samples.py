"""Reports of jobs as AWS may make them, for tests of their status."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from cjob.runs import status
from cjob.runs.model import Attempt, Container, Run
from cjob.runs.model import Status as RunStatus

NOW = datetime(2026, 11, 27, 22, 10, tzinfo=UTC)
DAILY = "cron(0 9 * * ? *)"
DIGEST = "sha256:" + "1a2b3c4d" * 8
IMAGE = f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/acme/report@{DIGEST}"


def stack(
    expression: str = DAILY,
    state: str = "UPDATE_COMPLETE",
    *,
    days: float = 20,
    rule: status.Rule = "ENABLED",
    reason: str = "",
) -> status.Stack:
    """Return a stack that was changed so many days ago."""
    return status.Stack(
        status=state,
        changed_at=NOW - timedelta(days=days),
        reason=reason,
        image=IMAGE,
        expression=expression,
        rule=rule,
    )


def run(
    hours: float,
    outcome: RunStatus = "SUCCEEDED",
    *,
    code: int = 0,
    reason: str = "",
    seconds: float | None = 60,
    job: str = "report",
) -> Run:
    """Return a run that the schedule started so many hours ago."""
    started = NOW - timedelta(hours=hours)
    task = Attempt(
        task_arn="arn:aws:ecs:eu-west-1:123456789012:task/c/0f3c",
        status="STOPPED",
        stop_code="EssentialContainerExited",
        reason="Essential container in task exited",
        memory=512,
        containers=(Container(name=job, exit_code=code, reason=reason),),
    )
    return Run(
        app="acme",
        env="prod",
        job=job,
        name=f"run-{hours}",
        execution_arn=f"arn:aws:states:eu-west-1:123456789012:execution:acme-prod-{job}:{hours}",
        status=outcome,
        trigger="schedule",
        started_at=started,
        stopped_at=None if seconds is None else started + timedelta(seconds=seconds),
        attempts=() if seconds is None else (task,),
        evidence="states",
    )


def daily(*outcomes: RunStatus) -> list[Run]:
    """Return a run at each of the last fire times of the daily schedule, newest first."""
    newest = 13 + 10 / 60  # since 09:00
    return [
        run(newest + 24 * n, outcome, code=0 if outcome == "SUCCEEDED" else 3)
        for n, outcome in enumerate(outcomes)
    ]


def report(
    of: status.Stack | None, runs: Iterable[Run] | None = (), job: str = "report"
) -> status.Report:
    """Return what AWS reports of a job."""
    found = None if runs is None else tuple(runs)
    return status.Report(app="acme", env="prod", job=job, stack=of, runs=found)


def assessed(
    of: status.Stack | None, runs: Iterable[Run] | None = (), job: str = "report"
) -> status.Status:
    """Return the status that comes of it."""
    return status.assess(report(of, runs, job), NOW)
