"""`cjob run`: start a deployed job now, follow it, and exit as it did.

Starts the job's state machine, so the run has the job's retries and timeout and is in its history.
With --command, --var, --cpu or --memory it starts the job's task itself: once, with that changed.
What the containers write goes to stderr as it comes. The exit status is 0 if the run succeeded,
4 if it did not, 5 if it still runs after --max-wait. Ctrl-C leaves the run going.

Without -n or --all it reads the documents of deployed jobs, runs these jobs, and writes the
documents with their "run". What failed is not written, unless with --keep-failed.
"""

import argparse

from cjob.cli.arguments import operations, shared

EXAMPLES = """\
examples:
  cjob run -n report -e prod
  cjob run -n report -e test --run-id "$CI_JOB_ID"    (once, however often CI repeats it)
  cjob run -n report -e prod --detach
  cjob run -n report -e test --max-wait 10m
  cjob-apply plan.json | cjob-run --if-changed | jq .run.status
  cjob run -n report -e test --command 'python migrate.py' --var DRY_RUN=1
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(command="run")
    shared.add_files(parser)
    operations.add_operation(parser)
    shared.add_detach(parser, "start it, and do not wait")
    parser.add_argument(
        "--run-id",
        type=_run_id,
        metavar="ID",
        help="start at most one run for this id; later calls join it",
    )
    shared.add_reason(parser, "why; kept with the run")
    parser.add_argument(
        "--max-wait",
        type=operations.duration,
        metavar="DURATION",
        help="wait no longer (status 5); the run continues",
    )
    parser.add_argument(
        "--stop-on-interrupt", action="store_true", help="stop the run on Ctrl-C and after max-wait"
    )
    parser.add_argument(
        "--if-changed", action="store_true", help="only what the deployment changed (documents)"
    )
    parser.add_argument(
        "--if-idle", action="store_true", help="start no run while another one is running"
    )
    parser.add_argument("--quiet", action="store_true", help="no lines of the containers")
    parser.add_argument(
        "--pass-exit-code",
        action="store_true",
        help="exit as the main container did; with 125 for an error of cjob's own",
    )
    parser.add_argument(
        "--container", metavar="NAME", help="with --pass-exit-code: as this container did"
    )
    parser.add_argument("--keep-failed", action="store_true", help="write runs that failed as well")
    text = (
        "what stdout gets; json: the runs, or the documents with their run (default: text; for "
        "documents that go into a pipe json)"
    )
    shared.add_output(parser, ("text", "json"), text)
    _add_one_off(parser)


def _add_one_off(parser: argparse.ArgumentParser) -> None:
    """Add the options of a one-off run."""
    once = parser.add_argument_group(
        "one-off run, with the job's image, variables, secrets, role and network"
    )
    once.add_argument("--command", dest="words", metavar="TEXT", help="instead of the job's own")
    once.add_argument(
        "--var",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a variable, besides the job's or instead of one; repeatable",
    )
    once.add_argument("--cpu", type=operations.positive, metavar="UNITS", help="1024 for one vCPU")
    once.add_argument("--memory", type=operations.positive, metavar="MIB", help="memory in MiB")


def _run_id(text: str) -> str:
    """Return an id that was typed; ArgumentTypeError for an empty one, as of an unset variable."""
    if not text.strip():
        raise argparse.ArgumentTypeError("the id is empty: is the variable set that it is from?")
    return text
