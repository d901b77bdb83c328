"""Run `cjob run`."""

import argparse

from cjob.cli import run_options
from cjob.reporting.errors import (
    DONE,
    InputError,
    Interrupted,
    RunFailedError,
    ServiceError,
    StillRunningError,
)
from cjob.reporting.printable import one_line

TYPE_CHECKING = False  # see cjob.cli.parser
if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from cjob.document.models import Job
    from cjob.runs.model import Run
    from cjob.runs.output import Line
    from cjob.stages.one_off import OneOff

# A name that is taken belongs to a run that began at most so long ago.
KEPT_DAYS = 90


def run(args: argparse.Namespace) -> int:
    """Start the run, follow it, and exit as it did."""
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415 - help needs none of these

    once = _one_off(args)
    operation = run_options.Operation(args, several=False)
    [job] = operation.jobs
    now = datetime.now(UTC)
    if once is None:
        name, since = _start(args, operation, job, now)
    else:
        name, since = _start_once(args, operation, job, now, once)
    clocks = timedelta(minutes=1)  # so much AWS's may differ from this machine's
    verb = "joined" if now - since > clocks else "started"
    operation.console.info(f"{verb} run {name}", job)
    if args.detach:
        operation.console.info(f"to follow it: {_follow_command(job, name)}", job)
        _write(args, _begun(operation, job, name, now))
        return DONE
    after = min(since, now) - clocks
    show = _ignore if args.quiet else _to_people(operation, job)
    limit = None if args.max_wait is None else args.max_wait.total_seconds()
    try:
        ended = operation.follower(job, show).follow(job.name, name, after, limit)
    except KeyboardInterrupt:
        raise Interrupted(
            f"interrupted; run {name} continues", hint=f"to follow it: {_follow_command(job, name)}"
        ) from None
    except ServiceError as error:
        hint = f"run {name} continues; to follow it: {_follow_command(job, name)}"
        raise ServiceError(error.message, hint=hint, notes=[*error.notes, error.hint]) from error
    return _finish(args, operation, job, name, ended)


def _one_off(args: argparse.Namespace) -> "OneOff | None":
    """Return what is different in a one-off run; None for a run of the state machine."""
    from cjob.stages import one_off  # noqa: PLC0415 - help needs none of it

    found = one_off.parse(args.words, args.var, args.cpu, args.memory)
    if found is not None and args.reason:
        raise InputError(
            "--reason cannot go with a one-off run: ECS keeps no reason", hint="leave it out"
        )
    if found is not None and args.name:
        found.overrides(args.name[0])  # raises if they are too long
    return found


def _start_once(
    args: argparse.Namespace,
    operation: run_options.Operation,
    job: "Job",
    now: "datetime",
    once: "OneOff",
) -> tuple[str, "datetime"]:
    """Start a one-off run, or join the one of that id; return its name and when it started."""
    import secrets  # noqa: PLC0415 - help needs none of these

    from cjob.runs import names  # noqa: PLC0415

    user = run_options.user_name()
    made = names.new(user, now, secrets.token_hex(2))
    name = names.once(made if args.run_id is None else names.for_id(args.run_id))
    overrides = once.overrides(job.name)
    run = operation.executions.start_once(job.name, name, names.clean(user), overrides)
    return name, run.started_at or now


def _start(
    args: argparse.Namespace, operation: run_options.Operation, job: "Job", now: "datetime"
) -> tuple[str, "datetime"]:
    """Start a run, or join the one of that name; return its name, and no later than it started.

    A name is taken if the id was used before, or if the answer to this very start was lost.
    """
    import json  # noqa: PLC0415
    import secrets  # noqa: PLC0415
    from datetime import timedelta  # noqa: PLC0415

    from cjob.aws.executions import AlreadyStartedError  # noqa: PLC0415
    from cjob.runs import names  # noqa: PLC0415

    if args.run_id is not None:
        # The same on each machine that repeats it, or Step Functions would refuse it.
        name, about = names.for_id(args.run_id), {"by": "cjob", "runId": args.run_id}
    else:
        name = names.new(run_options.user_name(), now, secrets.token_hex(2))
        about = {"by": run_options.user_and_host()}
    text = json.dumps({"cjob": about | ({"reason": args.reason} if args.reason else {})})
    try:
        return name, operation.executions.start(job.name, name, text)
    except AlreadyStartedError:
        return name, now - timedelta(days=KEPT_DAYS)


def _to_people(operation: run_options.Operation, job: "Job") -> "Callable[[Line], None]":
    def show(line: "Line") -> None:
        message = one_line(line.message)
        operation.console.info(f"{line.source.container} | {message}", job)

    return show


def _ignore(_line: "Line") -> None:
    """Show nothing."""


def _finish(
    args: argparse.Namespace,
    operation: run_options.Operation,
    job: "Job",
    name: str,
    ended: "Run | None",
) -> int:
    from cjob.runs import causes  # noqa: PLC0415 - help needs none of these
    from cjob.runs.model import FAILED  # noqa: PLC0415

    if ended is not None and ended.status == "UNKNOWN":
        raise ServiceError(
            f"run {name} of job {job.name!r} has stopped, but its log does not say how",
            hint=f"see its log: cjob logs -n {job.name} -e {job.env} --run {name}",
        )
    if ended is None or ended.status not in {*FAILED, "SUCCEEDED"}:
        raise StillRunningError(
            f"run {name} of job {job.name!r} has not ended yet",
            hint=f"to follow it: {_follow_command(job, name)}",
        )
    if ended.status in FAILED:
        cause = causes.cause_of(ended)
        look = f"see its log: cjob logs -n {job.name} -e {job.env} --run {name}"
        raise RunFailedError(
            f"run {name} of job {job.name!r} failed: {cause.text}", hint=cause.hint or look
        )
    took = causes.duration(ended.duration_s or 0)
    operation.console.info(f"run {name} succeeded after {took}", job)
    _write(args, ended)
    return DONE


def _begun(operation: run_options.Operation, job: "Job", name: str, now: "datetime") -> "Run":
    from cjob.runs import names  # noqa: PLC0415 - help needs none of these
    from cjob.runs.model import Run  # noqa: PLC0415

    is_once = names.is_once(name)
    return Run(
        app=job.app,
        env=job.env,
        job=job.name,
        name=name,
        execution_arn=""
        if is_once
        else names.execution_arn(operation.executions.machine(job.name), name),
        status="RUNNING",
        trigger="cjob",
        started_at=now,
        evidence="tasks" if is_once else "states",
    )


def _write(args: argparse.Namespace, found: "Run") -> None:
    if args.output == "json":
        run_options.write_run(found)


def _follow_command(job: "Job", name: str) -> str:
    return f"cjob logs -n {job.name} -e {job.env} --run {name} -f"
