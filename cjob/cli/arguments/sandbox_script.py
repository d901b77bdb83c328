"""`cjob sandbox script`: script what the runs of a job do in the sandbox, without containers.

Sets what every later attempt does; with --attempt, what that attempt of each run does.
"""

import argparse

from cjob.cli.arguments import shared

EXAMPLES = """\
examples:
  cjob sandbox script report --log 'good morning'
  cjob sandbox script report --exit 3 --seconds 2
  cjob sandbox script report --attempt 1 --exit 137 --reason 'OutOfMemoryError: killed'
  cjob sandbox script report --stop-code TaskFailedToStart \\
    --reason 'CannotPullContainerError: not found'
  cjob sandbox script report --clear
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("job", metavar="JOB", help="the job")
    shared.add_env(parser, "the environment (default: the first)")
    parser.add_argument("--exit", type=int, default=0, metavar="N", help="exit code (default: 0)")
    shared.add_reason(parser, "the reason that ECS reports")
    parser.add_argument("--stop-code", metavar="CODE", help="the stop code that ECS reports")
    parser.add_argument(
        "--seconds", type=float, default=0, metavar="S", help="how long the task runs"
    )
    parser.add_argument(
        "--log",
        action="append",
        default=[],
        metavar="LINE",
        help="a line that the container writes; repeatable",
    )
    parser.add_argument(
        "--attempt", type=int, metavar="N", help="set this attempt of each run only"
    )
    parser.add_argument(
        "--clear", action="store_true", help="delete the script: run containers again"
    )
