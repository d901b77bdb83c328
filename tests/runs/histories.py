"""Histories of executions, in the form of Step Functions' answers and in that of its log.

The shapes are those of a job's state machine: one state, `ecs:runTask.sync`, with retries.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cjob.runs import history
from cjob.runs.history import Event
from cjob.runs.model import Run

BEGAN = datetime(2026, 11, 27, 9, 0, 12, tzinfo=UTC)
NAME = "0f1e2d3c-0000-4000-8000-000000000001_0f1e2d3c-0000-4000-8000-000000000002"
ARN = f"arn:aws:states:eu-west-1:123456789012:execution:acme-prod-report:{NAME}"
TASK = "arn:aws:ecs:eu-west-1:123456789012:task/acme-prod-Cluster/0f3c2a{}"
DEFINITION = "arn:aws:ecs:eu-west-1:123456789012:task-definition/acme-prod-report:12"
RULE = {
    "version": "0",
    "id": "1",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "123456789012",
    "time": "2026-11-27T09:00:00Z",
    "region": "eu-west-1",
    "resources": ["arn:aws:events:eu-west-1:123456789012:rule/acme-prod-report-Rule"],
    "detail": {},
}
ECS = {"resourceType": "ecs", "resource": "runTask.sync"}

Step = tuple[str, Mapping[str, Any]]


def task(
    number: int = 1,
    status: str = "STOPPED",
    code: int | None = 0,
    **more: Any,  # noqa: ANN401 - JSON
) -> dict[str, Any]:
    """Return a task as Step Functions has it in inputs and outputs: PascalCase, milliseconds."""
    container: dict[str, Any] = {"Name": "report", "LastStatus": status, "Image": "acme/report:1"}
    if code is not None:
        container["ExitCode"] = code
    values: dict[str, Any] = {
        "TaskArn": TASK.format(number),
        "TaskDefinitionArn": DEFINITION,
        "LastStatus": status,
        "Memory": "512",
        "Group": NAME,
        "StartedBy": "AWS Step Functions",
        "CreatedAt": milliseconds(BEGAN),
        "Containers": [container],
    }
    if status == "STOPPED":
        values |= {
            "StartedAt": milliseconds(BEGAN + timedelta(seconds=30)),
            "StoppedAt": milliseconds(BEGAN + timedelta(seconds=60)),
            "StopCode": "EssentialContainerExited",
            "StoppedReason": "Essential container in task exited",
        }
    return {**values, **more}


def milliseconds(moment: datetime) -> int:
    """Return a time as Step Functions has it in tasks."""
    return int(moment.timestamp() * 1000)


def started(given: object = RULE) -> Step:
    """Return the first event of an execution with this input."""
    return "ExecutionStarted", {"input": json.dumps(given), "roleArn": "arn:aws:iam::1:role/r"}


def scheduled() -> Step:
    """Return the event before each attempt."""
    return "TaskScheduled", {**ECS, "region": "eu-west-1", "parameters": "{}"}


def submitted(number: int = 1) -> Step:
    """Return the event after RunTask's answer."""
    tasks = {"Failures": [], "Tasks": [task(number, "PROVISIONING", None)]}
    return "TaskSubmitted", {**ECS, "output": json.dumps(tasks)}


def succeeded(number: int = 1) -> Step:
    """Return the event of a task that ended well."""
    return "TaskSucceeded", {**ECS, "output": json.dumps(task(number))}


def failed(number: int = 1, **more: Any) -> Step:  # noqa: ANN401 - JSON
    """Return the event of a task that did not."""
    cause = json.dumps(task(number, **({"code": 3} | more)))
    return "TaskFailed", {**ECS, "error": "States.TaskFailed", "cause": cause}


def ended(kind: str, error: str = "", cause: str = "") -> Step:
    """Return the last event of an execution: Succeeded, Failed, TimedOut or Aborted."""
    return f"Execution{kind}", {"error": error, "cause": cause} if error else {}


def in_states(steps: Sequence[Step]) -> list[Event]:
    """Return the events as read from GetExecutionHistory."""
    return [
        history.event_of_states(
            {
                "timestamp": BEGAN + timedelta(seconds=number),
                "type": kind,
                "id": number + 1,
                "previousEventId": number,
                f"{kind[:1].lower()}{kind[1:]}EventDetails": dict(details),
            },
            ARN,
        )
        for number, (kind, details) in enumerate(steps)
    ]


def in_log(steps: Sequence[Step]) -> list[Event]:
    """Return the events as read from the state machine's log."""
    events = [history.event_of_log(message) for message in messages(steps)]
    return [event for event in events if event is not None]


def messages(steps: Sequence[Step]) -> list[str]:
    """Return the messages of the state machine's log: numbers and times are strings there."""
    return [
        json.dumps(
            {
                "id": str(number + 1),
                "type": kind,
                "details": details,
                "redrive_count": "0",
                "previous_event_id": str(number),
                "event_timestamp": str(milliseconds(BEGAN + timedelta(seconds=number))),
                "execution_arn": ARN,
            }
        )
        for number, (kind, details) in enumerate(steps)
    ]


def run(*steps: Step) -> Run:
    """Return the run that these events make, which both forms agree on."""
    one = history.run_of(in_states(steps), app="acme", env="prod", job="report", evidence="states")
    other = history.run_of(in_log(steps), app="acme", env="prod", job="report", evidence="states")
    assert one == other
    return one
