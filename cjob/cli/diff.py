"""`cjob diff`: compare what was rendered with the live stack.

Reads documents of cjob render on stdin, or begins from the workspace (-n, -e); writes them with a
"diff" section, which makes them plans: cjob apply refuses one when the live stack has moved.
"""

import argparse
from typing import TYPE_CHECKING

from cjob.cli import console, selection

if TYPE_CHECKING:
    from cjob.release import Release

EXAMPLES = """\
examples:
  cjob-diff -n report -e test
  cjob-build -n report -e test | cjob-push | cjob-render | cjob-diff > plan.json
"""


def options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.set_defaults(command="diff")
    selection.options(parser)
    selection.resource_tags(parser)
    selection.cdk_environment(parser)
    parser.add_argument("--exit-code", action="store_true", help="status 1 where something differs")


def run(args: argparse.Namespace) -> int:
    """Write documents with their differences."""
    differing = []

    def seen(release: "Release") -> None:
        from cjob.stages.diff import not_compared  # noqa: PLC0415 - help needs none of it

        if release.stack is not None:
            for note in not_compared(release.stack):
                console.Console(args.log_format).say(f"note: {note}")
        if release.diff is not None and release.diff.changed:
            differing.append(release.job.name)

    head, filters = ("resolve", "render", "override", "diff"), ("resolve", "diff")
    status = selection.run_command(args, head, filters, view, needs="stack", seen=seen)
    return 1 if differing and args.exit_code else status


def view(release: "Release", _form: str = "text") -> str:
    """Give the difference as people read it."""
    if release.diff is None or not release.diff.changed:
        return "No changes.\n"
    if not console.colour():
        return release.diff.text
    from cjob.diff.painting import painted  # noqa: PLC0415 - help needs none of it

    return painted(release.diff.text)
