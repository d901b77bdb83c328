"""Run `cjob runs`."""

import argparse
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from cjob.aws.executions import NotDeployedError, Schedule
from cjob.aws.session import gather
from cjob.cli import run_options
from cjob.cli.arguments.runs import LAST
from cjob.cli.output import streams
from cjob.document.models import Job
from cjob.reporting.errors import DIFFERENT, DONE, InputError
from cjob.runs import causes, missed, model, table
from cjob.runs.model import FAILED, UNFINISHED, Run, timestamp

MOST = 1000
# What is looked at for missed runs if nobody said how far back.
WINDOW_DAYS = 7


def run(args: argparse.Namespace) -> int:
    """Print the runs; with --exit-code, say by the status whether all is well."""
    operation = run_options.Operation(args)
    work = [partial(_runs_if_deployed, args, operation, job) for job in operation.jobs]
    answers: Sequence[list[Run] | None] = gather(*work)
    found = [
        (job, runs) for job, runs in zip(operation.jobs, answers, strict=True) if runs is not None
    ]
    _check_found(args, operation, found)
    wanted = [[run for run in runs if _is_wanted(args, run)] for _, runs in found]
    _write(args, [run for runs in wanted for run in runs])
    for (job, runs), listed in zip(found, wanted, strict=True):
        if not listed and args.run is None:
            operation.console.info(_none(args, job, len(runs)), job)
    return DIFFERENT if args.exit_code and not all(_is_well(runs) for _, runs in found) else DONE


def _runs_if_deployed(
    args: argparse.Namespace, operation: run_options.Operation, job: Job
) -> list[Run] | None:
    """Return the runs of a job; None if it is one of all jobs and not deployed."""
    try:
        return _runs_of(args, operation, job)
    except NotDeployedError as error:
        if not args.all:
            raise
        operation.console.info(error.message, job)
        return None


def _check_found(
    args: argparse.Namespace,
    operation: run_options.Operation,
    found: Sequence[tuple[Job, Sequence[Run]]],
) -> None:
    """Raise InputError if no job is deployed, or none has the run that was named."""
    env = operation.environment.env
    if not found:
        raise InputError(
            f"none of the jobs is deployed in environment {env!r}",
            hint=f"cjob deploy --all -e {env}",
        )
    if args.run is not None and not any(runs for _, runs in found):
        names = ", ".join(repr(job.name) for job, _ in found)
        jobs = "--all" if args.all else " ".join(f"-n {job.name}" for job, _ in found)
        raise InputError(
            f"there is no run {args.run!r} of job {names}, or its log is no longer kept",
            hint=f"see which there are: cjob runs {jobs} -e {env}",
        )


def _none(args: argparse.Namespace, job: Job, count: int) -> str:
    """Return a line that says that none of the `count` runs of a job is listed."""
    if count:
        verbs = {"failed": "failed", "running": "is running"}
        what = " or ".join(verb for option, verb in verbs.items() if getattr(args, option))
        return f"no run of job {job.name!r} {what}, of the last {count}"
    if args.since:
        return f"job {job.name!r} has no runs since {timestamp(args.since)}"
    return f"job {job.name!r} has no runs here yet"


def _runs_of(args: argparse.Namespace, operation: run_options.Operation, job: Job) -> list[Run]:
    executions = operation.executions
    if args.run is not None:
        one = executions.one(job.name, args.run)
        return [one] if one else []
    count = args.last or (MOST if args.since or args.missed else LAST)
    window = args.since or _window()
    found = executions.recent(job.name, count, window if args.missed else args.since)
    if args.missed:
        found += _missed(job, found, executions.schedule(job.name), window)
    return sorted(found, key=lambda run: _time(run).timestamp(), reverse=True)


def _missed(job: Job, runs: Sequence[Run], schedule: Schedule, after: datetime) -> list[Run]:
    """Return the fire times without a run, as runs that were missed."""
    span = max(after, schedule.since), datetime.now(UTC) - missed.GRACE
    return missed.missed_runs(
        schedule.expression, runs, span, app=job.app, env=job.env, job=job.name
    )


def _window() -> datetime:
    return datetime.now(UTC) - timedelta(days=WINDOW_DAYS)


def _time(run: Run) -> datetime:
    return run.started_at or run.scheduled_at or datetime.min.replace(tzinfo=UTC)


def _is_wanted(args: argparse.Namespace, run: Run) -> bool:
    if not args.failed and not args.running:
        return True
    failed = args.failed and (run.status in FAILED or run.status == "MISSED")
    return failed or (args.running and run.status in UNFINISHED)


def _is_well(runs: Sequence[Run]) -> bool:
    """Return whether no run was missed, and the last one that ended succeeded."""
    ended = [run for run in runs if run.status not in UNFINISHED]
    missed = any(run.status == "MISSED" for run in ended)
    return not missed and (not ended or ended[0].status == "SUCCEEDED")


def _write(args: argparse.Namespace, runs: Sequence[Run]) -> None:
    if args.output == "text":
        if runs:
            streams.write(table.table(runs))
        return

    for run in runs:
        document = model.to_json(run, causes.cause_of(run).text, with_attempts=args.attempts)
        run_options.write_line(json.dumps(document, separators=(",", ":")))
