"""`cjob build`: build a job's images.

Reads the workspace (-n, -e) or documents on stdin; writes them with an "images" section. Needs a
container engine where the job has something to build, and no AWS.
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
        help="take the image that docker buildx build --metadata-file tells of; repeatable",
    )
