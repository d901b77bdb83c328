"""`cjob runs`: list the runs of jobs, newest first, and why those failed that did.

Reads Step Functions if you may, else the job's own log, which has the same history. With --missed
it also lists the fire times of the deployed schedule that no run came of: there is nothing to
install for that, and it works for jobs that were deployed years ago.
"""

import argparse

from cjob.cli.arguments import operations, shared

EXAMPLES = """\
examples:
  cjob runs -n report -e prod
  cjob runs --all -e prod --failed --since 24h
  cjob runs -n report -e prod --missed --exit-code     (a check in CI)
  cjob runs -n report -e prod -o json | jq -r .cause
"""

LAST = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(command="runs")
    operations.add_operation(parser)
    parser.add_argument(
        "--last",
        type=operations.positive,
        metavar="N",
        help=f"so many runs of each job (default: {LAST})",
    )
    operations.add_since(parser, "a duration, or a time in RFC 3339")
    operations.add_run(parser, "only the run of this name")
    parser.add_argument("--failed", action="store_true", help="only those that failed")
    parser.add_argument("--running", action="store_true", help="only those that still run")
    parser.add_argument("--missed", action="store_true", help="also fire times without a run")
    parser.add_argument("--attempts", action="store_true", help="in JSON, with each attempt's task")
    text = "exit with 1 if the last run that ended did not succeed, or one was missed"
    shared.add_exit_code(parser, text)
    shared.add_output_form(parser)
