"""`cjob iam`: print the permissions in AWS that commands need.

Name the commands that will be run (default: deploy, which needs all that the others do), and
create-repository where they are given that option. Calls are made as the caller, which is a person
or a role of CI, or as the environment's manager role, which the caller assumes. With -o json it
prints one policy, the caller's or (--role manager) the manager role's, as aws iam create-policy
takes it. Needs no AWS.
"""

import argparse
import os

from cjob.cli import console, selection
from cjob.errors import DONE, InputError

TYPE_CHECKING = False  # see cjob.cli.parser
if TYPE_CHECKING:
    from cjob.aws.rights import Scope

EXAMPLES = """\
examples:
  cjob iam -a acme
  cjob iam package diff -a acme -e test
  cjob iam -a acme -o json > policy.json
  aws iam create-policy --policy-name cjob-acme \\
    --policy-document file://policy.json
"""

IDENTITIES = ("caller", "manager")
PARTITIONS = ("aws", "aws-cn", "aws-us-gov")


def options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.set_defaults(command="iam")
    parser.add_argument(
        "commands",
        nargs="*",
        metavar="COMMAND",
        help="a command that is to be run (default: deploy)",
    )
    selection.app_option(parser)
    parser.add_argument("-e", "--env", metavar="ENV", help="the environment (default: all)")
    parser.add_argument(
        "--partition", choices=PARTITIONS, help="AWS partition (default: that of AWS_REGION)"
    )
    parser.add_argument(
        "--role", choices=IDENTITIES, help="whose policy -o json is (default: caller)"
    )
    selection.common(parser)
    parser.add_argument("-o", "--output", choices=("text", "json"), help=selection.OUTPUT)


def run(args: argparse.Namespace) -> int:
    """Write the policy, or what it comes to in words."""
    from cjob.aws import rights  # noqa: PLC0415 - help needs none of these
    from cjob.cli import permissions  # noqa: PLC0415

    for command in args.commands:
        if command not in rights.STAGES:
            raise InputError(
                f"{command!r} is no command that calls AWS",
                hint=f"those are: {', '.join(rights.STAGES)}",
            )
    scope = _scope(args)
    needed = rights.needed(args.commands or ["deploy"])
    if selection.output_form(args) == "json":
        own = [right for right in needed if right.identity == (args.role or rights.CALLER)]
        console.write(rights.document(own, scope))
    else:
        identities = [args.role] if args.role else IDENTITIES
        console.write(permissions.explained(needed, scope, identities))
    return DONE


def _scope(args: argparse.Namespace) -> "Scope":
    """Give the names that rights are confined to."""
    from pathlib import Path  # noqa: PLC0415 - help needs none of these

    from cjob import names  # noqa: PLC0415
    from cjob.aws.rights import Scope  # noqa: PLC0415
    from cjob.collaborators import Collaborators  # noqa: PLC0415
    from cjob.release import check_name  # noqa: PLC0415

    app = selection.application(args, Collaborators(Path(args.directory), lambda _: None))
    env = "*" if args.env is None else check_name(args.env, "environment")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", "")
    return Scope(app=app, env=env, partition=args.partition or names.partition(region))
