"""CloudFormation stacks of jobs: reading them, proposing and executing changes, following them.

All calls go out as the environment's manager role, in the environment's region.
"""

import contextlib
import json
import random
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from cjob.aws import faults
from cjob.aws.directory import template_version
from cjob.aws.session import Account, together
from cjob.errors import CjobError, ServiceError
from cjob.interruption import Sleep, unbroken
from cjob.live import Live
from cjob.release import Target
from cjob.stages.apply import Proposal, Request
from cjob.stages.following import Event

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import DescribeChangeSetOutputTypeDef

T = TypeVar("T")

CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
}


class AwsStacks:
    """The stacks of an environment, as its manager role may see and change them."""

    def __init__(self, account: Account, sleep: Sleep) -> None:
        """Take the account and how to wait; no call is made before something is asked for."""
        self._account = account
        self._sleep = sleep

    def read(self, target: Target, name: str) -> Live:
        """Give the live side of a stack; two calls at once."""
        client = self._client(target)

        def describe() -> Mapping[str, Any] | None:
            with faults.told(f"read stack {name!r}", target.manager_role_arn):
                return _present(lambda: client.describe_stacks(StackName=name)["Stacks"][0])

        stack, text = together(describe, lambda: self._template(target, name))
        if stack is None:
            return Live()
        return Live(
            status=stack["StackStatus"],
            stack_id=stack["StackId"],
            template=text,
            parameters={
                p["ParameterKey"]: p.get("ParameterValue", "") for p in stack.get("Parameters", [])
            },
            tags={t["Key"]: t["Value"] for t in stack.get("Tags", [])},
        )

    def nested_template(self, target: Target, stack_id: str, logical_id: str) -> str:
        """Give the template of a stack inside a stack, empty where there is none; two calls."""
        client = self._client(target)
        with faults.told(f"find {logical_id!r} of stack {stack_id!r}", target.manager_role_arn):
            found = _present(
                lambda: client.describe_stack_resource(
                    StackName=stack_id, LogicalResourceId=logical_id
                )["StackResourceDetail"]
            )
        nested = found.get("PhysicalResourceId", "") if found else ""
        return self._template(target, nested) if nested else ""

    def _template(self, target: Target, name: str) -> str:
        client = self._client(target)
        with faults.told(f"read the template of stack {name!r}", target.manager_role_arn):
            body = _present(lambda: client.get_template(StackName=name, TemplateStage="Original"))
        text = body["TemplateBody"] if body else ""
        return text if isinstance(text, str) else json.dumps(text, indent=2, ensure_ascii=False)

    def version(self, target: Target, name: str) -> str:
        """Give the template version of a stack, empty where there is none; one call."""
        client = self._client(target)
        with faults.told(f"read the version of stack {name!r}", target.manager_role_arn):
            summary = _present(lambda: client.get_template_summary(StackName=name))
        return template_version(summary.get("Metadata", "")) if summary else ""

    def propose(self, target: Target, request: Request) -> Proposal:
        """Make a change set and wait until it can be executed, or is found to be empty.

        One that can't be executed is deleted, and so it is after an error or Ctrl-C.
        """
        client, stack, name = self._client(target), request.stack.name, f"cjob-{uuid.uuid4()}"
        try:
            with faults.told(f"propose changes to stack {stack!r}", target.manager_role_arn):
                unbroken(lambda: self._create_change_set(client, target, request, name))
                state = self._described(client, stack, name)
            proposal = _proposal(state, stack)
        except BaseException:
            # By its name, which is known even where its creation was not answered any more.
            with contextlib.suppress(CjobError), faults.told("delete the change set"):
                client.delete_change_set(StackName=stack, ChangeSetName=name)
            raise
        if not proposal.id:
            with faults.told("delete the empty change set", target.manager_role_arn):
                client.delete_change_set(StackName=stack, ChangeSetName=name)
        return proposal

    def _described(
        self, client: "CloudFormationClient", stack: str, name: str
    ) -> "DescribeChangeSetOutputTypeDef":
        """Wait until a change set is made, or found to be empty or impossible."""
        for pause in pauses(0.2, 5.0):
            state = client.describe_change_set(StackName=stack, ChangeSetName=name)
            if not state["Status"].endswith(("_PENDING", "_IN_PROGRESS")):
                break
            self._sleep(pause)
        return state

    def _create_change_set(
        self, client: "CloudFormationClient", target: Target, request: Request, name: str
    ) -> None:
        client.create_change_set(
            StackName=request.stack.name,
            ChangeSetName=name,
            ChangeSetType="CREATE" if request.create else "UPDATE",
            TemplateURL=request.template_url,
            Parameters=[
                {"ParameterKey": k, "ParameterValue": v}
                for k, v in request.stack.parameters.items()
            ],
            Tags=[{"Key": k, "Value": v} for k, v in request.stack.tags.items()],
            RoleARN=target.execution_role_arn,
            Capabilities=list(CAPABILITIES),  # type: ignore[arg-type]
            IncludeNestedStacks=True,
            ClientToken=str(uuid.uuid4()),
        )

    def execute(self, target: Target, proposal: Proposal, *, rollback: bool) -> None:
        """Start a proposed change, unless the run was interrupted meanwhile."""
        self._sleep(0)
        optional: dict[str, Any] = {} if rollback else {"DisableRollback": True}
        with faults.told("execute the change set", target.manager_role_arn):
            client = self._client(target)
            unbroken(
                lambda: client.execute_change_set(
                    ChangeSetName=proposal.id, ClientRequestToken=str(uuid.uuid4()), **optional
                )
            )

    def discard(self, target: Target, proposal: Proposal) -> None:
        """Delete a change set that will not be executed."""
        with faults.told("delete the change set", target.manager_role_arn):
            self._client(target).delete_change_set(ChangeSetName=proposal.id)

    def delete(self, target: Target, stack_id: str) -> None:
        """Start to delete a stack."""
        with faults.told("delete the stack", target.manager_role_arn):
            self._client(target).delete_stack(StackName=stack_id)

    def cancel(self, target: Target, stack_id: str) -> None:
        """Start to roll an update back; nothing happens where it has ended meanwhile."""
        with faults.told("cancel the update", target.manager_role_arn):
            try:
                self._client(target).cancel_update_stack(StackName=stack_id)
            except ClientError as error:
                if faults.code(error) != "ValidationError":
                    raise

    def follow(self, target: Target, stack_id: str) -> Iterator[Event]:
        """Give events from now on as they happen, until the stack comes to rest.

        What is past is marked at once, by its newest page: a look for what is new goes no further
        back. A throttled poll only makes the next one later.
        """
        client = self._client(target)
        with faults.told("read the stack's events", target.manager_role_arn):
            newest = client.describe_stack_events(StackName=stack_id)["StackEvents"]
        seen = {event["EventId"] for event in newest}

        def until_rest() -> Iterator[Event]:
            for pause in pauses(0.2, 4.0):
                new = self._new_events(client, stack_id, seen, target)
                seen.update(e["EventId"] for e in new)
                for event in (_event(e) for e in reversed(new)):
                    yield event
                    if event.ends:
                        return
                self._sleep(0.2 if new else pause)

        return until_rest()

    def _new_events(
        self, client: "CloudFormationClient", stack_id: str, seen: set[str], target: Target
    ) -> list[Any]:
        """Give the events that were not seen yet, newest first; none where it is throttled."""
        new: list[Any] = []
        pages = client.get_paginator("describe_stack_events").paginate(StackName=stack_id)
        with faults.told("read the stack's events", target.manager_role_arn):
            try:
                for page in pages:
                    fresh = [e for e in page["StackEvents"] if e["EventId"] not in seen]
                    new += fresh
                    if len(fresh) < len(page["StackEvents"]):
                        return new
            except ClientError as error:
                if faults.code(error) not in THROTTLED:
                    raise
                return []
        return new

    def _client(self, target: Target) -> "CloudFormationClient":
        return self._account.client("cloudformation", target.region, target.manager_role_arn)


def pauses(first: float, longest: float) -> Iterator[float]:
    """Give waits in seconds that grow by half each time, with jitter, without end."""
    wait = first
    while True:
        yield wait * random.uniform(0.8, 1.2)  # noqa: S311 - spreads polls, guards nothing
        wait = min(wait * 1.5, longest)


def _present(call: Callable[[], T]) -> T | None:
    """Make a call about a stack; None where there is no such stack.

    The names are well-formed, so absence is all that a validation error of these calls can mean.
    """
    try:
        return call()
    except ClientError as error:
        if faults.code(error) == "ValidationError":
            return None
        raise


def _proposal(state: "DescribeChangeSetOutputTypeDef", stack: str) -> Proposal:
    """Give what a change set came to; ServiceError where it can't be executed."""
    if state["Status"] == "CREATE_COMPLETE" and state["ExecutionStatus"] == "AVAILABLE":
        return Proposal(id=state["ChangeSetId"], stack_id=state["StackId"])
    reason = state.get("StatusReason", "")
    if not state.get("Changes") and _says_no_changes(reason):
        return Proposal(id="", stack_id=state["StackId"])
    raise ServiceError(
        f"CloudFormation cannot change stack {stack!r}: {faults.clean(reason) or state['Status']}",
        hint="put the template or the parameters right; nothing was changed",
    )


def _says_no_changes(reason: str) -> bool:
    """Say whether CloudFormation gave one of its texts for an empty change set.

    An empty change set has no status of its own; these are the words of its documentation.
    """
    return "didn't contain changes" in reason or "No updates are to be performed" in reason


def _event(raw: Any) -> Event:  # noqa: ANN401 - a structure of the service's
    return Event(
        logical_id=raw["LogicalResourceId"],
        type=raw.get("ResourceType", ""),
        status=raw.get("ResourceStatus", ""),
        reason=faults.clean(raw.get("ResourceStatusReason", "")),
        own=raw.get("PhysicalResourceId") == raw["StackId"],
    )
