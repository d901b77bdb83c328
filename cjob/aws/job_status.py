"""What AWS reports of jobs for their status: stacks, schedules' rules, and the last runs.

Per environment: the record of the environment, and one list of its rules, which only the caller may
read. Per job: its stack, as the manager role, and its last runs, of which a list is enough for all
but the newest and those that failed last. What the caller is denied is less detail, and no failure.
"""

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from cjob.aws import errors
from cjob.aws.errors import translating_errors
from cjob.aws.executions import Executions, NotDeployedError
from cjob.aws.rate_limit import RateLimiter
from cjob.aws.session import Account, gather
from cjob.aws.stack_reader import optional_stack
from cjob.document import names
from cjob.document.snapshot import UNDER_REVIEW
from cjob.reporting.errors import ServiceError
from cjob.runs import status
from cjob.runs.model import Environment, Run

HISTORIES = 3
"""Of so many runs of a job the whole history is read, for its cause."""

BURST, INTERVAL_S = 50, 0.2
"""So many jobs are read at once, and then one each 0.2 s: Step Functions takes 100 lists of runs at
once and 2 to 5 a second after that. Its throttling of the others is waited out by botocore."""

STACK_TYPE = "cloudformation:stack"
MOST_PREFIX = 64
"""So many characters of a rule's name may be given to find it."""


class JobReports:
    """Reads what AWS reports of an environment's jobs."""

    def __init__(
        self,
        account: Account,
        environment: Environment,
        executions: Executions,
        limiter: RateLimiter,
    ) -> None:
        """Take where the jobs are, what reads their runs, and what spaces the calls for many."""
        self._account = account
        self._environment = environment
        self._executions = executions
        self._limiter = limiter
        self._counting = threading.Lock()
        self._started = 0
        self._first = threading.Lock()
        self._may_ask_known = False

    def deployed(self) -> tuple[str, ...]:
        """Return the names of the workloads that have a stack in the environment, sorted.

        Services have one, too: their stacks have no schedule. One call for each 100 stacks.
        """
        env = self._environment
        client = self._account.client("resourcegroupstaggingapi", env.region, env.manager_role_arn)
        filters = [
            {"Key": key, "Values": [value]} if value else {"Key": key}
            for key, value in names.copilot_tags(env.app, env.env, "").items()
        ]
        with translating_errors("list the deployed stacks", env.manager_role_arn):
            pages = client.get_paginator("get_resources").paginate(
                ResourceTypeFilters=[STACK_TYPE], TagFilters=filters
            )
            found = [one for page in pages for one in page["ResourceTagMappingList"]]
        return tuple(sorted(filter(None, map(self._job_of, found))))

    def _job_of(self, resource: Mapping[str, Any]) -> str:
        """Return the workload that a stack is of; nothing for a stack nested in another."""
        env = self._environment
        tags = {tag["Key"]: tag["Value"] for tag in resource["Tags"]}
        *_, key = names.copilot_tags(env.app, env.env, "")
        job = str(tags[key])
        stack = names.job_stack(env.app, env.env, job)
        return job if resource["ResourceARN"].split("/")[1:2] == [stack] else ""

    def read(self, jobs: Sequence[str], *, scheduled_only: bool = False) -> list[status.Report]:
        """Return what is reported of each job, in order; with `scheduled_only`, not of services."""
        work = [partial(self._report, job, scheduled_only=scheduled_only) for job in jobs]
        rules, *found = gather(self._rules, *work)
        env = self._environment
        return [
            report.with_rule(rules.get(names.job_stack(env.app, env.env, report.job), ""))
            for report in found
            if report is not None
        ]

    def _report(self, job: str, *, scheduled_only: bool) -> status.Report | None:
        """Return what is reported of a job, but for the state of its rule."""
        env = self._environment
        self._await_turn()
        stack = self._stack(job)
        if scheduled_only and (stack is None or "Schedule" not in stack["Parameters"]):
            return None
        if stack is None:
            return status.Report(app=env.app, env=env.env, job=job)
        expression = stack["Parameters"].get("Schedule", "")
        since = status.window(expression, datetime.now(UTC))
        runs = self._runs(job, since)
        return status.Report(
            app=env.app,
            env=env.env,
            job=job,
            stack=status.Stack(
                status=stack["StackStatus"],
                reason=errors.clean(stack.get("StackStatusReason", "")),
                changed_at=stack.get("LastUpdatedTime", stack["CreationTime"]),
                image=stack["Parameters"].get("ContainerImage", ""),
                expression=expression,
            ),
            runs=None if runs is None else tuple(runs),
            since=since,
        )

    def _await_turn(self) -> None:
        """Wait before a job's calls, unless it is one of the first."""
        with self._counting:
            self._started += 1
            is_early = self._started <= BURST
        if not is_early:
            self._limiter.wait(0)

    def _stack(self, job: str) -> Mapping[str, Any] | None:
        """Return a job's stack as CloudFormation describes it, its parameters by name, or None."""
        env = self._environment
        client = self._account.client("cloudformation", env.region, env.manager_role_arn)
        name = names.job_stack(env.app, env.env, job)
        with translating_errors(f"read the stack of job {job!r}", env.manager_role_arn):
            found = optional_stack(lambda: client.describe_stacks(StackName=name)["Stacks"][0])
        if found is None or found["StackStatus"] == UNDER_REVIEW:
            return None
        parameters = {
            p["ParameterKey"]: p.get("ResolvedValue", p.get("ParameterValue", ""))
            for p in found.get("Parameters", [])
        }
        return {**found, "Parameters": parameters}

    def _rules(self) -> Mapping[str, status.Rule]:
        """Return the state of the rules of stacks, by the stack's name; nothing if denied."""
        env = self._environment
        client = self._account.client("events", env.region)
        prefix = names.environment_stack(env.app, env.env)
        try:
            with translating_errors("list the rules of schedules"):
                pages = client.get_paginator("list_rules").paginate(
                    NamePrefix=f"{prefix}-"[:MOST_PREFIX]
                )
                found = [rule for page in pages for rule in page["Rules"]]
        except ServiceError as error:
            if not errors.is_denied(error):
                raise
            return {}
        return {
            rule["Name"].rpartition("-Rule-")[0]: rule["State"]
            for rule in found
            if rule["Arn"].split(":")[4] == env.account_id and "-Rule-" in rule["Name"]
        }

    def _runs(self, job: str, since: datetime) -> list[Run] | None:
        """Return the last runs of a job, or None if its history must not be read.

        Whether Step Functions may be asked is found out once, by the first job.
        """
        with self._first:
            if not self._may_ask_known:
                found = self._read_runs(job, since)
                self._may_ask_known = True
                return found
        return self._read_runs(job, since)

    def _read_runs(self, job: str, since: datetime) -> list[Run] | None:
        try:
            return self._executions.latest(job, status.LAST, since, HISTORIES)
        except NotDeployedError:  # its creation has not come that far
            return []
        except ServiceError as error:
            if not errors.is_denied(error):
                raise
            return None
