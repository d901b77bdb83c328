"""Changes the CloudFormation stacks of jobs: change sets, rollbacks and deletions.

All calls are made as the environment's manager role, in the environment's region. A call that
changes something carries a token, so that CloudFormation takes a repeated call for the same one. If
the answer is lost all the same, the stack's state shows whether the call was done.
"""

import contextlib
import getpass
import socket
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cjob.aws import errors
from cjob.aws.errors import translating_errors
from cjob.aws.event_stream import EventStream
from cjob.aws.failure_diagnostics import FailureDiagnostics
from cjob.aws.polling import TIME_LIMIT_S
from cjob.aws.session import Account
from cjob.aws.stack_reader import (
    CHANGE_SET_IN_PROGRESS,
    NO_CHANGE_SET,
    POLL_ATTEMPTS,
    StackReader,
    optional_change_set,
)
from cjob.concurrency.interrupts import Sleep, shield
from cjob.document.models import Target
from cjob.document.records import EMPTY
from cjob.document.snapshot import ABSENT, UNDER_REVIEW
from cjob.document.stack_operations import aws_command, client_token
from cjob.reporting.errors import ServiceError
from cjob.reporting.progress import Reporter
from cjob.stages.deployment.change_sets import Proposal, Request, StackChangedError
from cjob.stages.deployment.events import Event

if TYPE_CHECKING:  # stubs, which are installed for development only
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import DescribeChangeSetOutputTypeDef

CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")

DELETED = ("DELETE_IN_PROGRESS", "DELETE_COMPLETE")

# Of a change set that needs no deletion any more.
NOTHING_TO_DELETE = NO_CHANGE_SET | {"InvalidChangeSetStatus", "InvalidChangeSetStatusException"}


class AwsStacks(StackReader):
    """The stacks of an environment, as its manager role may read and change them."""

    def __init__(self, account: Account, sleep: Sleep, report: Reporter) -> None:
        """Take what `StackReader` takes."""
        super().__init__(account, sleep, report)
        self._created: dict[str, tuple[str, str]] = {}

    def propose(self, target: Target, request: Request) -> Proposal:
        """Create a change set and wait until it can be executed, or is found to be empty.

        The caller must discard it, also if this raises.
        """
        client, stack = self._client(target), request.stack.name
        with translating_errors(f"propose changes to stack {stack!r}", target.manager_role_arn):
            shield(lambda: self._create_change_set(client, target, request), self._sleep)
            state = self._await_change_set(target, stack, request.name)
        if request.create and not _is_ours(state, request):
            raise StackChangedError(stack, UNDER_REVIEW)
        return _proposal(state, stack)

    def _await_change_set(
        self, target: Target, stack: str, name: str
    ) -> "DescribeChangeSetOutputTypeDef":
        """Wait until a change set is created, or has failed; return its description.

        Raise StackChangedError if it is gone, since somebody deleted the stack under review, and
        ServiceError if it takes too long.
        """
        client = self._polling_client(target)
        for state in self._poller.answers(
            lambda: optional_change_set(
                lambda: client.describe_change_set(StackName=stack, ChangeSetName=name)
            )
        ):
            if state is None:
                raise StackChangedError(stack, ABSENT)
            if not state["Status"].endswith(CHANGE_SET_IN_PROGRESS):
                return state
        raise ServiceError(
            f"change set {name!r} is still not created after {TIME_LIMIT_S // 60} minutes",
            hint=aws_command(
                "describe-change-set", stack, target.region, "--change-set-name", name
            ),
        )

    def _create_change_set(
        self, client: "CloudFormationClient", target: Target, request: Request
    ) -> None:
        """Create a change set; it exists already if the answer to a first try was lost."""
        with contextlib.suppress(client.exceptions.AlreadyExistsException):
            created = client.create_change_set(
                StackName=request.stack.name,
                ChangeSetName=request.name,
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
                ClientToken=_token(request.token),
                Description=_token(request.token),
            )
            self._created[request.token] = created["Id"], created["StackId"]

    def execute(self, target: Target, proposal: Proposal, *, rollback: bool) -> None:
        """Start to execute a change set, unless the run was interrupted meanwhile."""
        self._sleep(0)
        optional: dict[str, Any] = {} if rollback else {"DisableRollback": True}
        client, token = self._client(target), proposal.token

        def start() -> None:
            try:
                client.execute_change_set(
                    ChangeSetName=proposal.id, ClientRequestToken=token, **optional
                )
            except (ClientError, *errors.CONNECTION_ERRORS):
                if not _was_done(client, proposal.stack_id, token):
                    raise

        with translating_errors("execute the change set", target.manager_role_arn):
            shield(start, self._sleep)

    def discard(self, target: Target, request: Request) -> str:
        """Delete a request's change set unless it was executed.

        Return the id of the stack if it was created for the change set, else an empty string. A
        change set that creates a stack has the same name in each run, so another run's is kept.
        """
        client = self._client(target)
        with translating_errors("delete the change set", target.manager_role_arn):
            found = self._created.get(request.token) or self._find(client, request)
            if not found:
                return ""
            try:
                client.delete_change_set(ChangeSetName=found[0])
            except ClientError as error:
                if errors.code(error) not in NOTHING_TO_DELETE:
                    raise
        return found[1] if request.create else ""

    def _find(self, client: "CloudFormationClient", request: Request) -> tuple[str, str] | None:
        """Return the ids of change set and stack of a request whose answer was lost."""
        stack, name = request.stack.name, request.name
        state = optional_change_set(
            lambda: client.describe_change_set(StackName=stack, ChangeSetName=name)
        )
        if state is None or not _is_ours(state, request):
            return None
        return state["ChangeSetId"], state["StackId"]

    def delete(self, target: Target, stack_id: str) -> None:
        """Start to delete a stack; succeed if somebody else has done so."""
        with translating_errors("delete the stack", target.manager_role_arn):
            try:
                self._client(target).delete_stack(StackName=stack_id, ClientRequestToken=_token())
            except (ClientError, *errors.CONNECTION_ERRORS):
                if self._status(target, stack_id) not in (ABSENT, *DELETED):
                    raise

    def cancel(self, target: Target, stack_id: str) -> None:
        """Start to roll an update back; do nothing if it has ended meanwhile."""
        with translating_errors("cancel the update", target.manager_role_arn):
            try:
                self._client(target).cancel_update_stack(
                    StackName=stack_id, ClientRequestToken=_token()
                )
            except ClientError as error:
                if errors.code(error) != "ValidationError":
                    raise

    def explain(self, target: Target, failure: Event) -> Sequence[str]:
        """Return what else is known about a failure, one line each; empty if nothing is."""
        region, role = target.region, target.manager_role_arn
        diagnostics = FailureDiagnostics(
            self._polling_client(target),
            lambda: self._account.client("logs", region, role, attempts=POLL_ATTEMPTS),
            lambda: self._account.client("ecs", region, role, attempts=POLL_ATTEMPTS),
        )
        return diagnostics.explain(failure)

    def follow(
        self, target: Target, stack_id: str, related: Mapping[str, str] = EMPTY
    ) -> Iterator[Event | None]:
        """Return the events from now on until the operation ends; see `EventStream`."""
        client, doing = self._polling_client(target), "read the stack's events"
        with translating_errors(doing, target.manager_role_arn):
            newest = self._poller.answers(lambda: client.describe_stack_events(StackName=stack_id))
            past = next(newest)["StackEvents"]
        stream = EventStream(
            client, self._poller.limiter, self._report, stack_id, past=past, related=related
        )

        def until_end() -> Iterator[Event | None]:
            with translating_errors(doing, target.manager_role_arn):
                yield from stream.events()

        return until_end()


def _token(number: str = "") -> str:
    """Return the token of a call, which shows in the stack's events who made it."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user without a name
        user = "somebody"
    return client_token(f"{user}-at-{socket.gethostname()}", number or uuid.uuid4().hex)


def _is_ours(state: "DescribeChangeSetOutputTypeDef", request: Request) -> bool:
    """Check whether a change set belongs to a request, by the token in its description."""
    return state.get("Description", "").endswith(request.token)


def _was_done(client: "CloudFormationClient", stack_id: str, token: str) -> bool:
    """Check by its token whether a call was done although it failed or its answer was lost."""
    newest = client.describe_stack_events(StackName=stack_id)["StackEvents"]
    return any(event.get("ClientRequestToken") == token for event in newest)


def _proposal(state: "DescribeChangeSetOutputTypeDef", stack: str) -> Proposal:
    """Return a change set as a Proposal; raise ServiceError if it can't be executed."""
    if state["Status"] == "CREATE_COMPLETE" and state["ExecutionStatus"] == "AVAILABLE":
        return Proposal(id=state["ChangeSetId"], stack_id=state["StackId"], token=_token())
    reason = state.get("StatusReason", "")
    if not state.get("Changes") and _says_no_changes(reason):
        return Proposal(id="", stack_id=state["StackId"])
    raise ServiceError(
        f"CloudFormation cannot change stack {stack!r}: {errors.clean(reason) or state['Status']}",
        hint="fix the template or the parameters; nothing was changed",
    )


def _says_no_changes(reason: str) -> bool:
    """Check whether a reason is one of CloudFormation's two for an empty change set.

    An empty change set has no status of its own; these texts are in the documentation.
    """
    said = reason.casefold()
    return "didn't contain changes" in said or "no updates are to be performed" in said
