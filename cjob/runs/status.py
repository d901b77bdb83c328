"""The status of a job: what is deployed, when it runs next, how it ran lately, what is wrong.

Pure: `assess` takes what AWS reports and a moment. A problem is something that a person should look
at; a note is worth knowing, but nothing is wrong with it. The JSON form is an interface, like that
of a Run: keys are added and never renamed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace  # noqa: TID251 - of these very dataclasses
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from statistics import median
from typing import Literal

from cjob.reporting.printable import one_line
from cjob.runs import causes, missed, model, occurrences
from cjob.runs.model import FAILED, UNFINISHED, Run

KIND = "Status"

Rule = Literal["ENABLED", "DISABLED", ""]
"""The state of a schedule's rule; empty if it is not known."""

LAST = 10
"""So many runs of a job are shown."""

WINDOWS = (1, 6, 24, 7 * 24, 30 * 24, 90 * 24)
"""How far back runs are looked for, in hours: the first of these with enough fire times."""

MISSED_WINDOW = timedelta(days=7)
"""Fire times before this are not reported as missed."""

MOST_NEXT = 3
SLOW = 3
"""A run that takes so many times as long as usual is noted."""

ENOUGH = 3
"""So many runs make a usual duration."""

MOST_REASON = 200

VERBS: Mapping[model.Status, str] = {
    "RUNNING": "is running",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "timed out",
    "ABORTED": "was stopped",
    "PENDING_REDRIVE": "waits for its redrive",
    "MISSED": "was missed",
    "UNKNOWN": "has an unknown end",
}
"""What a run did, in words that continue `the last run `."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A job's stack: its status, when it was last changed, and what it was deployed with."""

    status: str
    changed_at: datetime
    reason: str = ""
    image: str = ""
    expression: str = ""
    rule: Rule = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What AWS reports of a job; `runs` is None if its history could not be read.

    The runs are the newest, `LAST` of them or all that began after `since`. `stack` is None if
    there is no stack.
    """

    app: str
    env: str
    job: str
    stack: Stack | None = None
    runs: tuple[Run, ...] | None = ()
    since: datetime | None = None

    def with_rule(self, rule: Rule) -> "Report":
        """Return the same report with the state of the schedule's rule."""
        return replace(self, stack=replace(self.stack, rule=rule)) if self.stack else self


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The status of a job; `runs` are newest first, with the fire times that were missed."""

    app: str
    env: str
    job: str
    stack: Stack | None
    runs: tuple[Run, ...] = ()
    next_times: tuple[datetime, ...] = ()
    last_success: datetime | None = None
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def last_run(self) -> Run | None:
        """Return the newest run, whether it has ended or not."""
        return next((run for run in self.runs if run.status != "MISSED"), None)

    @property
    def running(self) -> int:
        """Return how many runs have not ended."""
        return sum(run.status in UNFINISHED for run in self.runs)


def window(expression: str, now: datetime) -> datetime:
    """Return the moment from which on to read a job's history, to see its last runs."""
    step = occurrences.period(expression)
    spans = [timedelta(hours=hours) for hours in WINDOWS]
    if step is not None:
        enough = (LAST + 1) * step
        return now - next((span for span in spans if span >= enough), spans[-1])
    try:
        for span in spans:
            times = occurrences.between(expression, now - span, now)
            if len(list(islice(times, LAST))) == LAST:
                return now - span
    except occurrences.InvalidScheduleError:
        pass  # started by hand, or by something else
    return now - spans[-1]


def assess(report: Report, now: datetime) -> Status:
    """Return the status of a job, from what AWS reports of it."""
    stack, runs = report.stack, report.runs or ()
    if stack is None:
        return Status(
            app=report.app,
            env=report.env,
            job=report.job,
            stack=None,
            problems=("not deployed",),
        )
    gone = _missed(report, stack, now)
    next_times = _next_times(stack, runs, now)
    ended = [run for run in runs if run.status not in UNFINISHED]
    success = next((run for run in ended if run.status == "SUCCEEDED"), None)
    return Status(
        app=report.app,
        env=report.env,
        job=report.job,
        stack=stack,
        runs=_newest([*runs, *gone]),
        next_times=next_times,
        last_success=success.stopped_at if success else None,
        problems=tuple(_problems(report, stack, gone, now)),
        notes=tuple(_notes(report, stack, next_times, now)),
    )


def _newest(runs: Iterable[Run]) -> tuple[Run, ...]:
    return tuple(sorted(runs, key=moment_of, reverse=True)[:LAST])


def cause_of(run: Run) -> str:
    """Return why a run failed, in words that follow its status.

    Empty if it did not fail, or only its status is known.
    """
    if not run.attempts and not run.error and not run.message:
        return ""
    text = causes.cause_of(run).text
    return text.removeprefix("stopped").removeprefix(": ") if run.status == "ABORTED" else text


def moment_of(run: Run) -> datetime:
    """Return when a run started, or should have."""
    return run.started_at or run.scheduled_at or datetime.min.replace(tzinfo=UTC)


def _missed(report: Report, stack: Stack, now: datetime) -> list[Run]:
    """Return the fire times without a run, since the stack was changed, as runs."""
    if report.runs is None or not is_scheduled(stack):
        return []
    begin = max(stack.changed_at, now - MISSED_WINDOW, report.since or stack.changed_at)
    if len(report.runs) >= LAST:  # there may be older ones, which were not read
        begin = max(begin, min(map(moment_of, report.runs)))
    # A list of runs has no inputs, so what another tool started may be the schedule's.
    may_be = [replace(r, trigger="schedule") if r.trigger == "other" else r for r in report.runs]
    span = begin, now - missed.GRACE
    return missed.missed_runs(
        stack.expression, may_be, span, app=report.app, env=report.env, job=report.job
    )


def is_scheduled(stack: Stack) -> bool:
    """Return whether the stack has a schedule that starts runs."""
    return stack.expression not in ("", occurrences.DISABLED) and stack.rule != "DISABLED"


def _next_times(stack: Stack, runs: Sequence[Run], now: datetime) -> tuple[datetime, ...]:
    """Return when the schedule fires next; those of a rate are counted from its last run."""
    if not is_scheduled(stack):
        return ()
    step = occurrences.period(stack.expression)
    if step is None:
        return occurrences.next_runs(stack.expression, now, MOST_NEXT).times
    last = next((run for run in runs if run.trigger != "cjob"), None)
    if last is None:
        return ()
    first = moment_of(last)
    passed = max(0, (now - first) // step)
    return tuple(first + step * (passed + n) for n in range(1, MOST_NEXT + 1))


# What is wrong


def _problems(report: Report, stack: Stack, gone: Sequence[Run], now: datetime) -> Iterator[str]:
    yield from _stack_problems(stack)
    if stack.rule == "DISABLED" and stack.expression not in ("", occurrences.DISABLED):
        yield "its rule is disabled: the schedule starts no runs"
    yield from _failing(report.runs or ())
    if gone:
        count = "a run was" if len(gone) == 1 else f"{len(gone)} runs were"
        latest = max(map(moment_of, gone))
        yield f"{count} missed, {'' if len(gone) == 1 else 'the last '}at {latest:%F %H:%M} UTC"
    step = occurrences.period(stack.expression)
    silent = report.runs == () and step is not None and is_scheduled(stack)
    if silent and step is not None and now - stack.changed_at > step * 1.5:
        yield f"no run since it was deployed, with schedule {stack.expression}"


def _stack_problems(stack: Stack) -> Iterator[str]:
    why = f": {one_line(stack.reason)[:MOST_REASON]}" if stack.reason else ""
    if stack.status == "UPDATE_ROLLBACK_COMPLETE":
        yield f"the last deployment failed and was rolled back{why}"
    elif stack.status == "ROLLBACK_COMPLETE":
        yield f"the first deployment failed and was rolled back{why}"
    elif stack.status.endswith("_FAILED"):
        yield f"the stack is in {stack.status}{why}"


def _failing(runs: Sequence[Run]) -> Iterator[str]:
    """Yield a line if the last run that ended did not succeed."""
    ended = [run for run in runs if run.status in FAILED or run.status == "SUCCEEDED"]
    failed = list(takewhile(lambda run: run.status in FAILED, ended))
    if not failed:
        return
    cause = cause_of(failed[0])
    why = f": {cause}" if cause else ""
    if len(failed) == 1:
        yield f"the last run {VERBS[failed[0].status]}{why}"
    else:
        yield f"the last {len(failed)} runs failed{why}"


def _notes(
    report: Report, stack: Stack, next_times: Sequence[datetime], now: datetime
) -> Iterator[str]:
    if stack.status.endswith("_IN_PROGRESS"):
        is_going = stack.status.startswith("DELETE")
        yield "the stack is being deleted" if is_going else "a deployment is in progress"
    if is_scheduled(stack) and not next_times and occurrences.period(stack.expression) is None:
        yield "its schedule never fires again"
    if report.runs is None:
        yield "its history cannot be read"
    yield from _slow(report.runs or (), now)


def _slow(runs: Sequence[Run], now: datetime) -> Iterator[str]:
    """Yield a line if a run takes much longer than runs that succeeded."""
    usual = [r.duration_s for r in runs if r.status == "SUCCEEDED" and r.duration_s is not None]
    going = next((run for run in runs if run.status == "RUNNING" and run.started_at), None)
    if going is None or going.started_at is None or len(usual) < ENOUGH:
        return
    takes = (now - going.started_at).total_seconds()
    if takes > max(60.0, SLOW * median(usual)):
        so_far, normal = causes.duration(takes), causes.duration(median(usual))
        yield f"running for {so_far}, usually {normal}"


# The JSON form


def to_json(status: Status) -> dict[str, object]:
    """Return the JSON form of a status; empty and unknown values are left out."""
    stack, last = status.stack, status.last_run
    document: dict[str, object] = {
        "apiVersion": model.API_VERSION,
        "kind": KIND,
        "job": {"app": status.app, "env": status.env, "name": status.job},
        "stack": _stack_json(stack) if stack else None,
        "image": stack.image if stack else "",
        "schedule": _schedule_json(stack, status.next_times) if stack else None,
        "lastRun": run_json(last) if last else None,
        "lastSuccessAt": model.timestamp(status.last_success),
        "running": status.running,
        "runs": [run_json(run) for run in status.runs],
        "problems": list(status.problems),
        "notes": list(status.notes),
    }
    return {key: value for key, value in document.items() if value not in ("", None)}


def _stack_json(stack: Stack) -> Mapping[str, object]:
    return {"status": stack.status, "updatedAt": model.timestamp(stack.changed_at)}


def _schedule_json(stack: Stack, next_times: Iterable[datetime]) -> Mapping[str, object]:
    rule = {"state": stack.rule} if stack.rule else {}
    times = [model.timestamp(time) for time in next_times]
    return {"expression": stack.expression, **rule, "next": times}


def run_json(run: Run) -> dict[str, object]:
    """Return the JSON form of one of a status's runs: without what is the same for all of them."""
    document = model.to_json(run, cause_of(run), with_attempts=False)
    for key in ("apiVersion", "kind", "job", "executionArn"):
        document.pop(key, None)
    if run.trigger == "other" and not run.attempts:
        document.pop("trigger")  # only a run's input has it
    return document
