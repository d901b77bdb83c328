"""`cjob list`: list the workspace's jobs, the application's environments, or a job's inputs.

Prints one name per line, or a JSON array for a CI matrix. Jobs come from the workspace's files,
environments from AWS; with --offline, environments come from the workspace as well. Inputs are the
files that a job's image and stack are made from, each with a digest: as long as the list is the
same, nothing in the workspace needs a new build. The digest of the manifest is that of its text
with variables substituted.
"""

import argparse

from cjob.cli.arguments import shared

EXAMPLES = """\
examples:
  cjob list jobs
  cjob list jobs -o json        (["cleanup","report"], for a CI matrix)
  cjob list inputs -n report -e test
  for env in $(cjob list envs); do cjob-diff --all -e "$env" -o text; done
"""

WHAT = ("jobs", "envs", "inputs")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(command="list", target=None)
    parser.add_argument("what", choices=WHAT, metavar=f"{{{','.join(WHAT)}}}", help="what to list")
    shared.add_jobs(parser)
    shared.add_environment(parser)
    parser.add_argument(
        "--ignore",
        action="append",
        default=[],
        metavar="DIR",
        help="a folder whose files are not inputs; repeatable",
    )
    parser.add_argument(
        "--offline", action="store_true", help="list only the environments that the workspace names"
    )
    shared.add_allow_outside(parser)
    shared.add_common(parser)
    shared.add_output_form(parser)
