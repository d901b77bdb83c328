"""`cjob push`: push images, and upload the files that the stack needs.

Reads documents of cjob build from stdin, or starts from the workspace (-n, -e) for a job that
builds no image; writes documents with each image's digest. Uploads only what is missing.
"""

import argparse

from cjob.cli.arguments import shared

EXAMPLES = """\
examples:
  cjob-build -n report -e test | cjob-push > report.pushed.json
  cjob-push -n report -e test --image "$REPOSITORY@$DIGEST" > pushed.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(command="push", refuses_findings=True)
    shared.add_head_and_filter(parser)
    shared.add_resource_tags(parser)
    shared.add_image(parser)
    shared.add_no_latest(parser)
    shared.add_create_repository(parser)
