"""`cjob doctor`: check AWS, the workspace, the container engine and the sandbox.

Prints a line for each check, with a hint if something is wrong. Changes nothing. A problem that
concerns some jobs only, such as a missing engine, is a warning; the exit status is that of the
worst error.
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
