"""Reads the CloudFormation stacks of jobs: their state, and what is being done to them.

All calls are made as the environment's manager role, in the environment's region. They change
nothing.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import ClientError

from cjob.aws import errors
from cjob.aws.directory import template_version
from cjob.aws.errors import translating_errors
from cjob.aws.event_stream import STACK
from cjob.aws.polling import TIME_LIMIT_S, Poller
from cjob.aws.session import Account, gather
from cjob.concurrency.interrupts import Sleep
from cjob.document import names
from cjob.document.models import Target
from cjob.document.records import replace
from cjob.document.snapshot import ABSENT, UNDER_REVIEW, Activity, Placeholder, StackSnapshot
from cjob.document.stack_operations import STARTS, aws_command
from cjob.reporting.errors import ServiceError
from cjob.reporting.progress import Reporter
from cjob.stages.deployment.events import PASSED_ON

if TYPE_CHECKING:  # stubs, which are installed for development only
    from mypy_boto3_cloudformation import CloudFormationClient

T = TypeVar("T")

FAILED = ("UPDATE_FAILED", "DELETE_FAILED")

POLL_ATTEMPTS = 2


class StackReader:
    """The stacks of an environment, as its manager role may read them."""

    def __init__(self, account: Account, sleep: Sleep, report: Reporter) -> None:
        """Take the account, the function that waits, and where to report; make no call."""
        self._account = account
        self._sleep = sleep
        self._report = report
        self._poller = Poller(sleep, report)

    def read(self, target: Target, name: str) -> StackSnapshot:
        """Return a snapshot of a stack with its template; two calls at once."""
        live: StackSnapshot
        live, text = gather(
            lambda: self.describe(target, name), lambda: self._template(target, name)
        )
        return replace(live, template=text) if live.status else live

    def describe(self, target: Target, name: str) -> StackSnapshot:
        """Return a snapshot of a stack without its template; one call."""
        client = self._client(target)
        with translating_errors(f"read stack {name!r}", target.manager_role_arn):
            stack = optional_stack(lambda: client.describe_stacks(StackName=name)["Stacks"][0])
        if stack is None:
            return StackSnapshot()
        return StackSnapshot(
            status=stack["StackStatus"],
            stack_id=stack["StackId"],
            parameters={
                p["ParameterKey"]: p.get("ParameterValue", "") for p in stack.get("Parameters", [])
            },
            tags={t["Key"]: t["Value"] for t in stack.get("Tags", [])},
            last_updated=_format_time(stack.get("LastUpdatedTime", stack["CreationTime"])),
            protected=stack.get("EnableTerminationProtection", False),
        )

    def nested_template(self, target: Target, stack_id: str, logical_id: str) -> str:
        """Return the template of a nested stack, empty if there is none; two calls."""
        client = self._client(target)
        with translating_errors(
            f"find {logical_id!r} of stack {stack_id!r}", target.manager_role_arn
        ):
            found = optional_stack(
                lambda: client.describe_stack_resource(
                    StackName=stack_id, LogicalResourceId=logical_id
                )["StackResourceDetail"]
            )
        nested = found.get("PhysicalResourceId", "") if found else ""
        return self._template(target, nested) if nested else ""

    def _template(self, target: Target, name: str) -> str:
        client = self._client(target)
        with translating_errors(f"read the template of stack {name!r}", target.manager_role_arn):
            body = optional_stack(
                lambda: client.get_template(StackName=name, TemplateStage="Original")
            )
        text = body["TemplateBody"] if body else ""
        return text if isinstance(text, str) else json.dumps(text, indent=2, ensure_ascii=False)

    def version(self, target: Target, name: str) -> str:
        """Return the template version of a stack, empty if it has none; one call."""
        client = self._client(target)
        with translating_errors(f"read the version of stack {name!r}", target.manager_role_arn):
            summary = optional_stack(lambda: client.get_template_summary(StackName=name))
        return template_version(summary.get("Metadata", "")) if summary else ""

    def activity(self, target: Target, stack_id: str) -> Activity:
        """Return the last operation on a stack; empty if its newest events don't show it."""
        with translating_errors("read the stack's events", target.manager_role_arn):
            events = self._client(target).describe_stack_events(StackName=stack_id)["StackEvents"]
        for event in events:
            own = event.get("PhysicalResourceId") == event["StackId"]
            if own and event.get("ResourceStatus") in STARTS:
                return Activity(
                    status=event["ResourceStatus"],
                    started_at=_format_time(event["Timestamp"]),
                    token=event.get("ClientRequestToken", ""),
                )
        return Activity()

    def failed_resources(self, target: Target, stack_id: str, *, nested: bool) -> Sequence[str]:
        """Return the resources that failed; with `nested` also STACK.RESOURCE of nested stacks."""
        with translating_errors("read the stack's resources", target.manager_role_arn):
            return tuple(_failed_resources(self._client(target), stack_id, "", nested=nested))

    def wait_until_idle(self, target: Target, stack_id: str) -> str:
        """Wait until no operation is in progress on a stack; return its status, or `ABSENT`.

        Raise ServiceError if that takes too long.
        """
        client = self._polling_client(target)
        with translating_errors(f"wait for stack {stack_id!r}", target.manager_role_arn):
            for status in self._poller.answers(
                lambda: _status(client, stack_id), first_s=0.5, longest_s=10.0
            ):
                if not status.endswith("_IN_PROGRESS"):
                    return status
        raise ServiceError(
            f"stack {stack_id!r} is still {status} after {TIME_LIMIT_S // 60} minutes",
            hint=aws_command("describe-stack-events", stack_id, target.region),
        )

    def _status(self, target: Target, stack_id: str) -> str:
        client = self._client(target)
        with translating_errors(f"read stack {stack_id!r}", target.manager_role_arn):
            return _status(client, stack_id)

    def placeholder(self, target: Target, name: str, stack_id: str) -> Placeholder | None:
        """Return what is known about an empty stack under review; None if it no longer is one.

        The role may not list change sets: one is found by the name that cjob gives to it, or that
        CloudFormation shows with the stack. The status is read last, so that it holds for the rest.
        """
        client, own = self._client(target), names.creation_change_set(name)
        with translating_errors(f"read stack {name!r}", target.manager_role_arn):
            events, resources, change_set = gather(
                lambda: optional_stack(lambda: client.describe_stack_events(StackName=stack_id)),
                lambda: optional_stack(lambda: client.describe_stack_resources(StackName=stack_id)),
                lambda: optional_change_set(
                    lambda: client.describe_change_set(StackName=name, ChangeSetName=own)
                ),
            )
            stack = optional_stack(lambda: client.describe_stacks(StackName=stack_id)["Stacks"][0])
        if stack is None or stack["StackStatus"] != UNDER_REVIEW:
            return None
        tokens = [e.get("ClientRequestToken", "") for e in events["StackEvents"]] if events else []
        known = change_set or {}
        shown = known.get("ChangeSetId") or stack.get("ChangeSetId", "")
        return Placeholder(
            created_at=_format_time(stack["CreationTime"]),
            age_s=time.time() - stack["CreationTime"].timestamp(),
            token=next(filter(None, tokens), ""),
            change_set=shown.split("/")[1] if "/" in shown else shown,
            change_set_status=known.get("Status", ""),
            has_resources=bool(resources and resources["StackResources"]),
        )

    def stays_placeholder(self, target: Target, stack_id: str, seconds: float) -> bool:
        """Watch an empty stack; return false once its change set is executed or it is deleted."""
        client = self._polling_client(target)
        with translating_errors(f"wait for stack {stack_id!r}", target.manager_role_arn):
            return all(
                status == UNDER_REVIEW
                for status in self._poller.answers(
                    lambda: _status(client, stack_id), first_s=0.5, limit_s=seconds
                )
            )

    def _client(self, target: Target) -> "CloudFormationClient":
        return self._account.client("cloudformation", target.region, target.manager_role_arn)

    def _polling_client(self, target: Target) -> "CloudFormationClient":
        """Return a client with few retries, for calls that are repeated anyway."""
        role = target.manager_role_arn
        return self._account.client("cloudformation", target.region, role, attempts=POLL_ATTEMPTS)


def _format_time(time: datetime) -> str:
    """Return a time in UTC, and in the local time zone if that is another."""
    own = time.astimezone()
    shown = f" ({own:%a %H:%M %Z})" if own.utcoffset() else ""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC{shown}"


CHANGE_SET_IN_PROGRESS = ("_PENDING", "_IN_PROGRESS")
# CloudFormation answers with the last one if the stack is gone, too.
NO_CHANGE_SET = {"ChangeSetNotFound", "ChangeSetNotFoundException", "ValidationError"}


def _status(client: "CloudFormationClient", stack_id: str) -> str:
    found = optional_stack(lambda: client.describe_stacks(StackName=stack_id)["Stacks"][0])
    return found["StackStatus"] if found else ABSENT


def _failed_resources(
    client: "CloudFormationClient", stack: str, prefix: str, *, nested: bool
) -> Iterator[str]:
    """Yield the resources that failed by themselves, among the first 100 of each stack.

    A rollback can't skip resources that were only cancelled because another one failed. AWS returns
    no more than 100; ListStackResources would return all, but the manager role is not allowed to
    call it in any version of the environment.
    """
    found = optional_stack(lambda: client.describe_stack_resources(StackName=stack))
    for resource in found["StackResources"] if found else ():
        reason = resource.get("ResourceStatusReason", "")
        if resource["ResourceStatus"] not in FAILED or reason.casefold() in PASSED_ON:
            continue
        below = resource.get("PhysicalResourceId", "")
        if nested and resource["ResourceType"] == STACK and below:
            inside = tuple(_failed_resources(client, below, below.split("/")[1] + ".", nested=True))
            if inside:
                yield from inside
                continue
        yield prefix + resource["LogicalResourceId"]


def optional_stack(call: Callable[[], T]) -> T | None:
    """Make a call about a stack; return None if there is no such stack.

    The names are well-formed, so a validation error of these calls can mean nothing else.
    """
    try:
        return call()
    except ClientError as error:
        if errors.code(error) == "ValidationError":
            return None
        raise


def optional_change_set(call: Callable[[], T]) -> T | None:
    """Make a call about a change set; return None if there is no such change set."""
    try:
        return call()
    except ClientError as error:
        if errors.code(error) in NO_CHANGE_SET:
            return None
        raise
