"""`cjob version`: print the versions of cjob, Python and the libraries.

Text has the version of cjob alone. Put the JSON into a bug report.
"""

import argparse

from cjob.cli.arguments import shared

EXAMPLES = """\
examples:
  cjob version
  cjob version -o json | jq -r .libraries.boto3
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(command="version")
    shared.add_output_form(parser)
