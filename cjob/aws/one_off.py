"""One-off runs: tasks of a job's deployed definition, where its state machine runs them.

All calls go out as the environment's manager role. Such a run is no execution: only ECS knows it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cjob.aws.errors import translating_errors
from cjob.aws.session import Account
from cjob.concurrency.interrupts import shield
from cjob.reporting.errors import ServiceError
from cjob.runs.model import Environment

RUN_TASK = "ecs:runTask"


@dataclass(frozen=True)
class Placement:
    """Where and how the state machine of a job runs its task, in RunTask's words."""

    cluster: str
    task_definition: str
    more: Mapping[str, Any]


def placement_of(definition: str) -> Placement | None:
    """Return what a state machine's definition says of the task; None if it runs none."""
    states = json.loads(definition).get("States", {}).values()
    found = [state for state in states if RUN_TASK in state.get("Resource", "")]
    given = found[0].get("Parameters", {}) if found else {}
    if "TaskDefinition" not in given:
        return None
    names = ("LaunchType", "PlatformVersion", "NetworkConfiguration", "CapacityProviderStrategy")
    return Placement(
        cluster=given.get("Cluster", "default"),
        task_definition=given["TaskDefinition"],
        more=_with_small_keys({name: given[name] for name in names if name in given}),
    )


def _with_small_keys(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return what Step Functions takes in ECS's own spelling: keys begin with a small letter."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _with_small_keys(of) for key, of in value.items()}
    return [_with_small_keys(of) for of in value] if isinstance(value, list) else value


class OneOffs:
    """Starts one-off runs; shared by all threads of a process."""

    def __init__(self, account: Account, environment: Environment) -> None:
        """Take where the jobs run."""
        self._account = account
        self._environment = environment

    def placement(self, job: str, machine: str) -> Placement:
        """Return where the state machine with an ARN runs a job's task; raise ServiceError."""
        env = self._environment
        client = self._account.client("stepfunctions", env.region, env.manager_role_arn)
        with translating_errors(f"read the state machine of job {job!r}", env.manager_role_arn):
            definition = client.describe_state_machine(stateMachineArn=machine)["definition"]
        found = placement_of(definition)
        if found is None:
            raise ServiceError(
                f"the state machine of job {job!r} runs no ECS task by itself",
                hint="check the job's overrides; without --command, --var, --cpu and --memory "
                "cjob run starts the state machine",
            )
        return found

    def start(
        self, placement: Placement, name: str, by: str, overrides: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Start a task as the run of that name, once however often it is asked, and return it."""
        env = self._environment
        client = self._account.client("ecs", env.region, env.manager_role_arn)
        token = hashlib.sha256(name.encode()).hexdigest()
        more: Any = placement.more
        with translating_errors(f"start run {name}", env.manager_role_arn):
            answer = shield(
                lambda: client.run_task(
                    cluster=placement.cluster,
                    taskDefinition=placement.task_definition,
                    overrides=overrides,  # type: ignore[arg-type] # as `stages.one_off` makes them
                    group=name,
                    startedBy=by,
                    clientToken=token,
                    propagateTags="TASK_DEFINITION",
                    **more,
                )
            )
        if not answer["tasks"]:
            reasons = "; ".join(
                f"{one.get('reason', '')} {one.get('detail', '')}".strip()
                for one in answer["failures"]
            )
            raise ServiceError(
                f"cannot start run {name}: {reasons or 'ECS gave no reason'}",
                hint="if there was no capacity, run it again, or use more subnets",
            )
        return answer["tasks"][0]
