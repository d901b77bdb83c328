"""`cjob package`: print or write the template of a job and its parameters, or the difference.

Prints the template; with --output-dir writes it to a folder with its parameters, and with the
addons' template if there is one; with --diff prints how it differs from the deployed stack. With -o
json it prints documents instead. Uploads nothing without --upload-assets.
"""

import argparse

from cjob.cli.arguments import shared

EXAMPLES = """\
examples:
  cjob package -n report-generator -e test
  cjob package -n report-generator -e test --output-dir ./infrastructure
  cjob package -n report-generator -e test --diff

The exit status of --diff is 0 for no differences, 1 for differences, 2 for any error.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(command="package")
    shared.add_composite(parser)
    shared.add_as_caller(parser)
    shared.add_resource_tags(parser)
    shared.add_cdk_env(parser)
    parser.add_argument(
        "--output-dir", metavar="DIR", help="write files to this folder instead of printing"
    )
    parser.add_argument(
        "--upload-assets", action="store_true", help="build images, and upload what the stack needs"
    )
    shared.add_diff(parser, "print the differences, and exit")
    shared.add_build_to_compare(parser)
    shared.add_allow_downgrade(parser, "render even if a newer version deployed the stack")
    shared.add_build(parser)
    shared.add_allow_outside(parser)
    shared.add_common(parser)
    shared.add_composite_output(parser)
