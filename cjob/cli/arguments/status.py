"""`cjob status`: print for each job what is deployed, when it runs next, and how it ran lately.

One line a job. RUNS has a sign for each of the last runs, the newest at the right: a check mark if
it succeeded, a cross if it failed, a dash if the schedule fired but nothing ran, a dot if it still
runs. PROBLEMS are what a person should look at: a job that is not deployed or whose last deployment
was rolled back, runs that failed or were missed, a rule that is disabled. With --deployed, the jobs
are those that AWS has.

-o html prints one page that needs nothing else: for an archive of CI, or a display on the wall.
"""

import argparse

from cjob.cli.arguments import operations, shared

EXAMPLES = """\
examples:
  cjob status --all -e prod
  cjob status --deployed -e prod -o html > status.html
  cjob status -n report -e prod --exit-code     (a check in CI)
  cjob status --all -e prod -o json | jq -r '.problems[]'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(command="status")
    operations.add_operation(parser)
    parser.add_argument(
        "--deployed", action="store_true", help="all jobs that are deployed in the environment"
    )
    shared.add_exit_code(parser, "exit with 1 if a job has problems")
    shared.add_output(parser, ("text", "json", "html"), "form (default: text)", default="text")
