"""The history of an execution, as Step Functions has it and writes it into the job's log group."""

# ministack is imported when a change is made to it, and most that is to change is private to it.
# ruff: noqa: PLC0415, SLF001

import json
import time
from datetime import datetime
from typing import Any

Json = Any
"""A value of AWS's JSON, as ministack keeps it."""

ENDS = ("ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted")
RUN_TASK = "arn:aws:states:::ecs:runTask.sync"


def write() -> None:
    """Return events what AWS's have, and write each into the log group of the machine's job."""
    from ministack.services import stepfunctions

    original = stepfunctions._add_event
    run = stepfunctions._run_execution

    fail = stepfunctions._fail_execution

    def fail_once(execution: Json, error: str, cause: str) -> None:
        if execution["status"] == "RUNNING":
            fail(execution, error, cause)

    def add(execution: Json, kind: str, details: Json = None) -> Json:
        if execution["events"][-1]["type"] in ENDS:
            raise SystemExit  # it was stopped: the thread that works on it ends here
        event = original(execution, kind, _as_ecs_says(details))
        event["previousEventId"] = event["id"] - 1
        _log(execution, event)
        return event

    def begin(arn: str) -> None:
        execution = stepfunctions._executions.get(arn)
        if execution:
            first = execution["events"][0]
            first["previousEventId"] = 0
            _log(execution, first)
        run(arn)

    stepfunctions._fail_execution = fail_once
    stepfunctions._add_event = add
    stepfunctions._run_execution = begin


def _as_ecs_says(details: Json) -> Json:
    """Return an event's details with AWS's names for the resource of an ECS task."""
    for values in (details or {}).values():
        if values.get("resource") == RUN_TASK:
            values |= {"resourceType": "ecs", "resource": "runTask.sync"}
    return details


def _log(execution: Json, event: Json) -> None:
    """Write an event as Step Functions logs it; a machine without a log group logs nothing."""
    from ministack.services import cloudwatch_logs

    machine = execution["stateMachineArn"].rpartition(":")[2]
    group = f"/copilot/{machine}"
    if group not in cloudwatch_logs._log_groups:
        return
    moment = milliseconds(event["timestamp"])
    hour = time.strftime("%Y-%m-%d-%H", time.gmtime(moment / 1000))
    details: Json = next((v for k, v in event.items() if k.endswith("EventDetails")), {})
    message = {
        "id": str(event["id"]),
        "type": event["type"],
        "details": details,
        "redrive_count": "0",
        "previous_event_id": str(event["previousEventId"]),
        "event_timestamp": str(moment),
        "execution_arn": execution["executionArn"],
    }
    _write(group, f"states/{machine}/{hour}/00000000", json.dumps(message), moment)


def _write(group: str, stream: str, message: str, moment: int) -> None:
    """Write a line into a log stream, which is made if it is not there."""
    from ministack.services import cloudwatch_logs

    names = {"logGroupName": group, "logStreamName": stream}
    if stream not in cloudwatch_logs._log_groups[group]["streams"]:
        cloudwatch_logs._create_log_stream(names)
    line = {"timestamp": moment, "message": message}
    cloudwatch_logs._put_log_events({**names, "logEvents": [line]})


def milliseconds(moment: object) -> int:
    """Return a time that is text or a number of seconds as milliseconds since 1970."""
    if isinstance(moment, int | float):
        return int(moment * 1000)
    return int(datetime.fromisoformat(str(moment)).timestamp() * 1000)


def filter_by_prefix() -> None:
    """Let FilterLogEvents look only into the streams whose names begin as asked."""
    from ministack.services import cloudwatch_logs

    original = cloudwatch_logs._filter_log_events

    def filter_events(data: Json) -> Json:
        prefix = data.get("logStreamNamePrefix")
        group = cloudwatch_logs._log_groups.get(data.get("logGroupName"))
        if not prefix or not group:
            return original(data)
        names = [name for name in group["streams"] if name.startswith(prefix)]
        # No stream has an empty name: so nothing is found in none.
        return original({**data, "logStreamNames": names or [""]})

    cloudwatch_logs._filter_log_events = filter_events
