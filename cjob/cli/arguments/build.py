"""`cjob build`: build a job's images.

Reads the workspace (-n, -e) or documents from stdin; writes documents with an "images" section.
Needs a container engine if the job has something to build; needs no AWS.
"""

import argparse

from cjob.cli.arguments import shared

EXAMPLES = """\
examples:
  cjob-build -n report -e test | cjob-push | cjob-render | cjob-diff > plan.json
  cjob-build -n report -e test --tag v1.2.0 > report.built.json
  cjob-build -n report -e test --secret id=npm,env=NPM_TOKEN > report.built.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(command="build")
    shared.add_head_and_filter(parser)
    shared.add_resource_tags(parser)
    shared.add_build(parser)
    parser.add_argument(
        "--from-metadata",
        action="append",
        default=[],
        metavar="[CONTAINER=]FILE",
        help="use the image in a file that docker buildx build --metadata-file wrote; repeatable",
    )
