"""Which job and environment a composite works on, where the person named none.

One candidate is taken, and said. Several are offered as a numbered list on a terminal, and listed
in the error elsewhere.
"""

import argparse
from collections.abc import Sequence

from cjob.cli import console, selection
from cjob.errors import InputError

TYPE_CHECKING = False  # see cjob.cli.parser
if TYPE_CHECKING:
    from cjob.collaborators import Collaborators


def options(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of the composites that name what to work on."""
    parser.add_argument("-n", "--name", action="append", metavar="JOB", help="a job; repeatable")
    parser.add_argument("--all", action="store_true", help="all scheduled jobs of the workspace")
    parser.add_argument("-e", "--env", metavar="ENV", help="the environment")
    parser.add_argument("-a", "--app", metavar="APP", help="the application (default: workspace's)")
    parser.add_argument("--target", metavar="FILE", help="a document of cjob-target")
    parser.add_argument("--tag", default="", help="tag for the main image (default: git commit)")


def complete(
    args: argparse.Namespace, tools: "Collaborators", talk: console.Console
) -> argparse.Namespace:
    """Fill in the job and the environment where the person named none."""
    if args.name is None and not args.all:
        args.name = [one_of(tools.workspace.jobs(), "job", "-n", talk)]
    if args.env is None and not args.target:
        app = selection.application(args, tools)
        found = tools.directory.environments(app)
        if not found:
            raise InputError(
                f"application {app!r} has no environment in this account and region",
                hint="name the application with -a, or set AWS_REGION and AWS_PROFILE to where it "
                "was made",
            )
        args.env = one_of(found, "environment", "-e", talk)
    return args


def one_of(candidates: Sequence[str], what: str, flag: str, talk: console.Console) -> str:
    """Give the sole candidate, or the one that the person picks; InputError elsewhere."""
    if not candidates:
        raise InputError(f"there is no {what} to choose", hint=f"name the {what} with {flag}")
    if len(candidates) == 1:
        talk.say(f"found one {what} only, taking {candidates[0]}")
        return candidates[0]
    if not console.can_ask():
        raise InputError(
            f"several {what}s: {', '.join(candidates)}", hint=f"name one of them with {flag}"
        )
    listed = "".join(f"  {i}  {name}\n" for i, name in enumerate(candidates, 1))
    answer = console.ask(f"{listed}Which {what}? ").strip()
    if answer in candidates:
        return answer
    if answer.isdecimal() and 1 <= int(answer) <= len(candidates):
        return candidates[int(answer) - 1]
    raise InputError(f"{answer!r} is none of them", hint=f"name the {what} with {flag}")
