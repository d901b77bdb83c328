"""Outcomes of tasks that are scripted: what the tasks of a job do instead of running containers.

A script is a file of `scripts/` in the sandbox's folder, written by `cjob sandbox script`. Without
a script and without a Docker daemon each task fails to start, at once.
"""

# ministack is imported when a change is made to it, and most that is to change is private to it.
# ruff: noqa: PLC0415, SLF001

import contextvars
import functools
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Json = Any
"""A value of AWS's JSON, as ministack keeps it."""

SCRIPTS = Path("scripts")
POLL_S = 0.2

NO_DOCKER = (
    "CannotStartContainerError: no Docker daemon answers, and without one the sandbox runs no "
    "containers; script an outcome with: cjob sandbox script"
)

_is_scripted: contextvars.ContextVar[bool] = contextvars.ContextVar("scripted", default=False)


def apply() -> None:
    """Let tasks do what a script says, or fail to start if there is nothing that runs them."""
    from ministack.services import ecs

    run, docker = ecs._run_task, ecs._get_docker

    def get_docker() -> Json:
        return None if _is_scripted.get() else docker()

    def start(data: Json) -> Json:
        key = ecs._resolve_td_key(data.get("taskDefinition", ""))
        definition = ecs._task_defs.get(key)
        if not definition or str(data.get("group", "")).startswith("service:"):
            return run(data)
        outcome = scripted(definition["family"], data.get("group", ""))
        if outcome is None:
            if docker():
                return run(data)
            outcome = {"stopCode": "TaskFailedToStart", "reason": NO_DOCKER}
        token = _is_scripted.set(True)
        try:
            status, headers, body = run(data)
        finally:
            _is_scripted.reset(token)
        for task in json.loads(body).get("tasks", ()):
            play = functools.partial(_play, task["taskArn"], definition, outcome)
            context = contextvars.copy_context()
            threading.Thread(target=context.run, args=(play,), daemon=True).start()
        return status, headers, body

    ecs._get_docker = get_docker
    ecs._run_task = start


def scripted(family: str, group: str) -> Json | None:
    """Return the outcome that a script has for the next attempt of a run; None without one."""
    from ministack.services import ecs

    try:
        script = json.loads((SCRIPTS / f"{family}.json").read_text())
    except FileNotFoundError:
        return None
    tasks = [t for t in ecs._tasks.values() if group and t["group"] == group]
    attempt = str(len(tasks) + 1)
    return script["attempts"].get(attempt) or script["every"]


def _play(arn: str, definition: Json, outcome: Json) -> None:
    """Let a task run for the scripted time, write its lines, and end as scripted."""
    from ministack.services import ecs

    task = ecs._tasks[arn]
    stop_code = outcome.get("stopCode", "EssentialContainerExited")
    if stop_code == "TaskFailedToStart":
        task["startedAt"] = None
        ecs._mark_task_stopped(arn, task, outcome.get("reason", ""), stop_code)
        return
    main = definition["containerDefinitions"][0]
    config = ecs._awslogs_config(main, arn.rpartition("/")[2], "")
    if config and ecs._ensure_awslogs_stream(config):
        for line in outcome.get("log", ()):
            ecs._emit_awslogs_event(config, line)
    _sleep_while(lambda: task["lastStatus"] != "STOPPED", outcome.get("seconds", 0))
    reason = outcome.get("reason", "")
    if reason and stop_code == "EssentialContainerExited":
        task["containers"][0]["reason"] = reason
        reason = ""
    said = reason or "Essential container in task exited"
    ecs._mark_task_stopped(arn, task, said, stop_code, outcome.get("exitCode", 0))


def _sleep_while(condition: Callable[[], bool], seconds: float) -> None:
    ends = time.monotonic() + seconds
    while condition() and time.monotonic() < ends:
        time.sleep(min(POLL_S, max(0, ends - time.monotonic())))
