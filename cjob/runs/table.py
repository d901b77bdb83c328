"""The history of runs as a table for people."""

from collections.abc import Sequence
from datetime import UTC, datetime

from cjob.runs import causes
from cjob.runs.model import Run

HEAD = ("JOB", "STARTED (UTC)", "AFTER", "TOOK", "BY", "STATUS", "EXIT", "CAUSE")
EMPTY = "-"


def table(runs: Sequence[Run]) -> str:
    """Return a line for each run below a head."""
    return aligned([HEAD, *(_row(run) for run in runs)])


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return a line for each row, with columns as wide as what is in them."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "".join(f"{line}\n" for line in lines)


def _row(run: Run) -> tuple[str, ...]:
    code = run.exit_code
    by = run.by if run.trigger == "cjob" and run.by else run.trigger
    return (
        run.job,
        _moment(run.started_at or run.scheduled_at),
        EMPTY if run.delay_s is None else f"+{max(0, round(run.delay_s))}s",
        EMPTY if run.duration_s is None else causes.duration(run.duration_s),
        "schedule" if run.status == "MISSED" else by,
        run.status.lower().replace("_", " "),
        EMPTY if code is None else str(code),
        causes.cause_of(run).text,
    )


def _moment(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if moment else EMPTY
