"""Run `cjob stop`."""

import argparse
from collections.abc import Sequence

from cjob.cli import prompts, run_choice, run_options
from cjob.cli.arguments.stop import MOST_REASON
from cjob.cli.output import terminal
from cjob.document.models import Job
from cjob.reporting.errors import DONE, InputError, Interrupted
from cjob.reporting.printable import one_line
from cjob.runs import causes
from cjob.runs.model import UNFINISHED, Run, timestamp


def run(args: argparse.Namespace) -> int:
    """Stop the runs that are meant."""
    operation = run_options.Operation(args, several=False)
    [job] = operation.jobs
    found = _chosen(args, operation, job)
    running = [one for one in found if one.status in UNFINISHED]
    for one in found:
        if one not in running:
            operation.console.info(f"run {one.name} has ended already: {_words(one)}", job)
    if not found:
        operation.console.info(f"no run of job {job.name!r} is running", job)
    if not running or not _is_confirmed(args, job, running):
        return DONE
    stopped = [_stop(args, operation, job, one) for one in running]
    if args.output == "json":
        for one in stopped:
            run_options.write_run(one)
    return DONE


def _chosen(args: argparse.Namespace, operation: run_options.Operation, job: Job) -> Sequence[Run]:
    """Return the runs to stop; without --run the only one that is running."""
    which = args.run or run_choice.RUNNING
    found = run_choice.matching(which, operation.executions, job)
    if args.run is None and len(found) > 1:
        names = ", ".join(one.name for one in found)
        raise InputError(
            f"{len(found)} runs of job {job.name!r} are running: {names}",
            hint=f"name one of them with --run, as in --run {found[0].name}, or pass --run running",
        )
    return found


def _is_confirmed(args: argparse.Namespace, job: Job, runs: Sequence[Run]) -> bool:
    """Return whether to go ahead: --yes, a run that was named without a terminal, or an answer."""
    if args.yes:
        return True
    if not terminal.can_ask():
        if args.run is not None and run_choice.is_name(args.run):
            return True
        name = runs[0].name
        raise InputError(
            f"there is no terminal to ask whether to stop run {name}",
            hint=f"pass --yes, or name the run: cjob stop -n {job.name} -e {job.env} --run {name}",
        )
    rows = (f"{one.name}: {timestamp(one.started_at)}, by {one.by or one.trigger}" for one in runs)
    listed = "".join(f"  {one_line(row)}\n" for row in rows)
    what = "this run" if len(runs) == 1 else f"these {len(runs)} runs"
    return prompts.confirm(f"{listed}stop {what} of job {job.name!r} in {job.env!r} [y/N]? ")


def _stop(args: argparse.Namespace, operation: run_options.Operation, job: Job, chosen: Run) -> Run:
    """Stop one run, and return it as it ended."""
    who = run_options.user_and_host()
    reason = f"{who}: {args.reason}" if args.reason else who
    try:
        ended = operation.stopper(job).stop(chosen, reason[:MOST_REASON])
    except KeyboardInterrupt:
        look = f"cjob runs -n {job.name} -e {job.env} --run {chosen.name}"
        raise Interrupted(
            f"interrupted; run {chosen.name} may continue", hint=f"check the result with: {look}"
        ) from None
    if ended.status == "SUCCEEDED":
        operation.console.info(f"run {ended.name} succeeded before it was stopped", job)
    else:
        operation.console.info(f"run {ended.name} ended: {_words(ended)}", job)
    return ended


def _words(ended: Run) -> str:
    """Return how a run ended, in words."""
    return causes.cause_of(ended).text or ended.status.lower().replace("_", " ")
