"""`cjob target`: look up the application and the environment in AWS.

Reads the workspace (-n, -e) or documents from stdin; writes documents with a "target" section.
Kept in a file, it is everything that rendering needs from AWS: cjob render --target FILE.
"""

import argparse

from cjob.cli.arguments import shared

EXAMPLES = """\
examples:
  cjob-target -n report -e test > target.json
  cjob-render -n report -e test --target target.json -o template
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(command="target")
    shared.add_head_and_filter(parser)
    shared.add_as_caller(parser)
