"""Run `cjob deploy`."""

import argparse
from collections.abc import Sequence

from cjob import pipeline
from cjob.cli import job_options, prompts, stage_command
from cjob.cli.commands import apply
from cjob.cli.commands import diff as diff_command
from cjob.cli.commands import run as run_command
from cjob.cli.output import streams, terminal
from cjob.cli.output.console import Console
from cjob.cli.running import StartOptions
from cjob.context import RunContext
from cjob.diff.stacks import not_compared
from cjob.document import codec
from cjob.document.models import Change, Deployment, Release, required
from cjob.document.records import replace
from cjob.reporting.errors import DONE, CjobError, InputError
from cjob.stages import runner

QUESTION = "\nContinue with the deployment? (y/N) "


def run(args: argparse.Namespace) -> int:
    """Deploy the jobs; return the worst status."""
    args.allow_stale_plan = not args.diff  # nobody reviewed a difference that was not shown
    if args.run and args.detach:
        raise InputError(
            "--run cannot be combined with --detach", hint="a job runs once it is deployed"
        )
    context, console = job_options.start(args)
    prompts.complete_arguments(args, context, console)
    begun, phases = stage_command.load_jobs(args, context), pipeline.DEPLOY
    if args.diff:
        phases = pipeline.DEPLOY_COMPARED
        with runner.before_deployment():
            begun = _compare(args, begun, context, console)
            if not any(_differs(release) or _unknown(release) for release in begun):
                runner.run(begun, context, *pipeline.DEPLOY_UNCHANGED, jobs=args.parallel)
                return _unchanged(args, begun)
            if not _agreed(args, begun):
                return DONE
    with console.watching([release.job for release in begun]):
        with runner.before_deployment():
            ready = runner.run(begun, context, *phases, jobs=args.parallel)
        if args.diff:
            _check_shown(begun, ready)
        outcomes = runner.run_each(
            ready, context, pipeline.DEPLOY_LAST, jobs=args.parallel, fail_fast=args.fail_fast
        )
    if args.run:
        outcomes = _run_deployed(args, outcomes, context, console)
    return apply.finish(args, outcomes, console, is_shown=args.run)


def _run_deployed(
    args: argparse.Namespace,
    outcomes: Sequence[Release | CjobError],
    context: RunContext,
    console: Console,
) -> list[Release | CjobError]:
    """Show what was deployed, and run each job that changed; the others stay as they are."""
    done = [one for one in outcomes if isinstance(one, Release)]
    if args.output == "text":
        streams.write("".join(map(apply.view, done)))
    changed = [one for one in done if one.deployment and one.deployment.changed]
    stage = run_command.run_stage(context, console, StartOptions(reason="after deploy"))
    ended = dict(zip(map(id, changed), run_command.run_each(changed, context, stage), strict=True))
    return [ended.get(id(one), one) for one in outcomes]


def _compare(
    args: argparse.Namespace,
    begun: tuple[Release, ...],
    context: RunContext,
    console: Console,
) -> tuple[Release, ...]:
    """Compare before anything is sent, and show the differences."""
    with console.watching([release.job for release in begun]):
        compared = runner.run(begun, context, *pipeline.DEPLOY_COMPARE, jobs=args.parallel)
    for release in compared:
        diff_command.report_changes(release, console, "text")
    shown = diff_command.text(compared)
    if args.output == "text":
        streams.write(shown)
    elif shown:
        console.info(shown.rstrip("\n"))
    return compared


def _unchanged(args: argparse.Namespace, compared: tuple[Release, ...]) -> int:
    """Write documents for stacks that are up to date, if -o json asks for them."""
    if args.output == "json":
        done = []
        for release in compared:
            found = required(release.diff, "diff").against
            kept = Deployment(stack_id=found.stack_id, status=found.status, changed=False)
            done.append(replace(release, deployment=kept))
        streams.write(codec.dump(done))
    return DONE


def _agreed(args: argparse.Namespace, compared: tuple[Release, ...]) -> bool:
    """Return whether the person agrees to a deployment that has or may have changes."""
    if args.yes:
        return True
    if not terminal.can_ask():
        known = "there are changes" if any(map(_differs, compared)) else "an image may have changed"
        raise InputError(
            f"{known}, but no terminal to ask for confirmation",
            hint="pass --yes, or make a plan and apply it: cjob help ci",
        )
    return prompts.confirm(QUESTION)


def _check_shown(shown: tuple[Release, ...], ready: tuple[Release, ...]) -> None:
    """Refuse changes that were not shown, except for the digests of images."""
    for before, now in zip(shown, ready, strict=True):
        if _apart_from_images(before) != _apart_from_images(now):
            raise InputError(
                f"job {now.job.name!r}: the template differs from the one that was shown",
                hint="check whether its CDK overrides return a different template each time",
            )


def _apart_from_images(release: Release) -> list[Change]:
    changes = release.diff.changes if release.diff else ()
    return [change for change in changes if change.kind != "image"]


def _differs(release: Release) -> bool:
    return release.diff is not None and release.diff.changed


def _unknown(release: Release) -> bool:
    return bool(not_compared(release))
