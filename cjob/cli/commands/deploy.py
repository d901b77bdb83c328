"""Run `cjob deploy`."""

import argparse

from cjob import pipeline
from cjob.cli import defaults, job_options, prompts
from cjob.cli.commands import apply
from cjob.cli.commands import diff as diff_command
from cjob.cli.output import console, streams
from cjob.document import codec
from cjob.document.models import Change, Deployment, Release, required
from cjob.document.records import replace
from cjob.pipeline import Stages
from cjob.reporting.errors import DONE, InputError
from cjob.stages.diff import not_compared

QUESTION = "\nContinue with the deployment? (y/N) "


def run(args: argparse.Namespace) -> int:
    """Deploy the jobs that were named; give the worst status."""
    args.force_plan = not args.diff  # a difference that nobody was shown binds nobody
    tools, stages, talk = job_options.prepare(args, **apply.choices(args))
    defaults.complete(args, tools, talk)
    begun = tuple(stages.load(job) for job in job_options.chosen_jobs(args, tools))
    jobs = [release.job for release in begun]
    *before, last = pipeline.DEPLOY
    if args.diff:
        with pipeline.undeployed():
            begun, before = _shown(args, begun, stages, talk), list(pipeline.DEPLOY_SHOWN)
        if not any(_differs(release) or _unknown(release) for release in begun):
            with pipeline.undeployed():
                pipeline.run(begun, stages, ("check_unchanged",), args.jobs)
            return _unchanged(args, begun)
        with pipeline.undeployed():
            if not _agreed(args, begun):
                return DONE
    with talk.watching(jobs):
        with pipeline.undeployed():
            ready = pipeline.run(begun, stages, before, args.jobs)
        if args.diff:
            _check_shown(begun, ready)
        outcomes = pipeline.run_each(ready, stages, last, args.jobs, fail_fast=args.fail_fast)
    return apply.finish(args, outcomes, talk)


def _shown(
    args: argparse.Namespace,
    begun: tuple[Release, ...],
    stages: Stages,
    talk: console.Console,
) -> tuple[Release, ...]:
    """Compare, before anything is sent, and show what differs."""
    with talk.watching([release.job for release in begun]):
        compared = pipeline.run(begun, stages, pipeline.DEPLOY_DIFF, args.jobs)
    for release in compared:
        diff_command.tell(release, talk, "text")
    shown = diff_command.text(compared)
    if args.output == "text":
        streams.write(shown)
    elif shown:
        talk.say(shown.rstrip("\n"))
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
    if not console.can_ask():
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
