"""`cjob diff`: compare a rendered template with the deployed stack.

Reads documents of cjob render from stdin, or starts from the workspace (-n, -e); writes documents
with a "diff" section. They are plans: cjob apply refuses a plan if the stack has changed since.
"""

import argparse

from cjob.cli.arguments import shared

EXAMPLES = """\
examples:
  cjob-diff -n report -e test
  cjob-diff -n report -e test --build
  cjob-diff -n report -e test -o markdown >> "$GITHUB_STEP_SUMMARY"
  cjob-build -n report -e test | cjob-push | cjob-render | cjob-diff > plan.json

The digest of each document is printed on stderr; cjob-apply --expect-digest applies that one only.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(command="diff")
    shared.add_head_and_filter(parser, output=("json", "text", "markdown"))
    shared.add_as_caller(parser)
    shared.add_resource_tags(parser)
    shared.add_cdk_env(parser)
    shared.add_build_to_compare(parser)
    shared.add_build(parser)
    shared.add_exit_code(parser, "exit with status 1 if there are differences")
