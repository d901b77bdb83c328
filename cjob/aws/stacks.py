"""CloudFormation stacks of jobs: proposing and executing changes, and following them.

All calls go out as the environment's manager role, in the environment's region. Each that changes
something carries a token, so that a repeated one is the same call to CloudFormation; where its
answer is lost all the same, what is there says whether it was done.
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
from cjob.aws.rate_limit import backoff
from cjob.aws.session import Account
from cjob.aws.stack_reader import (
    CHANGE_SET_IN_PROGRESS,
    NO_CHANGE_SET,
    POLL_ATTEMPTS,
    StackReader,
    none_without_change_set,
)
from cjob.concurrency.interrupts import Sleep, shield
from cjob.document.models import Target
from cjob.document.records import EMPTY
from cjob.document.snapshot import ABSENT, UNDER_REVIEW
from cjob.reporting.errors import ServiceError
from cjob.reporting.progress import Reporter
from cjob.stages import states
from cjob.stages.change_sets import Proposal, Request, StackChangedError
from cjob.stages.following import Event

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import DescribeChangeSetOutputTypeDef

CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")

DELETED = ("DELETE_IN_PROGRESS", "DELETE_COMPLETE")

# Of a change set that needs no deletion any more.
SETTLED = NO_CHANGE_SET | {"InvalidChangeSetStatus", "InvalidChangeSetStatusException"}


class AwsStacks(StackReader):
    """The stacks of an environment, as its manager role may see and change them."""

    def __init__(self, account: Account, sleep: Sleep, report: Reporter) -> None:
        """Take what `StackReader` takes."""
        super().__init__(account, sleep, report)
        self._created: dict[str, tuple[str, str]] = {}

    def propose(self, target: Target, request: Request) -> Proposal:
        """Make a change set and wait until it can be executed, or is found to be empty.

        Once it was asked for, it is to be discarded, whatever is raised here.
        """
        client, stack = self._client(target), request.stack.name
        with translating_errors(f"propose changes to stack {stack!r}", target.manager_role_arn):
            shield(lambda: self._create_change_set(client, target, request), self._sleep)
            state = self._described(self._poller(target), stack, request.name)
        if request.create and not _is_ours(state, request):
            raise StackChangedError(stack, UNDER_REVIEW)
        return _proposal(state, stack)

    def _described(
        self, client: "CloudFormationClient", stack: str, name: str
    ) -> "DescribeChangeSetOutputTypeDef":
        """Wait until a change set is made, or found to be empty or impossible.

        StackChangedError if it is gone: somebody deleted the stack that was yet to be made.
        """
        described = self._poll(
            lambda: none_without_change_set(
                lambda: client.describe_change_set(StackName=stack, ChangeSetName=name)
            ),
            backoff(0.2, 5.0),
        )
        while (state := next(described)) is None or state["Status"].endswith(
            CHANGE_SET_IN_PROGRESS
        ):
            if state is None:
                raise StackChangedError(stack, ABSENT)
        return state

    def _create_change_set(
        self, client: "CloudFormationClient", target: Target, request: Request
    ) -> None:
        """Make it; where the answer to a first try was lost, it is there already."""
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
        """Start a proposed change, unless the run was interrupted meanwhile."""
        self._sleep(0)
        optional: dict[str, Any] = {} if rollback else {"DisableRollback": True}
        client, token = self._client(target), proposal.token

        def start() -> None:
            try:
                client.execute_change_set(
                    ChangeSetName=proposal.id, ClientRequestToken=token, **optional
                )
            except (ClientError, *errors.CONNECTION_ERRORS):
                if not _began(client, proposal.stack_id, token):
                    raise

        with translating_errors("execute the change set", target.manager_role_arn):
            shield(start, self._sleep)

    def discard(self, target: Target, request: Request) -> str:
        """Delete a request's change set unless it was executed; return the id of its stack.

        Empty unless the stack was created for it. A change set that creates a stack has the same
        name in each run, so another run's is left alone.
        """
        client = self._client(target)
        with translating_errors("delete the change set", target.manager_role_arn):
            found = self._created.get(request.token) or self._find(client, request)
            if not found:
                return ""
            try:
                client.delete_change_set(ChangeSetName=found[0])
            except ClientError as error:
                if errors.code(error) not in SETTLED:
                    raise
        return found[1] if request.create else ""

    def _find(self, client: "CloudFormationClient", request: Request) -> tuple[str, str] | None:
        """Return the change set of a request whose answer was lost, and its stack."""
        stack, name = request.stack.name, request.name
        state = none_without_change_set(
            lambda: client.describe_change_set(StackName=stack, ChangeSetName=name)
        )
        if state is None or not _is_ours(state, request):
            return None
        return state["ChangeSetId"], state["StackId"]

    def delete(self, target: Target, stack_id: str) -> None:
        """Start to delete a stack."""
        with translating_errors("delete the stack", target.manager_role_arn):
            try:
                self._client(target).delete_stack(StackName=stack_id, ClientRequestToken=_token())
            except (ClientError, *errors.CONNECTION_ERRORS):
                if self._status(target, stack_id) not in (ABSENT, *DELETED):
                    raise

    def cancel(self, target: Target, stack_id: str) -> None:
        """Start to roll an update back; nothing happens where it has ended meanwhile."""
        with translating_errors("cancel the update", target.manager_role_arn):
            try:
                self._client(target).cancel_update_stack(
                    StackName=stack_id, ClientRequestToken=_token()
                )
            except ClientError as error:
                if errors.code(error) != "ValidationError":
                    raise

    def explain(self, target: Target, failure: Event) -> Sequence[str]:
        """Return what else is known of a failure, a line each; nothing where that isn't told."""
        region, role = target.region, target.manager_role_arn
        diagnostics = FailureDiagnostics(
            self._poller(target),
            lambda: self._account.client("logs", region, role, attempts=POLL_ATTEMPTS),
            lambda: self._account.client("ecs", region, role, attempts=POLL_ATTEMPTS),
        )
        return diagnostics.explain(failure)

    def follow(
        self, target: Target, stack_id: str, aside: Mapping[str, str] = EMPTY
    ) -> Iterator[Event | None]:
        """Return events from now on, until the stack comes to rest; see `EventStream`."""
        poller, doing = self._poller(target), "read the stack's events"
        with translating_errors(doing, target.manager_role_arn):
            newest = self._poll(
                lambda: poller.describe_stack_events(StackName=stack_id), backoff(0.2, 5.0)
            )
            past = next(newest)["StackEvents"]
        following = EventStream(
            poller, self._limiter, self._report, stack_id, past=past, aside=aside
        )

        def until_rest() -> Iterator[Event | None]:
            with translating_errors(doing, target.manager_role_arn):
                yield from following.events()

        return until_rest()


def _token(number: str = "") -> str:
    """Return the token of a call, which shows whose it is to others who see what comes of it."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user without a name
        user = "somebody"
    return states.client_token(f"{user}-at-{socket.gethostname()}", number or uuid.uuid4().hex)


def _is_ours(state: "DescribeChangeSetOutputTypeDef", request: Request) -> bool:
    """Check whether a change set is that of this request, by the token in its description."""
    return state.get("Description", "").endswith(request.token)


def _began(client: "CloudFormationClient", stack_id: str, token: str) -> bool:
    """Return whether a call was done although its answer was lost or refused: its token tells."""
    newest = client.describe_stack_events(StackName=stack_id)["StackEvents"]
    return any(event.get("ClientRequestToken") == token for event in newest)


def _proposal(state: "DescribeChangeSetOutputTypeDef", stack: str) -> Proposal:
    """Return what a change set came to; ServiceError where it can't be executed."""
    if state["Status"] == "CREATE_COMPLETE" and state["ExecutionStatus"] == "AVAILABLE":
        return Proposal(id=state["ChangeSetId"], stack_id=state["StackId"], token=_token())
    reason = state.get("StatusReason", "")
    if not state.get("Changes") and _says_no_changes(reason):
        return Proposal(id="", stack_id=state["StackId"])
    raise ServiceError(
        f"CloudFormation cannot change stack {stack!r}: {errors.clean(reason) or state['Status']}",
        hint="put the template or the parameters right; nothing was changed",
    )


def _says_no_changes(reason: str) -> bool:
    """Return whether CloudFormation gave one of its texts for an empty change set.

    An empty change set has no status of its own; these are the words of its documentation.
    """
    said = reason.casefold()
    return "didn't contain changes" in said or "no updates are to be performed" in said
