"""`cjob diff`: compare what was rendered with the live stack.

Reads documents of cjob render on stdin, or begins from the workspace (-n, -e); writes them with a
"diff" section, which makes them plans: cjob apply refuses one when the live stack has changed.
"""

import argparse
import sys

from cjob.cli import build_options, job_options, resource_tags
from cjob.cli.output import console
from cjob.reporting.errors import InputError

TYPE_CHECKING = False  # see cjob.cli.parser
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cjob.document.models import Diff, Release

EXAMPLES = """\
examples:
  cjob-diff -n report -e test
  cjob-diff -n report -e test --build
  cjob-diff -n report -e test -o markdown >> "$GITHUB_STEP_SUMMARY"
  cjob-build -n report -e test | cjob-push | cjob-render | cjob-diff > plan.json

The digest of each document is told on stderr: cjob-apply --expect-digest takes that one only.
"""


DEFERRED = "# CloudFormation sees no change in this: it takes effect with the next change\n"


def options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.set_defaults(command="diff")
    job_options.options(parser, output=("json", "text", "markdown"))
    job_options.as_caller(parser)
    resource_tags.options(parser)
    job_options.cdk_environment(parser)
    build_options.compared(parser)
    build_options.options(parser)
    parser.add_argument("--exit-code", action="store_true", help="status 1 where something differs")


def run(args: argparse.Namespace) -> int:
    """Write documents with their differences."""
    from cjob import pipeline  # noqa: PLC0415 - help needs none of it

    if build_options.given(args) and not args.build:
        raise InputError(
            "--engine, --builder, --secret, --image and --no-latest are for builds, and "
            "nothing is built here",
            hint="add --build",
        )
    differing: list[str] = []

    def seen(release: "Release", talk: console.Console) -> None:
        form = job_options.output_form(args)
        tell(release, talk, form)
        if form == "json":
            from cjob.document import codec  # noqa: PLC0415 - help needs none of it

            talk.say(f"{release.job.name}: document {codec.digest(release)}", release.job)
        if release.diff is not None and release.diff.changed:
            differing.append(release.job.name)

    status = job_options.run_command(
        args,
        pipeline.DIFF_BUILT if args.build else pipeline.DIFF,
        pipeline.DIFF_READ,
        view,
        needs="stack",
        seen=seen,
        together={"text": text, "markdown": markdown},
    )
    return 1 if differing and args.exit_code else status


def tell(release: "Release", talk: console.Console, form: str) -> None:
    """Print on stderr what changes, when a new schedule fires, and what was not compared.

    The last is part of a difference in any other `form` than JSON.
    """
    from cjob.diff.summary import summary  # noqa: PLC0415 - help needs none of it

    if form == "json":
        for line in unknown_images(release):
            talk.say(f"note: {line}", release.job)
    if release.diff is not None and release.diff.changes:
        lines = (f"{release.job.name}: {summary(release.diff)}", *more(release.diff))
        talk.say("\n".join(lines), release.job)


def unknown_images(release: "Release") -> tuple[str, ...]:
    """Return a line for each image that was not compared, with what compares it."""
    from cjob.stages.diff import not_compared  # noqa: PLC0415 - help needs none of it

    images = release.images or {}
    return tuple(
        f"the image of {name} was not compared: "
        + (
            "whether it is the deployed one is known after a push"
            if name in images
            else "it was not built (pass --build, or put cjob-build before cjob-diff)"
        )
        for name in not_compared(release)
    )


def more(diff: "Diff") -> tuple[str, ...]:
    """Return what the difference itself does not show: when a changed schedule fires."""
    from datetime import UTC, datetime  # noqa: PLC0415 - help needs none of it

    from cjob.diff.summary import schedules  # noqa: PLC0415

    return schedules(diff, datetime.now(UTC), datetime.astimezone)


def view(release: "Release", _form: str = "text") -> str:
    """Return the difference for people, and which images were not compared."""
    lines = unknown_images(release)
    found = "".join(f"{line}\n" for line in ("# images", *lines)) if lines else ""
    if release.diff is None or not release.diff.changes:
        return f"No other changes.\n{found}" if found else "No changes.\n"
    found = release.diff.text + ("" if release.diff.changed else DEFERRED) + found
    if not console.colour(sys.stdout):
        return found
    from cjob.diff.painting import painted  # noqa: PLC0415 - help needs none of it

    return painted(found)


def text(releases: "Sequence[Release]") -> str:
    """Return the differences as people read them; several are told apart by their jobs' names."""
    if len(releases) == 1:
        return view(releases[0])
    return "".join(f"# {one.job.name} ({one.job.env})\n{view(one)}" for one in releases)


def markdown(releases: "Sequence[Release]") -> str:
    """Return the differences of all jobs for a comment on a pull request."""
    from cjob.diff import markdown as pages  # noqa: PLC0415 - help needs none of it
    from cjob.diff.summary import summary  # noqa: PLC0415
    from cjob.document import codec  # noqa: PLC0415 - help needs none of it

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
