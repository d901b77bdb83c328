"""`cjob sandbox`: run a local AWS with an application to try cjob on.

Needs no account, and no network once it is installed. Messages go to stderr; the settings of `env`
and the JSON of `status` are data, and go to stdout.
"""

import argparse

from cjob.cli.arguments import sandbox_script

EXAMPLES = """\
examples:
  cjob sandbox start && eval "$(cjob sandbox env)"
  cjob sandbox start --app acme --env prod --job report --job tidy-up
  cjob sandbox status -o json | jq -r .endpoint
  cjob sandbox start --strict --env test --env prod
  cjob sandbox stop; eval "$(cjob sandbox env --unset)"
"""

ACTIONS = {
    "start": "install what it needs, start it and set up an application",
    "stop": "stop it, and delete everything that was deployed to it",
    "status": "print whether it is running, and its settings",
    "env": "print the settings that point AWS clients at it",
    "reset": "delete everything in it, and set up the application again",
    "script": "script what the runs of a job do, without containers",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions and their arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, summary in ACTIONS.items():
        action = actions.add_parser(name, help=summary, description=summary)
        if name == "start":
            action.add_argument("--app", help="application (default: demo)")
            action.add_argument(
                "--env",
                action="append",
                metavar="NAME",
                help="an environment; repeatable (default: test)",
            )
            action.add_argument(
                "--env-version",
                default="",
                metavar="VERSION",
                help="version of the environments' template, such as v1.8.0",
            )
            action.add_argument(
                "--job",
                action="append",
                metavar="NAME",
                help="a job to create a repository for; repeatable (default: report)",
            )
            action.add_argument(
                "--port",
                type=int,
                default=0,
                help="port (default: the port of the last start, or a free one)",
            )
            action.add_argument(
                "--strict",
                action="store_true",
                help="enforce permissions: deny what the policies of callers do not allow",
            )
            action.add_argument(
                "--policy",
                metavar="FILE",
                help="with --strict: an IAM policy for you, such as `cjob iam` prints",
            )
        if name == "script":
            sandbox_script.add_arguments(action)
        if name in ("status", "env"):
            choices = ("text", "json")
            action.add_argument("-o", "--output", choices=choices, help="how to print it")
        if name == "env":
            action.add_argument(
                "--unset", action="store_true", help="print the commands that unset the settings"
            )
