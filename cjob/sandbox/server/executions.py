"""State machines whose runs of ECS tasks look as they do on AWS.

Of ministack's Step Functions this changes what cjob and people rely on: the events of an ECS task
in a history, a stop that stops the task, the timeout of a whole execution, and a start that is
repeated. See `patches` for how such changes are made, `histories` and `scripted` for the rest.
"""

# ministack is imported when a change is made to it, and most that is to change is private to it.
# ruff: noqa: PLC0415, SLF001

import contextvars
import json
import threading
import time
import uuid
from typing import Any

from . import histories, scripted

Json = Any
"""A value of AWS's JSON, as ministack keeps it."""

STARTED_BY = "AWS Step Functions"
POLL_S = 0.2
STOPPED_BY_SIGTERM = 143

# The execution whose state is worked on, in its thread.
_execution: contextvars.ContextVar[Json] = contextvars.ContextVar("execution", default=None)


def apply() -> None:
    """Make all changes of this module."""
    histories.write()
    histories.filter_by_prefix()
    run_tasks_as_ecs_does()
    stop_tasks_with_the_execution()
    end_when_time_is_up()
    repeat_starts()
    list_known_machines_only()
    start_by_rules()
    scripted.apply()
    repeat_tasks()
    serve_tasks()


# Tasks


def run_tasks_as_ecs_does() -> None:
    """Report a task as submitted, wait for it without a limit, and return it in AWS's form."""
    from ministack.services import ecs, stepfunctions

    execute = stepfunctions._execute_task

    def work(definition: Json, given: Json, execution: Json, ctx: Json) -> Json:
        _execution.set(execution)
        return execute(definition, given, execution, ctx)

    def run(_resource: str, given: Json) -> Json:
        execution = _execution.get()
        named = {"resourceType": "ecs", "resource": "runTask.sync"}
        stepfunctions._add_event(execution, "TaskStarted", {"taskStartedEventDetails": named})
        asked = {**stepfunctions._pascal_to_camel(given), "startedBy": STARTED_BY}
        status, _, body = ecs._run_task(asked)
        answer = json.loads(body)
        if status >= 400:  # noqa: PLR2004 - HTTP's refusals
            refused = stepfunctions._ExecutionError("ECS.AmazonECSException", answer["message"])
            details = {**named, "error": refused.error, "cause": refused.cause}
            failed = {"taskSubmitFailedEventDetails": details}
            stepfunctions._add_event(execution, "TaskSubmitFailed", failed)
            raise refused
        submitted = {**named, "output": json.dumps(as_step_functions_says(answer))}
        details = {"taskSubmittedEventDetails": submitted}
        stepfunctions._add_event(execution, "TaskSubmitted", details)
        arns = [task["taskArn"] for task in answer["tasks"]]
        return stepfunctions._poll_ecs_tasks(asked.get("cluster", "default"), arns)

    def poll(cluster: str, arns: list[str]) -> Json:
        execution = _execution.get()
        while execution is None or execution["status"] == "RUNNING":
            _, _, body = ecs._describe_tasks({"cluster": cluster, "tasks": arns})
            tasks = json.loads(body)["tasks"]
            if all(task["lastStatus"] == "STOPPED" for task in tasks):
                [task] = tasks
                shown = as_step_functions_says(task)
                if task_failed(task):
                    raise stepfunctions._ExecutionError("States.TaskFailed", json.dumps(shown))
                return shown
            time.sleep(POLL_S)
        raise stepfunctions._ExecutionError("States.Runtime", "the execution has ended")

    stepfunctions._execute_task = work
    stepfunctions._poll_ecs_tasks = poll
    stepfunctions._SERVICE_DISPATCH[histories.RUN_TASK.removesuffix(".sync")] = run


def as_step_functions_says(value: Json, key: str = "") -> Json:
    """Return an answer of ECS with PascalCase keys, and times in milliseconds."""
    if isinstance(value, dict):
        return {
            k[:1].upper() + k[1:]: as_step_functions_says(v, k)
            for k, v in value.items()
            if v is not None and not k.startswith("_")
        }
    if isinstance(value, list):
        return [as_step_functions_says(item) for item in value]
    return histories.milliseconds(value) if key.endswith("At") and value else value


def task_failed(task: Json) -> bool:
    """Return whether a task did not start, was stopped, or had a container that failed."""
    if task.get("stopCode") in ("TaskFailedToStart", "UserInitiated"):
        return True
    return any(container.get("exitCode") not in (0, None) for container in task["containers"])


# Ends


def stop_tasks_with_the_execution() -> None:
    """Stop the task of an execution that is stopped, and let a stopped task fail."""
    from ministack.services import ecs, stepfunctions

    stop_execution, stop_task = stepfunctions._stop_execution, ecs._stop_task

    def stop(data: Json) -> Json:
        answer = stop_execution(data)
        execution = stepfunctions._executions.get(data.get("executionArn"))
        if execution:
            _stop_tasks_of(execution)
        return answer

    def stop_one(data: Json) -> Json:
        cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
        task = cluster and ecs._resolve_task(data.get("task", ""), cluster)
        if task:
            reason = data.get("reason", "Task stopped by user")
            arn = task["taskArn"]
            ecs._mark_task_stopped(arn, task, reason, "UserInitiated", STOPPED_BY_SIGTERM)
            ecs._cleanup_task_resources(task, ecs._get_docker())
        return stop_task(data)

    stepfunctions._stop_execution = stop
    ecs._stop_task = stop_one


def _stop_tasks_of(execution: Json) -> None:
    """Stop the tasks whose group is an execution's name, as Step Functions stops what it runs."""
    from ministack.services import ecs

    for task in list(ecs._tasks.values()):
        if task["group"] == execution["name"] and task["lastStatus"] != "STOPPED":
            given = {"task": task["taskArn"], "cluster": task["clusterArn"]}
            ecs._stop_task({**given, "reason": "Task stopped by Step Functions"})


def end_when_time_is_up() -> None:
    """End an execution that takes longer than its machine's TimeoutSeconds."""
    from ministack.services import stepfunctions

    run = stepfunctions._run_execution

    def expire(arn: str) -> None:
        execution = stepfunctions._executions.get(arn)
        if not execution or execution["status"] != "RUNNING":
            return
        execution |= {"status": "TIMED_OUT", "stopDate": stepfunctions.now_iso()}
        stepfunctions._add_event(execution, "ExecutionTimedOut", {})
        stepfunctions._emit_execution_status_event(execution)
        _stop_tasks_of(execution)

    def begin(arn: str) -> None:
        execution = stepfunctions._executions.get(arn) or {}
        machine = stepfunctions._state_machines.get(execution.get("stateMachineArn"))
        limit = machine and json.loads(machine["definition"]).get("TimeoutSeconds")
        if limit:
            # The timer's thread knows account and region by this thread's context.
            context = contextvars.copy_context()
            timer = threading.Timer(limit, context.run, (expire, arn))
            timer.daemon = True
            timer.start()
        run(arn)

    stepfunctions._run_execution = begin


def repeat_starts() -> None:
    """Answer a repeated start of a running execution with the same input as the first one."""
    from ministack.core.responses import json_response
    from ministack.services import stepfunctions

    original = stepfunctions._start_execution

    def start(data: Json) -> Json:
        machine = data.get("stateMachineArn", "")
        arn = f"{machine.replace(':stateMachine:', ':execution:')}:{data.get('name')}"
        known = stepfunctions._executions.get(arn)
        same = known and known["input"] == data.get("input", "{}")
        if same and known["status"] == "RUNNING":
            return json_response({"executionArn": arn, "startDate": known["startDate"]})
        return original(data)

    stepfunctions._start_execution = start


def repeat_tasks() -> None:
    """Answer a repeated start of a task, with the same token, as the first one."""
    from ministack.services import ecs

    original, known, lock = ecs._run_task, dict[str, Json](), threading.Lock()

    def run(data: Json) -> Json:
        token = data.get("clientToken")
        if not token:
            return original(data)
        with lock:
            if token not in known:
                answer = original(data)
                if answer[0] >= 400:  # noqa: PLR2004 - HTTP's refusals
                    return answer
                known[token] = answer
            return known[token]

    ecs._run_task = run


def serve_tasks() -> None:
    """Let requests start and stop tasks as the state machines do here."""
    from ministack.services import ecs

    ecs._ACTION_MAP |= {"RunTask": ecs._run_task, "StopTask": ecs._stop_task}


def list_known_machines_only() -> None:
    """Refuse to list the executions of a state machine that does not exist."""
    from ministack.core.responses import error_response_json
    from ministack.services import stepfunctions

    original = stepfunctions._list_executions

    def list_executions(data: Json) -> Json:
        machine = data.get("stateMachineArn")
        if machine and machine not in stepfunctions._state_machines:
            said = f"State Machine Does Not Exist: '{machine}'"
            return error_response_json("StateMachineDoesNotExist", said, 400)
        return original(data)

    stepfunctions._list_executions = list_executions


def start_by_rules() -> None:
    """Start executions of rules with EventBridge's names and the minute in their input."""
    from ministack.services import eventbridge, stepfunctions

    def dispatch(arn: str, payload: str) -> None:
        event = json.loads(payload)
        if event.get("detail-type") == "Scheduled Event":
            event["time"] = f"{event['time'][:16]}:00Z"
        name = f"{uuid.uuid4()}_{uuid.uuid4()}"
        given = {"stateMachineArn": arn, "name": name, "input": json.dumps(event)}
        if stepfunctions._resolve_state_machine_arn(arn) is not None:
            stepfunctions._start_execution(given)

    eventbridge._dispatch_to_stepfunctions = dispatch
