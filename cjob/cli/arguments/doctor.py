"""`cjob doctor`: check what cjob works with: AWS, the workspace, the engine, the sandbox.

Prints a line for each check, with what to do if something is wrong. Changes nothing. What is needed
for some jobs only, such as an engine, is a warning; the status is that of the worst error.
"""

import argparse

from cjob.cli.arguments import shared

EXAMPLES = """\
examples:
  cjob doctor
  cjob doctor -a acme -e test -o json | jq '.checks[] | select(.state != "ok")'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(command="doctor", target=None)
    shared.add_environment(parser)
    shared.add_common(parser)
    shared.add_output_form(parser)
