"""CloudFormation stacks of jobs: how they are, and what goes on in them.

All calls go out as the environment's manager role, in the environment's region, and change nothing.
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
from cjob.aws.rate_limit import RateLimiter, backoff
from cjob.aws.retry_budget import RetryBudget
from cjob.aws.session import Account, gather
from cjob.concurrency.interrupts import Sleep, interruptible
from cjob.document import names
from cjob.document.models import Target
from cjob.document.records import replace
from cjob.document.snapshot import ABSENT, UNDER_REVIEW, Activity, Placeholder, StackSnapshot
from cjob.reporting.errors import ServiceError
from cjob.reporting.progress import Reporter
from cjob.stages import states
from cjob.stages.following import PASSED_ON

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

T = TypeVar("T")

FAILED = ("UPDATE_FAILED", "DELETE_FAILED")

REST_LIMIT_S = 90 * 60
POLL_ATTEMPTS = 2


class StackReader:
    """The stacks of an environment, as its manager role may see them."""

    def __init__(self, account: Account, sleep: Sleep, report: Reporter) -> None:
        """Take the account, and how to wait and tell; no call is made before one is asked for."""
        self._account = account
        self._sleep = sleep
        self._report = report
        self._limiter = RateLimiter(sleep)

    def read(self, target: Target, name: str) -> StackSnapshot:
        """Return the live side of a stack; two calls at once."""
        live: StackSnapshot
        live, text = gather(
            lambda: self.describe(target, name), lambda: self._template(target, name)
        )
        return replace(live, template=text) if live.status else live

    def describe(self, target: Target, name: str) -> StackSnapshot:
        """Return a stack as it is, without any template; one call."""
        client = self._client(target)
        with translating_errors(f"read stack {name!r}", target.manager_role_arn):
            stack = none_without_stack(lambda: client.describe_stacks(StackName=name)["Stacks"][0])
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
        """Return the template of a stack inside a stack, empty where there is none; two calls."""
        client = self._client(target)
        with translating_errors(
            f"find {logical_id!r} of stack {stack_id!r}", target.manager_role_arn
        ):
            found = none_without_stack(
                lambda: client.describe_stack_resource(
                    StackName=stack_id, LogicalResourceId=logical_id
                )["StackResourceDetail"]
            )
        nested = found.get("PhysicalResourceId", "") if found else ""
        return self._template(target, nested) if nested else ""

    def _template(self, target: Target, name: str) -> str:
        client = self._client(target)
        with translating_errors(f"read the template of stack {name!r}", target.manager_role_arn):
            body = none_without_stack(
                lambda: client.get_template(StackName=name, TemplateStage="Original")
            )
        text = body["TemplateBody"] if body else ""
        return text if isinstance(text, str) else json.dumps(text, indent=2, ensure_ascii=False)

    def version(self, target: Target, name: str) -> str:
        """Return the template version of a stack, empty where there is none; one call."""
        client = self._client(target)
        with translating_errors(f"read the version of stack {name!r}", target.manager_role_arn):
            summary = none_without_stack(lambda: client.get_template_summary(StackName=name))
        return template_version(summary.get("Metadata", "")) if summary else ""

    def activity(self, target: Target, stack_id: str) -> Activity:
        """Return what is done to a stack, as its newest events tell; nothing where they don't."""
        with translating_errors("read the stack's events", target.manager_role_arn):
            events = self._client(target).describe_stack_events(StackName=stack_id)["StackEvents"]
        for event in events:
            own = event.get("PhysicalResourceId") == event["StackId"]
            if own and event.get("ResourceStatus") in states.BEGINNINGS:
                return Activity(
                    status=event["ResourceStatus"],
                    started_at=_format_time(event["Timestamp"]),
                    token=event.get("ClientRequestToken", ""),
                )
        return Activity()

    def unfinished(self, target: Target, stack_id: str, *, nested: bool) -> Sequence[str]:
        """Return the resources that failed; those of a nested stack stand behind its name."""
        with translating_errors("read the stack's resources", target.manager_role_arn):
            return tuple(_unfinished(self._client(target), stack_id, "", nested=nested))

    def await_rest(self, target: Target, stack_id: str) -> str:
        """Wait until nobody is at work on a stack, and give its status; absent ones rest, too."""
        ends = time.monotonic() + REST_LIMIT_S
        client = self._poller(target)
        with translating_errors(f"wait for stack {stack_id!r}", target.manager_role_arn):
            looks = self._poll(lambda: _status(client, stack_id), backoff(0.5, 10.0))
            while (status := next(looks)).endswith("_IN_PROGRESS"):
                if time.monotonic() > ends:
                    raise ServiceError(
                        f"stack {stack_id!r} is still {status} after {REST_LIMIT_S // 60} minutes",
                        hint=states.aws("describe-stack-events", stack_id, target.region),
                    )
        return status

    def _poll(self, call: Callable[[], T], waits: Iterator[float]) -> Iterator[T]:
        """Yield what a call answers again and again; errors that may pass are waited for."""
        budget, ends = RetryBudget(self._limiter, self._report), time.monotonic() + REST_LIMIT_S
        for wait in waits:
            try:
                found = interruptible(call, self._sleep)
            except (ClientError, *errors.CONNECTION_ERRORS) as error:
                if not budget.allows(error) or time.monotonic() > ends:
                    raise
            else:
                budget.answered()
                yield found
            self._limiter.wait(wait)

    def _status(self, target: Target, stack_id: str) -> str:
        client = self._client(target)
        with translating_errors(f"read stack {stack_id!r}", target.manager_role_arn):
            return _status(client, stack_id)

    def placeholder(self, target: Target, name: str, stack_id: str) -> Placeholder | None:
        """Return what is known of an empty stack under review; None if it no longer is one.

        The role may not list change sets: one is known by the name that cjob gives to it, or that
        CloudFormation shows with the stack. The status is read last, so that it covers the rest.
        """
        client, own = self._client(target), names.creation_change_set(name)
        with translating_errors(f"read stack {name!r}", target.manager_role_arn):
            events, resources, change_set = gather(
                lambda: none_without_stack(
                    lambda: client.describe_stack_events(StackName=stack_id)
                ),
                lambda: none_without_stack(
                    lambda: client.describe_stack_resources(StackName=stack_id)
                ),
                lambda: none_without_change_set(
                    lambda: client.describe_change_set(StackName=name, ChangeSetName=own)
                ),
            )
            stack = none_without_stack(
                lambda: client.describe_stacks(StackName=stack_id)["Stacks"][0]
            )
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
        """Watch an empty stack; False as soon as its change set is executed or it is deleted."""
        client, ends = self._poller(target), time.monotonic() + seconds
        with translating_errors(f"wait for stack {stack_id!r}", target.manager_role_arn):
            for status in self._poll(lambda: _status(client, stack_id), backoff(0.5, 5.0)):
                if status != UNDER_REVIEW:
                    return False
                if time.monotonic() >= ends:
                    break
        return True

    def _client(self, target: Target) -> "CloudFormationClient":
        return self._account.client("cloudformation", target.region, target.manager_role_arn)

    def _poller(self, target: Target) -> "CloudFormationClient":
        """Return a client that comes back soon from a call that is repeated anyway."""
        role = target.manager_role_arn
        return self._account.client("cloudformation", target.region, role, attempts=POLL_ATTEMPTS)


def _format_time(time: datetime) -> str:
    """Tell a time in UTC, and by the clock of the person who reads, where that is another."""
    own = time.astimezone()
    shown = f" ({own:%a %H:%M %Z})" if own.utcoffset() else ""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC{shown}"


CHANGE_SET_IN_PROGRESS = ("_PENDING", "_IN_PROGRESS")
# The last where the stack is gone, too.
NO_CHANGE_SET = {"ChangeSetNotFound", "ChangeSetNotFoundException", "ValidationError"}


def _status(client: "CloudFormationClient", stack_id: str) -> str:
    found = none_without_stack(lambda: client.describe_stacks(StackName=stack_id)["Stacks"][0])
    return found["StackStatus"] if found else ABSENT


def _unfinished(
    client: "CloudFormationClient", stack: str, prefix: str, *, nested: bool
) -> Iterator[str]:
    """Yield the resources that failed by themselves; a stack has its first 100 looked at.

    A rollback can't skip those that were only cancelled since another one failed.
    """
    found = none_without_stack(lambda: client.describe_stack_resources(StackName=stack))
    for resource in found["StackResources"] if found else ():
        reason = resource.get("ResourceStatusReason", "")
        if resource["ResourceStatus"] not in FAILED or reason.casefold() in PASSED_ON:
            continue
        below = resource.get("PhysicalResourceId", "")
        if nested and resource["ResourceType"] == STACK and below:
            inside = tuple(_unfinished(client, below, below.split("/")[1] + ".", nested=True))
            if inside:
                yield from inside
                continue
        yield prefix + resource["LogicalResourceId"]


def none_without_stack(call: Callable[[], T]) -> T | None:
    """Make a call about a stack; None where there is no such stack.

    The names are well-formed, so absence is all that a validation error of these calls can mean.
    """
    try:
        return call()
    except ClientError as error:
        if errors.code(error) == "ValidationError":
            return None
        raise


def none_without_change_set(call: Callable[[], T]) -> T | None:
    """Make a call about a change set; None where there is no such change set."""
    try:
        return call()
    except ClientError as error:
        if errors.code(error) in NO_CHANGE_SET:
            return None
        raise
