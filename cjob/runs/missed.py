"""Fire times of the deployed schedule without a run, computed from the schedule and the history."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice, pairwise

from cjob.runs import occurrences
from cjob.runs.model import Run

GRACE = timedelta(minutes=2)
"""So long after its fire time a run may start; EventBridge is usually on time to the second."""

MOST = 10_000
"""No more fire times than these are looked at: a week of each minute."""


def missed(
    expression: str, runs: Iterable[Run], after: datetime, before: datetime
) -> tuple[datetime, ...]:
    """Return the fire times after one moment and before another that have no run, oldest first.

    A fire time has a run if one says so in its input, or if one that the schedule started began
    within two minutes. The runs may be in any order; those that the schedule did not start do not
    count. What is not a schedule has no fire times.
    """
    starts = sorted({moment for run in runs if (moment := _fired(run)) is not None})
    step = occurrences.period(expression)
    if step is not None:
        return tuple(t for t in _gaps(starts, step, before) if after < t < before)
    try:
        expected = list(islice(occurrences.between(expression, after, before), MOST))
    except occurrences.InvalidScheduleError:
        return ()
    return tuple(_unmatched(expected, starts))


def missed_runs(
    expression: str,
    runs: Iterable[Run],
    span: tuple[datetime, datetime],
    *,
    app: str,
    env: str,
    job: str,
) -> list[Run]:
    """Return the missed fire times of a job between two moments as runs, oldest first."""
    return [
        Run(
            app=app,
            env=env,
            job=job,
            status="MISSED",
            trigger="schedule",
            scheduled_at=time,
            evidence="schedule",
        )
        for time in missed(expression, runs, *span)
    ]


def _fired(run: Run) -> datetime | None:
    """Return when the schedule fired for a run; None for a run that it did not start."""
    if run.trigger != "schedule" or run.status == "MISSED":
        return None
    return run.scheduled_at or run.started_at


def _unmatched(expected: Sequence[datetime], starts: Sequence[datetime]) -> Iterator[datetime]:
    """Yield the expected times that no start is near; both ascend."""
    at = 0
    for time in expected:
        while at < len(starts) and starts[at] < time.replace(second=0, microsecond=0):
            at += 1
        if at == len(starts) or starts[at] > time + GRACE:
            yield time


def _gaps(starts: Sequence[datetime], step: timedelta, before: datetime) -> Iterator[datetime]:
    """Yield the times that a rate passed over, counted from the start before each gap.

    A rate's times depend on when its rule was made, so they are known only from the runs.
    """
    for one, following in pairwise(starts):
        steps = round((following - one) / step) if following - one > step * 1.5 else 1
        yield from islice((one + step * n for n in range(1, steps)), MOST)
    if starts:
        steps = int((before - starts[-1] - GRACE) / step)
        yield from islice((starts[-1] + step * n for n in range(1, steps + 1)), MOST)
