"""Run `cjob run`."""

import argparse
import threading
from collections.abc import Sequence

from cjob.cli import job_options, run_options, stage_command
from cjob.cli.output import streams
from cjob.cli.output.console import Console
from cjob.cli.running import RunEndedError, Starter, StartOptions
from cjob.context import RunContext
from cjob.document import codec
from cjob.document.models import (
    Release,
    RunAttempt,
    RunContainer,
    RunResult,
    required,
)
from cjob.document.records import replace
from cjob.reporting.errors import DONE, CjobError, InputError, Interrupted
from cjob.runs import causes
from cjob.runs.model import Attempt, Run
from cjob.stages import one_off, runner

# As `docker run` and `env` exit if they fail, and not what they run.
OWN_ERROR, NEVER_STARTED = 125, 1


def run(args: argparse.Namespace) -> int:
    """Start the runs, follow them, and return the worst status."""
    options = _start_options(args)
    _check_options(args)
    if not args.pass_exit_code:
        return _run(args, options)
    try:
        return _run(args, options)
    except Interrupted:
        raise
    except CjobError as error:
        status = OWN_ERROR
        if isinstance(error, RunEndedError):
            status = _container_status(error.run, args.container)
        Console(args.log_format, args.directory).error(error)
        return status


def _run(args: argparse.Namespace, options: StartOptions) -> int:
    return _as_head(args, options) if job_options.is_head(args) else _as_filter(args, options)


def _start_options(args: argparse.Namespace) -> StartOptions:
    return StartOptions(
        detach=args.detach,
        run_id=args.run_id,
        reason=args.reason,
        max_wait_s=None if args.max_wait is None else args.max_wait.total_seconds(),
        quiet=args.quiet,
        if_idle=args.if_idle,
        stop_on_interrupt=args.stop_on_interrupt,
        one_off=one_off.parse(args.words, args.var, args.cpu, args.memory),
    )


def _check_options(args: argparse.Namespace) -> None:
    """Raise InputError for options that contradict each other."""
    changed = one_off.parse(args.words, args.var, args.cpu, args.memory)
    several = args.all or len(set(args.name or ())) > 1
    cases = (
        (
            changed and args.reason,
            "--reason cannot be combined with a one-off run: ECS keeps no reason",
        ),
        (
            changed and args.if_idle,
            "--if-idle cannot be combined with a one-off run: it is in no history",
        ),
        (args.container and not args.pass_exit_code, "--container needs --pass-exit-code"),
        (several and args.pass_exit_code, "--pass-exit-code takes one job"),
        (args.detach and args.pass_exit_code, "--pass-exit-code cannot be combined with --detach"),
        (
            args.if_changed and job_options.is_head(args),
            "--if-changed needs documents of cjob-apply: remove -n or --all",
        ),
    )
    for is_wrong, message in cases:
        if is_wrong:
            raise InputError(message, hint="leave one of them out")
    if changed is not None:
        for name in args.name or ():
            changed.overrides(name)  # raises if they are too long


def _as_head(args: argparse.Namespace, options: StartOptions) -> int:
    """Run the jobs that are named; write each run that succeeded, if asked to."""
    if args.file:
        raise InputError("FILE cannot be combined with -n or --all", hint="pass one or the other")
    operation = run_options.Operation(args)
    starter = Starter(operation, options)
    ended: dict[str, Run] = {}

    def start(release: Release, _context: RunContext) -> Release:
        ended[release.job.name] = starter.run(release.job)
        return release

    releases = [Release(job=job) for job in operation.jobs]
    with operation.console.watching(operation.jobs):
        outcomes = run_each(releases, operation.context, start)
    if args.output == "json":
        for release, outcome in zip(releases, outcomes, strict=True):
            kept = ended.get(release.job.name)
            if isinstance(outcome, RunEndedError) and args.keep_failed:
                kept = outcome.run
            if kept is not None:
                run_options.write_run(kept)
    return report(outcomes, operation.console)


def _as_filter(args: argparse.Namespace, options: StartOptions) -> int:
    """Run the jobs of the documents that were read; write them with their `run`."""
    context, console = job_options.start(args)
    for name in args.file:
        job_options.check_no_job(name, context, "cjob run")
    if args.app or args.env:
        raise InputError(
            "no job named", hint="name it with -n, as in -n report; or leave out -e and -a"
        )
    read = stage_command.read_stream(
        args.file, "cjob-run", context, (RunContext.warm_up_lookup,), head="cjob run"
    )
    if args.pass_exit_code and len(read) > 1:
        raise InputError("--pass-exit-code takes one job", hint="leave it out")
    _check_deployed(read)
    begin = run_stage(context, console, options, args.witness)

    def start(release: Release, context: RunContext) -> Release:
        if args.if_changed and not required(release.deployment, "deployment").changed:
            console.info("nothing was deployed: no run started", release.job)
            return release
        return begin(release, context)

    with console.watching([release.job for release in read], labelled=True):
        outcomes = run_each(read, context, start)
    written = [
        one if isinstance(one, Release) else _failed(args, one, release)
        for one, release in zip(outcomes, read, strict=True)
    ]
    if job_options.output_form(args) == "json":
        streams.write(codec.dump(one for one in written if one is not None))
    return report(outcomes, console)


def _failed(args: argparse.Namespace, error: CjobError, release: Release) -> Release | None:
    """Return the document of a run that failed, if it is to be written; else None."""
    if args.keep_failed and isinstance(error, RunEndedError):
        return replace(release, run=result(error.run))
    return None


def _check_deployed(read: Sequence[Release]) -> None:
    """Refuse documents of jobs that are not deployed yet."""
    for release in read:
        deployment = required(release.deployment, "deployment")
        if deployment.status.endswith("IN_PROGRESS"):
            raise InputError(
                f"the deployment of job {release.job.name!r} has not ended: {deployment.status}",
                hint="wait for it: pass the document through cjob-apply --wait-for-stack again",
            )


def run_stage(
    context: RunContext,
    console: Console,
    options: StartOptions,
    witness: run_options.WitnessName = "auto",
) -> runner.Stage:
    """Return a stage that runs a deployed job and adds `run`.

    It refuses a document whose `target` is not what AWS has for the environment.
    """
    lock = threading.Lock()
    known: dict[tuple[str, str], run_options.Runs] = {}

    def start(release: Release, _context: RunContext) -> Release:
        job = release.job
        with lock:
            runs = known.get((job.app, job.env))
            if runs is None:
                runs = run_options.Runs(context, console, job.app, job.env, witness)
                known[job.app, job.env] = runs
        _check_target(release, runs)
        return replace(release, run=result(Starter(runs, options).run(job)))

    return start


def _check_target(release: Release, runs: run_options.Runs) -> None:
    """Raise InputError if the document is for another account, region or role than AWS has."""
    target, found = release.target, runs.environment
    if target is None:
        return
    own = (target.account_id, target.region, target.manager_role_arn)
    if own != (found.account_id, found.region, found.manager_role_arn):
        raise InputError(
            f"the document's target is not what AWS has for environment {found.env!r}",
            hint="make it again with cjob-target, and check where this document comes from",
            place="target",
        )


def run_each(
    releases: Sequence[Release], context: RunContext, stage: runner.Stage
) -> list[Release | CjobError]:
    """Run all jobs at once; return Releases and errors in the same order."""
    try:
        return runner.run_each(releases, context, stage, jobs=max(len(releases), 1))
    except Interrupted:
        raise Interrupted(
            "interrupted again; the runs may continue",
            hint="check the result with: cjob runs",
        ) from None


def report(outcomes: Sequence[Release | CjobError], console: Console) -> int:
    """Report all errors but the worst, and raise that; return 0 if there are none."""
    failed = [one for one in outcomes if isinstance(one, CjobError)]
    if not failed:
        return DONE
    worst = max(failed, key=lambda error: error.status)
    for error in failed:
        console.label(error)
        if error is not worst:
            console.error(error)
    raise worst


def _container_status(ended: Run, container: str | None) -> int:
    """Return the exit status of a container in the last attempt; 1 if it never ran."""
    last = ended.attempts[-1] if ended.attempts else Attempt()
    found = last.container(container or ended.job)
    return NEVER_STARTED if found is None or found.exit_code is None else found.exit_code


def result(ended: Run) -> RunResult:
    """Return what the document has of a run: no times, so that it stays the same."""
    return RunResult(
        name=ended.name,
        execution_arn=ended.execution_arn,
        status=ended.status,
        exit_code=ended.exit_code,
        cause=causes.cause_of(ended).text,
        attempts=tuple(map(_attempt, ended.attempts)),
    )


def _attempt(attempt: Attempt) -> RunAttempt:
    return RunAttempt(
        task_arn=attempt.task_arn,
        task_definition=attempt.task_definition.rpartition("/")[2],
        stop_code=attempt.stop_code,
        reason=attempt.reason or attempt.error,
        containers=tuple(
            RunContainer(name=one.name, exit_code=one.exit_code, reason=one.reason)
            for one in attempt.containers
        ),
    )
