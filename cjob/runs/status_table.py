"""The status of jobs as a table for people, one line each."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from cjob.runs import causes, occurrences, status_words
from cjob.runs.model import Run
from cjob.runs.model import Status as RunStatus
from cjob.runs.status import Stack, Status, is_scheduled, moment_of
from cjob.runs.table import EMPTY, aligned

HEAD = ("JOB", "DEPLOYED", "IMAGE", "SCHEDULE", "NEXT (UTC)", "LAST RUN", "RUNS", "PROBLEMS")
COMPLETE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")

GOOD, BAD, MISSED, BUSY, UNKNOWN = "✔", "✘", "\N{EN DASH}", "●", "?"
RED, GREEN, YELLOW = "31", "32", "33"
"""The numbers of a terminal's colours."""

SIGNS: Mapping[RunStatus, str] = {
    "SUCCEEDED": GOOD,
    "FAILED": BAD,
    "TIMED_OUT": BAD,
    "ABORTED": BAD,
    "MISSED": MISSED,
    "RUNNING": BUSY,
    "PENDING_REDRIVE": BUSY,
    "UNKNOWN": UNKNOWN,
}


def table(statuses: Sequence[Status], now: datetime) -> str:
    """Return a line for each job below a head; runs are oldest first, as one reads."""
    return aligned([HEAD, *(_row(status, now) for status in statuses)])


def _row(status: Status, now: datetime) -> tuple[str, ...]:
    stack = status.stack
    return (
        status.job,
        _deployed(stack, now),
        (status_words.short_image(stack.image) if stack else "") or EMPTY,
        (stack.expression if stack else "") or EMPTY,
        _next(status),
        _last(status.last_run, now),
        strip(status.runs) or EMPTY,
        "; ".join([*status.problems, *status.notes]) or EMPTY,
    )


def _deployed(stack: Stack | None, now: datetime) -> str:
    """Return when a stack was changed last, with its status unless the status is complete."""
    if stack is None:
        return EMPTY
    age = f"{status_words.age(stack.changed_at, now)} ago"
    return age if stack.status in COMPLETE else f"{stack.status} {age}"


def _next(status: Status) -> str:
    if status.next_times:
        return status.next_times[0].astimezone(UTC).strftime("%F %H:%M")
    stack = status.stack
    step = occurrences.period(stack.expression) if stack else None
    if stack is None or step is None or not is_scheduled(stack):
        return EMPTY
    return f"within {causes.duration(step.total_seconds())}"


def _last(run: Run | None, now: datetime) -> str:
    if run is None:
        return EMPTY
    age = status_words.age(moment_of(run), now)
    if run.status == "RUNNING":
        return f"running for {age}"
    code = f" ({run.exit_code})" if run.exit_code else ""
    return f"{status_words.word(run.status)} {age} ago{code}"


def strip(runs: Sequence[Run]) -> str:
    """Return a sign for each run, oldest first."""
    return "".join(SIGNS[run.status] for run in reversed(runs))


def painted(text: str) -> str:
    """Return a table with the signs of runs in a terminal's colours."""
    for sign, colour in ((GOOD, GREEN), (BAD, RED), (MISSED, YELLOW)):
        text = text.replace(sign, f"\x1b[{colour}m{sign}\x1b[0m")
    return text
