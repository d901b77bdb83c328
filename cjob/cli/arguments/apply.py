"""`cjob apply`: deploy a rendered document.

Reads rendered documents from stdin or files; writes them with a "deployment" section. A document
with a "diff" section is a plan: cjob refuses it if the stack has changed since the plan was made.
"""

import argparse

from cjob.cli.arguments import shared

EXAMPLES = """\
examples:
  cjob-apply < plan.json
  cjob-apply build/prod/*.plan.json
  cjob-build -n report -e test | cjob-push | cjob-render | cjob-apply
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(command="apply", refuses_findings=True)
    shared.add_files(parser)
    shared.add_deployment(parser)
    parser.add_argument(
        "--allow-stale-plan",
        action="store_true",
        help="apply a plan even if the stack has changed since the plan was made",
    )
    # The name in earlier versions; help and completion do not show it.
    parser.add_argument(
        "--force-plan",
        dest="allow_stale_plan",
        action="store_true",
        default=argparse.SUPPRESS,
        help=argparse.SUPPRESS,
    )
    parser.add_argument(
        "--expect-digest",
        action="append",
        default=[],
        metavar="SHA256",
        help="apply only the document with this digest (printed by cjob-diff); repeat for each",
    )
    parser.add_argument(
        "--expect-env",
        action="append",
        default=[],
        metavar="ENV",
        help="apply only documents for this environment; repeatable",
    )
    parser.add_argument(
        "--expect-job",
        action="append",
        default=[],
        metavar="JOB",
        help="apply only documents for this job; repeatable",
    )
    shared.add_common(parser)
    shared.add_output(parser, ("json", "text"), shared.OUTPUT)
