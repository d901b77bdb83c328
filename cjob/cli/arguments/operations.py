"""The arguments of commands about runs, and the values that are typed for them."""

import argparse

from cjob.cli.arguments import shared

TYPE_CHECKING = False  # see cjob.cli.parser
if TYPE_CHECKING:
    from datetime import datetime, timedelta

WITNESSES = ("auto", "states", "logs")


def add_operation(parser: argparse.ArgumentParser, *, several: bool = True) -> None:
    """Add the options that name jobs and their environment."""
    parser.set_defaults(target=None)
    if several:
        shared.add_jobs(parser)
    else:
        shared.add_name(parser, "the job")
        parser.set_defaults(all=False)
    shared.add_environment(parser)
    parser.add_argument(
        "--witness",
        choices=WITNESSES,
        default="auto",
        help="who says what became of runs: Step Functions, or the job's log (default: auto)",
    )
    shared.add_common(parser)


def add_run(parser: argparse.ArgumentParser, text: str) -> None:
    """Add the option that names a run."""
    parser.add_argument("--run", metavar="NAME", help=text)


def add_since(parser: argparse.ArgumentParser, text: str) -> None:
    """Add the option for the time since when runs are looked at."""
    parser.add_argument("--since", type=since, metavar="TIME", help=text)


def positive(text: str) -> int:
    """Return a number of 1 or more that was typed; raise ArgumentTypeError."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return int(text)


def duration(text: str) -> "timedelta":
    """Return a duration that was typed, such as 90s, 30m or 12h; raise ArgumentTypeError."""
    from datetime import timedelta  # noqa: PLC0415 - with the next, a fifth of a help

    from cjob.manifest import durations  # noqa: PLC0415 - see above

    found = durations.parse(text)
    if found is None or found < 0:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a duration; add a unit, such as 90s, 30m or 12h"
        )
    return timedelta(seconds=found / durations.SECOND)


def since(text: str) -> "datetime":
    """Return a moment that was typed: a duration before now, or a time in RFC 3339.

    Raise ArgumentTypeError for anything else, and for a moment that has yet to come.
    """
    from datetime import UTC, datetime  # noqa: PLC0415 - as in `duration`

    now = datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            return now - duration(text)
        except argparse.ArgumentTypeError:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a duration or a time, such as 30m, 12h or 2026-01-31T09:00Z"
            ) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment > now:
        raise argparse.ArgumentTypeError(f"{text!r} is in the future; it is {now:%FT%TZ}")
    return moment
