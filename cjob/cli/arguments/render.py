"""`cjob render`: render the CloudFormation template, its parameters and tags.

Reads documents from stdin, or starts from the workspace (-n, -e); writes documents with a "stack"
section. With --target it needs no AWS. "missing" lists what is known only after a push.
"""

import argparse

from cjob.cli.arguments import shared

EXAMPLES = """\
examples:
  cjob-build -n report -e test | cjob-push | cjob-render | cjob-diff
  cjob-render -n report -e test --target target.json -o template | cfn-lint -
  cjob-render -n report -e test -o template-json | jq .Resources.TaskDefinition
  cjob-render -n report -e test -o params
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(command="render")
    shared.add_head_and_filter(
        parser, output=("json", "text", "template", "template-json", "params")
    )
    shared.add_as_caller(parser)
    shared.add_resource_tags(parser)
    shared.add_cdk_env(parser)
