"""The ECS tasks of runs: look at them, find those of a run, and stop one.

All calls go out as the environment's manager role. ECS forgets a task about an hour after its end.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from cjob.aws.errors import translating_errors
from cjob.aws.session import Account
from cjob.runs import history
from cjob.runs.model import Attempt, Environment

if TYPE_CHECKING:  # stubs, which are installed for development only
    from mypy_boto3_ecs import ECSClient

DESIRED: tuple[Literal["RUNNING", "STOPPED"], ...] = ("RUNNING", "STOPPED")
# DescribeTasks takes no more tasks in a call.
AT_ONCE = 100


class Tasks:
    """Tasks in the cluster of an environment; shared by all threads of a process."""

    def __init__(self, account: Account, environment: Environment) -> None:
        """Take where the jobs run."""
        self._account = account
        self._environment = environment

    def read(self, arn: str) -> Mapping[str, Any] | None:
        """Return a task in ECS's own words; None if ECS does not know it (any more)."""
        with translating_errors("look at the run's task", self._environment.manager_role_arn):
            found = self._client().describe_tasks(cluster=_cluster(arn), tasks=[arn])["tasks"]
        return found[0] if found else None

    def describe(self, arn: str) -> Attempt | None:
        """Return a task as ECS describes it; None if ECS does not know it (any more)."""
        found = self.read(arn)
        return history.attempt_of(found) if found else None

    def find(self, cluster: str, family: str, group: str) -> Mapping[str, Any] | None:
        """Return the task of a family that was started with a group; None if ECS knows none."""
        client, found = self._client(), list[str]()
        with translating_errors("look for the run's task", self._environment.manager_role_arn):
            for status in DESIRED:
                pages = client.get_paginator("list_tasks").paginate(
                    cluster=cluster, family=family, desiredStatus=status
                )
                found += [arn for page in pages for arn in page["taskArns"]]
            for begin in range(0, len(found), AT_ONCE):
                some = found[begin : begin + AT_ONCE]
                for task in client.describe_tasks(cluster=cluster, tasks=some)["tasks"]:
                    if task.get("group") == group:
                        return task
        return None

    def stop(self, arn: str, reason: str) -> None:
        """Stop a task; one that has stopped already stays as it is."""
        with translating_errors("stop the run's task", self._environment.manager_role_arn):
            self._client().stop_task(cluster=_cluster(arn), task=arn, reason=reason)

    def _client(self) -> "ECSClient":
        env = self._environment
        return self._account.client("ecs", env.region, env.manager_role_arn)


def _cluster(task_arn: str) -> str:
    """Return the cluster that the ARN of a task names."""
    return task_arn.split("/")[1]
