"""From the history of a state machine to runs.

Step Functions answers GetExecutionHistory with events, and the state machine writes the same events
into the job's log group, one JSON object each: the same keys in `details` instead of in
`…EventDetails`, and numbers and times as strings. `event_of_states` and `event_of_log` read either;
`run_of` makes a run of all events of one execution, in any order and with repetitions.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cjob.runs.model import Attempt, Container, Evidence, Run, Status, Trigger
from cjob.runs.output import Line, Source

ENDS: Mapping[str, Status] = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}
# What a task's end is called, if it ended, and what AWS refused to start.
STOPPED = ("TaskSucceeded", "TaskFailed", "TaskTimedOut")
REFUSED = ("TaskSubmitFailed", "TaskStartFailed")
RULE_EVENT = "Scheduled Event"
STATE_MACHINE = "state-machine"
"""What lines with events have instead of the name of a container."""
STARTED_BY = "cjob"
"""What tasks of one-off runs were started by, before a slash and the user's name."""

# Events come into the log some seconds late. So long after the end of its last task, a run without
# an end in the log has one that was lost: a retry would have started by then.
LATE = timedelta(minutes=10)
LATE_SUCCESS = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Event:
    """An event of an execution; `id` counts from 1 and orders the events."""

    execution_arn: str
    id: int
    type: str
    time: datetime
    details: Mapping[str, Any]


def event_of_states(event: Mapping[str, Any], execution_arn: str) -> Event:
    """Return an event of GetExecutionHistory's answer."""
    found = (value for key, value in event.items() if key.endswith("EventDetails"))
    details: Mapping[str, Any] = next(found, {})
    moment: datetime = event["timestamp"]
    return Event(execution_arn, int(event["id"]), str(event["type"]), moment, details)


def event_of_log(message: str) -> Event | None:
    """Return an event of the state machine's log; None for a message that is not one."""
    values = _object(message)
    try:
        return Event(
            execution_arn=str(values["execution_arn"]),
            id=int(values["id"]),
            type=str(values["type"]),
            time=_moment(values["event_timestamp"]),
            details=values.get("details") or {},
        )
    except (KeyError, TypeError, ValueError):
        return None


def by_execution(events: Iterable[Event]) -> dict[str, list[Event]]:
    """Group events by execution, each group in order and without repetitions."""
    groups: dict[str, dict[int, Event]] = {}
    for event in events:
        groups.setdefault(event.execution_arn, {})[event.id] = event
    return {arn: [group[number] for number in sorted(group)] for arn, group in groups.items()}


def run_of(events: Sequence[Event], *, app: str, env: str, job: str, evidence: Evidence) -> Run:
    """Return the run that the events of one execution describe; there must be at least one.

    Without an end it is RUNNING: whether it still does, only ECS or Step Functions can say.
    """
    [(arn, ordered)] = by_execution(events).items()
    started = next((event for event in ordered if event.type == "ExecutionStarted"), None)
    redriven = [event.id for event in ordered if event.type == "ExecutionRedriven"]
    after = redriven[-1] if redriven else 0
    end = next((e for e in reversed(ordered) if e.type in ENDS and e.id > after), None)
    trigger, by, reason, scheduled = trigger_of(started.details.get("input") if started else None)
    return Run(
        app=app,
        env=env,
        job=job,
        name=arn.rpartition(":")[2],
        execution_arn=arn,
        status=ENDS[end.type] if end else "RUNNING",
        trigger=trigger,
        by=by,
        reason=reason,
        scheduled_at=scheduled,
        started_at=started.time if started else None,
        stopped_at=end.time if end else None,
        attempts=tuple(_attempts(ordered)),
        error=str(end.details.get("error") or "") if end else "",
        message=str(end.details.get("cause") or "") if end else "",
        redriven=bool(redriven),
        evidence=evidence,
    )


def lines(run: Run, events: Iterable[Event]) -> list[Line]:
    """Return the events of a run as lines of its log, in order; errors have their cause."""
    source = Source(run.job, run.name, 0, STATE_MACHINE, "")
    found: list[Line] = []
    for group in by_execution(events).values():
        for event in group:
            error, cause = event.details.get("error"), event.details.get("cause")
            words = ": ".join(str(one) for one in (event.type, error, cause) if one)
            found.append(Line(source, event.time, words))
    return found


def run_of_task(task: Mapping[str, Any], *, app: str, env: str, job: str) -> Run:
    """Return the one-off run that an ECS task is: it succeeded if its main container did."""
    attempt = attempt_of(task)
    main = attempt.container(job)
    status: Status = "RUNNING"
    if attempt.status == "STOPPED":
        status = "SUCCEEDED" if main and main.exit_code == 0 else "FAILED"
    if status == "FAILED" and attempt.stop_code == "UserInitiated":
        status = "ABORTED"
    trigger, _, by = str(task.get("startedBy") or "").partition("/")
    return Run(
        app=app,
        env=env,
        job=job,
        name=str(task.get("group") or ""),
        status=status,
        trigger="cjob" if trigger == STARTED_BY else "other",
        by=by,
        started_at=attempt.created_at,
        stopped_at=attempt.stopped_at,
        attempts=(attempt,),
        message=attempt.reason,
        evidence="tasks",
    )


def without_end(run: Run, task: Attempt | None, now: datetime) -> Run:
    """Return a run of the log that has no end, although its last task has stopped.

    It still runs while its end may be on its way. After that it is what ECS says of the task; None
    if ECS does not know it, or the log has its end: a state that an override added may still run.
    """
    ended = run.attempts[-1].stopped_at or run.started_at
    if ended is None:
        return run
    late = now - ended >= LATE
    if task is None:
        return run.with_status("UNKNOWN") if late else run
    codes = [container.exit_code for container in task.containers]
    if codes and not any(code != 0 for code in codes):
        return run.as_its_task("SUCCEEDED") if now - ended >= LATE_SUCCESS else run
    return run.as_its_task("FAILED") if late else run


def trigger_of(text: object) -> tuple[Trigger, str, str, datetime | None]:
    """Return who started an execution with this input, who and why, and the fire time if any.

    A rule of EventBridge hands over its event, whose `time` is the scheduled one; cjob says who
    started the run and why. The input itself may hold anything and is not kept.
    """
    values = _object(text)
    if values.get("detail-type") == RULE_EVENT:
        return "schedule", "", "", _parsed(values.get("time"))
    own = values.get("cjob")
    if not isinstance(own, dict):
        return "other", "", "", None
    if "schedule" in own:
        return "schedule", "", "", _parsed(own["schedule"])
    return "cjob", str(own.get("by") or ""), str(own.get("reason") or ""), None


def attempt_of(task: Mapping[str, Any]) -> Attempt:
    """Return the attempt that an ECS task describes.

    Takes the form of DescribeTasks (`taskArn`, times as datetime) and the one that Step Functions
    has in inputs and outputs (`TaskArn`, times in milliseconds since 1970).
    """
    values = {key[:1].lower() + key[1:]: value for key, value in task.items()}
    memory = str(values.get("memory") or "")
    return Attempt(
        task_arn=str(values.get("taskArn") or ""),
        task_definition=str(values.get("taskDefinitionArn") or ""),
        status=str(values.get("lastStatus") or ""),
        stop_code=str(values.get("stopCode") or ""),
        reason=str(values.get("stoppedReason") or ""),
        created_at=_known_moment(values.get("createdAt")),
        started_at=_known_moment(values.get("startedAt")),
        stopped_at=_known_moment(values.get("stoppedAt")),
        memory=int(memory) if memory.isdecimal() else None,
        containers=tuple(_container(one) for one in values.get("containers") or ()),
    )


def _container(container: Mapping[str, Any]) -> Container:
    values = {key[:1].lower() + key[1:]: value for key, value in container.items()}
    image, digest = str(values.get("image") or ""), str(values.get("imageDigest") or "")
    code = values.get("exitCode")
    return Container(
        name=str(values.get("name") or ""),
        exit_code=code if isinstance(code, int) else None,
        reason=str(values.get("reason") or ""),
        image=f"{image}@{digest}" if digest and "@" not in image else image,
    )


def _attempts(events: Sequence[Event]) -> Iterable[Attempt]:
    """Yield the ECS tasks that an execution started or tried to start, in order."""
    current: Attempt | None = None
    for event in events:
        if event.details.get("resourceType", "ecs") != "ecs":
            continue  # a state that an override added
        if event.type == "TaskScheduled":
            if current is not None:
                yield current
            current = None
        elif event.type == "TaskSubmitted":
            tasks = _object(event.details.get("output")).get("Tasks") or [{}]
            current = attempt_of(tasks[0])
        elif event.type in STOPPED:
            current = _stopped(event, current)
        elif event.type in REFUSED:
            error, why = event.details.get("error"), event.details.get("cause")
            current = Attempt(error=str(error or event.type), reason=str(why or ""))
    if current is not None:
        yield current


def _stopped(event: Event, submitted: Attempt | None) -> Attempt:
    """Return the attempt as its end describes it; what the end leaves out is as submitted."""
    text = event.details.get("output" if event.type == "TaskSucceeded" else "cause")
    task = _object(text)
    if "TaskArn" in task:
        return attempt_of(task)
    known = submitted or Attempt()
    return Attempt(
        task_arn=known.task_arn,
        task_definition=known.task_definition,
        created_at=known.created_at,
        error=str(event.details.get("error") or event.type),
        reason=str(text or ""),
    )


def _object(text: object) -> dict[str, Any]:
    """Return the JSON object in a string; an empty one for whatever is none."""
    try:
        values = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def _moment(value: object) -> datetime:
    """Return a time that is a datetime, or milliseconds since 1970; raise ValueError."""
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromtimestamp(int(str(value)) / 1000, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(str(error)) from None


def _known_moment(value: object) -> datetime | None:
    try:
        return None if value is None else _moment(value)
    except ValueError:
        return None


def _parsed(text: object) -> datetime | None:
    """Return a time in RFC 3339; None for any other text."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else None
