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
    selection.outside(parser)
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
        names: Sequence[str] = selection.all_jobs(tools)
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
    """Return the environments' names; whoever wrote them, they are fit for a shell."""
    from cjob.manifest import reading  # noqa: PLC0415 - help needs none of these
    from cjob.progress import warning  # noqa: PLC0415
    from cjob.workspace import valid_names  # noqa: PLC0415

    def warn(text: str) -> None:
        tools.tell(warning(text))

    if not args.offline:
        known = tools.directory.environments(selection.application(args, tools))
        return valid_names(known, "environment", warn)
    workspace = tools.workspace
    found = set(workspace.environments(warn))
    for path in map(workspace.manifest, workspace.jobs()):
        text = workspace.read_text(path)
        found.update(reading.environment_names(text, file=workspace.shown(path)))
    return valid_names(found, "environment", warn)
