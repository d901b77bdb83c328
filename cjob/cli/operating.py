"""What commands about runs share: which jobs of which environment, and who is asked about them.

They need no workspace: with -a, or CJOB_APP, jobs are taken by their names.
"""

import argparse

from cjob.cli import console, selection

TYPE_CHECKING = False  # see cjob.cli.parser
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from cjob.collaborators import Collaborators
    from cjob.release import Job

WITNESSES = ("auto", "states", "logs")


class Operation:
    """What such a command works with."""

    def __init__(self, args: argparse.Namespace) -> None:
        """Find the jobs and look up their environment: one call."""
        from cjob.aws.executions import Executions  # noqa: PLC0415 - help needs none of these
        from cjob.aws.output import Output  # noqa: PLC0415

        self.tools: Collaborators
        self.tools, _, self.talk = selection.prepare(args)
        self.jobs: Sequence[Job] = selection.chosen_jobs(args, self.tools)
        app, env = self.jobs[0].app, self.jobs[0].env
        self.environment = self.tools.directory.environment(app, env)
        account = self.tools.account
        self.executions: Executions = Executions(
            account, self.environment, args.witness, self.talk.say
        )
        self.output: Output = Output(account, self.environment)


def options(parser: argparse.ArgumentParser, *, several: bool = True) -> None:
    """Declare the options that name jobs and their environment."""
    parser.set_defaults(target=None)
    if several:
        selection.jobs(parser)
    else:
        parser.add_argument(
            "-n", "--name", action="append", required=True, metavar="JOB", help="the job"
        )
        parser.set_defaults(all=False)
    selection.environment(parser)
    parser.add_argument(
        "--witness",
        choices=WITNESSES,
        default="auto",
        help="who says what became of runs: Step Functions, or the job's log (default: auto)",
    )
    selection.common(parser)


def duration(text: str) -> "timedelta":
    """Return a duration that was typed, such as 90s, 30m or 12h; raise ArgumentTypeError."""
    from datetime import timedelta  # noqa: PLC0415 - help needs none of these

    from cjob.manifest import durations  # noqa: PLC0415

    found = durations.nanoseconds(text)
    if found is None or found < 0:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a duration; add a unit, such as 90s, 30m or 12h"
        )
    return timedelta(seconds=found / durations.SECOND)


def since(text: str) -> "datetime":
    """Return a moment that was typed: a duration before now, or a time in RFC 3339."""
    from datetime import UTC, datetime  # noqa: PLC0415 - help needs none of these

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return datetime.now(UTC) - duration(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def write_line(text: str) -> None:
    """Write one line of data to stdout."""
    console.write(text + "\n")
