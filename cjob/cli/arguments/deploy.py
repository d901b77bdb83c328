"""`cjob deploy`: build, push, render and deploy jobs.

Runs the single commands' stages in one process: load, resolve, build, push, render, diff, apply.
With --diff it prints the differences before anything is uploaded, and asks whether to continue. If
nothing has changed, nothing is uploaded. Prints text everywhere; with -o json, documents with a
"deployment" section.
"""

import argparse

from cjob.cli.arguments import shared

EXAMPLES = """\
examples:
  cjob deploy --name report-gen --env test
  cjob deploy \\
    --resource-tags source/revision=bb133e7,deployment/initiator=manual
  cjob deploy --diff
  cjob deploy --all -e test --run
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(command="deploy", refuses_findings=True)
    shared.add_composite(parser)
    shared.add_resource_tags(parser)
    shared.add_cdk_env(parser)
    shared.add_diff(parser, "print the differences, and ask before deploying")
    shared.add_yes(parser, "with --diff, do not ask")
    parser.add_argument(
        "--run", action="store_true", help="then run each job that changed, and wait for its end"
    )
    shared.add_deployment(parser)
    shared.add_build(parser)
    shared.add_create_repository(parser)
    shared.add_allow_outside(parser)
    shared.add_common(parser)
    shared.add_composite_output(parser)
