"""Run `cjob apply`."""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from cjob.cli import job_options, stage_command
from cjob.cli.output import streams
from cjob.cli.output.console import Console
from cjob.cli.output.next_steps import next_steps
from cjob.context import RunContext
from cjob.document import codec
from cjob.document.models import Release
from cjob.reporting.errors import CjobError, InputError
from cjob.stages import runner
from cjob.stages.apply import apply
from cjob.stages.resolve import confirm


def run(args: argparse.Namespace) -> int:
    """Deploy documents, write those that succeeded, and return the worst status."""
    context, console = job_options.start(args)
    warm_up = (RunContext.warm_up_lookup, RunContext.warm_up_stacks)
    read = stage_command.read_stream(args.file, "cjob-apply", context, warm_up, head="cjob deploy")
    stage_command.check_sections(read, "stack")
    _check_digests(read, args.expect_digest)
    _check_expected(read, "env", args.expect_env)
    _check_expected(read, "name", args.expect_job)
    _check_single(read)
    with console.watching([release.job for release in read], labelled=True):
        with runner.before_deployment():
            ready = runner.run(read, context, (confirm,), jobs=args.parallel)
        outcomes = runner.run_each(
            ready, context, apply, jobs=args.parallel, fail_fast=args.fail_fast
        )
    return finish(args, outcomes, console)


def _check_single(read: Sequence[Release]) -> None:
    """Refuse two documents for one stack, which would be deployed at the same time."""
    seen: set[tuple[str, str, str]] = set()
    for job in (release.job for release in read):
        names = (job.app, job.env, job.name)  # a Job with keys of later versions has no hash
        if names in seen:
            raise InputError(
                f"two documents for job {job.name!r} in environment {job.env!r}",
                hint="apply one of them",
            )
        seen.add(names)


def _check_digests(read: Sequence[Release], expected: Sequence[str]) -> None:
    """Refuse documents whose digests are not among the expected ones, if there are any."""
    if not expected:
        return
    wanted = sorted("sha256:" + one.removeprefix("sha256:").lower() for one in expected)
    found = [(codec.digest(release), release.job.name) for release in read]
    if sorted(digest for digest, _ in found) != wanted:
        other = [f"{name} has {digest}" for digest, name in found if digest not in wanted]
        raise InputError(
            "unexpected documents: "
            + (", ".join(other) or f"{len(found)} of {len(wanted)} are here"),
            hint="apply the file that was reviewed, or review this one and pass its digest",
        )


def _check_expected(
    read: Sequence[Release], part: "Literal['env', 'name']", expected: Sequence[str]
) -> None:
    """Refuse documents for unexpected jobs or environments."""
    for release in read if expected else ():
        job = release.job
        if getattr(job, part) not in expected:
            raise InputError(
                f"the document is for job {job.name!r} in environment {job.env!r}, "
                f"not {' or '.join(map(repr, expected))}",
                hint="apply the plan that was reviewed",
                place=f"job.{part}",
            )


def finish(
    args: argparse.Namespace,
    outcomes: Sequence[Release | CjobError],
    console: Console,
    *,
    is_shown: bool = False,
) -> int:
    """Write the Releases that succeeded, report the errors, and raise the worst one.

    With `is_shown` the outcomes are on stdout already, if it gets text.
    """
    done = [one for one in outcomes if isinstance(one, Release)]
    failed = [one for one in outcomes if not isinstance(one, Release)]
    is_json = job_options.output_form(args) == "json"
    text = "" if is_shown else "".join(map(view, done))
    try:
        streams.write(codec.dump(done) if is_json else text)
    except BrokenPipeError:
        if not failed:  # a failed deployment matters more than a closed stdout
            raise
    except CjobError as unwritten:  # the disk is full, but the deployments are done
        unwritten.notes = (*unwritten.notes, *(view(release).rstrip("\n") for release in done))
        if not failed:
            raise
        console.error(unwritten)
    for release in done:
        if release.run is None and (steps := _next_steps(release)):
            console.info("\n".join(steps), release.job)
    if not failed:
        return 0
    worst = max(failed, key=lambda error: error.status)
    for error in failed:
        console.label(error)
        if error is not worst:
            console.error(error)
    raise worst


def _next_steps(release: Release) -> tuple[str, ...]:
    """Return hints for after a deployment, and when the job runs next."""
    return next_steps(release, datetime.now(UTC), datetime.astimezone)


def view(release: Release) -> str:
    """Return the outcome for people."""
    deployment = release.deployment
    if deployment is None:
        return ""
    if not deployment.changed:
        return f"{release.job.name}: nothing to change ({deployment.status})\n"
    verb = "started" if deployment.status.endswith("IN_PROGRESS") else "deployed"
    return f"{release.job.name}: {verb} ({deployment.status})\n"
