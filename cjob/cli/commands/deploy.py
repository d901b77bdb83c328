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
        raise InputError("--run cannot go with --detach", hint="a job runs once it is deployed")
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
        diff_command.tell(release, console, "text")
    shown = diff_command.text(compared)
    if args.output == "text":
        streams.write(shown)
    elif shown:
        console.info(shown.rstrip("\n"))
    return compared


def _unchanged(args: argparse.Namespace, compared: tuple[Release, ...]) -> int:
    """Write the documents of a deployment that has nothing to do, if they were asked for."""
    if args.output == "json":
        done = []
        for release in compared:
            found = required(release.diff, "diff").against
            kept = Deployment(stack_id=found.stack_id, status=found.status, changed=False)
            done.append(replace(release, deployment=kept))
        streams.write(codec.dump(done))
    return DONE


def _agreed(args: argparse.Namespace, compared: tuple[Release, ...]) -> bool:
    """Return whether to go on with a deployment that changes something, or may."""
    if args.yes:
        return True
    if not terminal.can_ask():
        differs = any(map(_differs, compared))
        raise InputError(
            f"{'something differs' if differs else 'an image may differ, once it is pushed'}, and "
            "nobody can be asked here whether to deploy it",
            hint="deploy with --yes, or make a plan and apply it, as in: cjob help ci",
        )

    return prompts.confirm(QUESTION)


def _check_shown(shown: tuple[Release, ...], ready: tuple[Release, ...]) -> None:
    """Refuse to deploy anything but what was shown; images have got their names meanwhile."""
    for before, now in zip(shown, ready, strict=True):
        if _apart_from_images(before) != _apart_from_images(now):
            raise InputError(
                f"what was rendered for {now.job.name} is not what was shown, though nothing moved",
                hint="do its CDK overrides give another template each time?",
            )


def _apart_from_images(release: Release) -> list[Change]:
    changes = release.diff.changes if release.diff else ()
    return [change for change in changes if change.kind != "image"]


def _differs(release: Release) -> bool:
    return release.diff is not None and release.diff.changed


def _unknown(release: Release) -> bool:
    return bool(not_compared(release))
