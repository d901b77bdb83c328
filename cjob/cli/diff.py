"""`cjob diff`: compare what was rendered with the live stack.

Reads documents of cjob render on stdin, or begins from the workspace (-n, -e); writes them with a
"diff" section, which makes them plans: cjob apply refuses one when the live stack has changed.
"""

import argparse
import sys

from cjob.cli import console, selection

TYPE_CHECKING = False  # see cjob.cli.parser
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cjob.release import Diff, Release

EXAMPLES = """\
examples:
  cjob-diff -n report -e test
  cjob-diff -n report -e test -o markdown >> "$GITHUB_STEP_SUMMARY"
  cjob-build -n report -e test | cjob-push | cjob-render | cjob-diff > plan.json

The digest of each document is told on stderr: cjob-apply --expect-digest takes that one only.
"""


def options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.set_defaults(command="diff")
    selection.options(parser, output=("json", "text", "markdown"))
    selection.resource_tags(parser)
    selection.cdk_environment(parser)
    parser.add_argument("--exit-code", action="store_true", help="status 1 where something differs")


def run(args: argparse.Namespace) -> int:
    """Write documents with their differences."""
    talk, differing = console.Console(args.log_format), []

    def seen(release: "Release") -> None:
        tell(release, talk)
        if selection.output_form(args) == "json":
            from cjob import wire  # noqa: PLC0415 - help needs none of it

            talk.say(f"{release.job.name}: document {wire.digest(release)}", release.job)
        if release.diff is not None and release.diff.changed:
            differing.append(release.job.name)

    head, filters = ("resolve", "render", "override", "diff"), ("resolve", "diff")
    status = selection.run_command(
        args,
        head,
        filters,
        view,
        needs="stack",
        seen=seen,
        together={"text": text, "markdown": markdown},
    )
    return 1 if differing and args.exit_code else status


def tell(release: "Release", talk: console.Console) -> None:
    """Tell people what was not compared, what changes, and when a new schedule fires."""
    from cjob.diff.summary import summary  # noqa: PLC0415 - help needs none of it
    from cjob.stages.diff import not_compared  # noqa: PLC0415

    for note in not_compared(release):
        talk.say(f"note: {note}", release.job)
    if release.diff is not None and release.diff.changed:
        lines = (f"{release.job.name}: {summary(release.diff)}", *more(release.diff))
        talk.say("\n".join(lines), release.job)


def more(diff: "Diff") -> tuple[str, ...]:
    """Return what the difference itself does not show: when a changed schedule fires."""
    from datetime import UTC, datetime  # noqa: PLC0415 - help needs none of it

    from cjob.diff.summary import schedules  # noqa: PLC0415

    return schedules(diff, datetime.now(UTC), datetime.astimezone)


def view(release: "Release", _form: str = "text") -> str:
    """Give the difference as people read it."""
    if release.diff is None or not release.diff.changed:
        return "No changes.\n"
    if not console.colour(sys.stdout):
        return release.diff.text
    from cjob.diff.painting import painted  # noqa: PLC0415 - help needs none of it

    return painted(release.diff.text)


def text(releases: "Sequence[Release]") -> str:
    """Give the differences as people read them; several are told apart by their jobs' names."""
    if len(releases) == 1:
        return view(releases[0])
    return "".join(f"# {one.job.name} ({one.job.env})\n{view(one)}" for one in releases)


def markdown(releases: "Sequence[Release]") -> str:
    """Give the differences of all jobs for a comment on a pull request."""
    from cjob.diff import markdown as pages  # noqa: PLC0415 - help needs none of it
    from cjob.diff.summary import summary  # noqa: PLC0415
    from cjob.stages.diff import not_compared  # noqa: PLC0415

    return pages.markdown(
        [
            pages.Compared(
                title=f"{release.job.name} ({release.job.env})",
                summary=summary(release.diff),
                notes=(*not_compared(release), *more(release.diff)),
                text=release.diff.text,
            )
            for release in releases
            if release.diff is not None
        ]
    )
