"""`cjob list`: name the jobs of the workspace, or the environments of the application.

Prints one name a line, or a JSON array, as a CI matrix takes it. Jobs come from the workspace's
files, environments from AWS; with --offline, environments too come from the workspace.
"""

import argparse

from cjob.cli import console, selection
from cjob.errors import InputError

TYPE_CHECKING = False  # see cjob.cli.parser
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cjob.collaborators import Collaborators

EXAMPLES = """\
examples:
  cjob list jobs
  cjob list jobs -o json        (["cleanup","report"], for a matrix of CI)
  for env in $(cjob list envs); do cjob-diff --all -e "$env" -o text; done
"""


def options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.set_defaults(command="list", target=None)
    parser.add_argument(
        "what", choices=("jobs", "envs"), metavar="{jobs,envs}", help="what to name"
    )
    selection.app_option(parser)
    parser.add_argument(
        "--offline", action="store_true", help="only the environments that the workspace names"
    )
    selection.common(parser)
    parser.add_argument(
        "-o", "--output", choices=("text", "json"), default="text", help="form (default: text)"
    )


def run(args: argparse.Namespace) -> int:
    """Print the names, sorted."""
    tools, _, talk = selection.prepare(args)
    if args.what == "jobs":
        if args.app is not None or args.offline:
            raise InputError(
                f"--{'offline' if args.offline else 'app'} is for envs: jobs are the workspace's",
                hint="cjob list jobs",
            )
        names: Sequence[str] = tools.workspace.jobs()
    else:
        names = _environments(args, tools)
        if not names:
            found = "the workspace names" if args.offline else "the application has"
            talk.say(f"{found} no environment")
    if args.output == "json":
        import json  # noqa: PLC0415 - only for this form

        console.write(json.dumps(list(names), separators=(",", ":")) + "\n")
    else:
        console.write("".join(f"{name}\n" for name in names))
    return 0


def _environments(args: argparse.Namespace, tools: "Collaborators") -> "Sequence[str]":
    if not args.offline:
        return tools.directory.environments(selection.application(args, tools))
    from cjob.manifest import reading  # noqa: PLC0415 - help needs none of these
    from cjob.workspace import read_text  # noqa: PLC0415

    workspace = tools.workspace
    found = set(workspace.environments())
    for path in map(workspace.manifest, workspace.jobs()):
        text = read_text(path, workspace.root)
        found.update(reading.environment_names(text, file=workspace.shown(path)))
    return sorted(found)
