"""Run `cjob diff`."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from cjob import pipeline
from cjob.cli import build_options, job_options, stage_command
from cjob.cli.output import streams
from cjob.cli.output.console import Console
from cjob.context import RunContext
from cjob.diff import markdown as pages
from cjob.diff.stacks import not_compared
from cjob.diff.summary import schedules, summary
from cjob.document import codec
from cjob.document.models import Diff, Release
from cjob.reporting.errors import InputError

DEFERRED = "# CloudFormation sees no change in this: it takes effect with the next change\n"


def run(args: argparse.Namespace) -> int:
    """Write documents with their differences."""
    if build_options.given(args) and not args.build:
        raise InputError(
            "--engine, --builder, --secret, --image and --no-latest are for builds, but "
            "this command builds nothing",
            hint="add --build",
        )
    differing: list[str] = []

    def seen(release: Release, console: Console) -> None:
        form = job_options.output_form(args)
        report_changes(release, console, form)
        if form == "json":
            console.info(f"{release.job.name}: document {codec.digest(release)}", release.job)
            _warn_incomplete(release, console)
        if release.diff is not None and release.diff.changed:
            differing.append(release.job.name)

    status = stage_command.run_command(
        args,
        pipeline.DIFF_BUILD if args.build else pipeline.DIFF,
        pipeline.DIFF_DOCUMENT,
        view,
        warm_up=(RunContext.warm_up_stacks,),
        needs="stack",
        seen=seen,
        together={"text": text, "markdown": markdown},
    )
    return 1 if differing and args.exit_code else status


def _warn_incomplete(release: Release, console: Console) -> None:
    """Warn about a document that cjob apply refuses, because a push has yet to fill it in."""
    job, missing = release.job, release.stack.missing if release.stack else ()
    if missing:
        names, verb = ", ".join(missing), "is" if len(missing) == 1 else "are"
        console.info(
            f"warning: {job.name}: this document cannot be applied: {names} {verb} known only "
            "after a push",
            job,
        )
        head = f"cjob-build -n {job.name} -e {job.env}"
        console.info(f"hint: {head} | cjob-push | cjob-render | cjob-diff > plan.json", job)


def report_changes(release: Release, console: Console, form: str) -> None:
    """Print on stderr what changes, when a new schedule runs the job, and what was not compared.

    In other forms than JSON, what was not compared is part of the data.
    """
    if form == "json":
        for line in unknown_images(release):
            console.info(f"note: {line}", release.job)
    if release.diff is not None and release.diff.changes:
        lines = (f"{release.job.name}: {summary(release.diff)}", *more(release.diff))
        console.info("\n".join(lines), release.job)


def unknown_images(release: Release) -> tuple[str, ...]:
    """Return a line for each image that was not compared, with what compares it."""
    images = release.images or {}
    return tuple(
        f"the image of {name} was not compared: "
        + (
            "a push shows whether it is the deployed one"
            if name in images
            else "it was not built (pass --build, or put cjob-build before cjob-diff)"
        )
        for name in not_compared(release)
    )


def more(diff: Diff) -> tuple[str, ...]:
    """Return what the difference itself does not show: the next runs of a changed schedule."""
    return schedules(diff, datetime.now(UTC), datetime.astimezone)


def view(release: Release, _form: str = "text") -> str:
    """Return the difference for people, and which images were not compared."""
    lines = unknown_images(release)
    found = "".join(f"{line}\n" for line in ("# images", *lines)) if lines else ""
    if release.diff is None or not release.diff.changes:
        return f"No other changes.\n{found}" if found else "No changes.\n"
    found = release.diff.text + ("" if release.diff.changed else DEFERRED) + found
    if not streams.colour(sys.stdout):
        return found
    from cjob.diff.colorize import colorize  # noqa: PLC0415 - for terminals alone

    return colorize(found)


def text(releases: Sequence[Release]) -> str:
    """Return the differences as people read them; each of several begins with its job's name."""
    if len(releases) == 1:
        return view(releases[0])
    return "".join(f"# {one.job.name} ({one.job.env})\n{view(one)}" for one in releases)


def markdown(releases: Sequence[Release]) -> str:
    """Return the differences of all jobs for a comment on a pull request."""
    return pages.markdown(
        [
            pages.Compared(
                title=f"{release.job.name} ({release.job.env})",
                summary=summary(release.diff),
                notes=(
                    *unknown_images(release),
                    *more(release.diff),
                    f"document {codec.digest(release)}",
                ),
                text=release.diff.text,
            )
            for release in releases
            if release.diff is not None
        ]
    )
