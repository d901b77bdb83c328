"""`cjob show`: print what a saved plan contains.

Reads documents from files or stdin, and prints the job, stack, account, images, and the differences
as they were when the plan was made. Compares nothing again, and makes no calls to AWS.
"""

import argparse

from cjob.cli.arguments import shared

EXAMPLES = """\
examples:
  cjob show plan.json
  cjob show -o markdown plan.json > comment.md
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(command="show")
    shared.add_files(parser)
    shared.add_common(parser)
    forms = ("text", "markdown", "json")
    text = f"what stdout gets: {', '.join(forms)} (default: text)"
    shared.add_output(parser, forms, text, default="text", metavar="FORM")
