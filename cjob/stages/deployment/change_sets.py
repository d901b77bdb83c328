"""What a deployment asks of CloudFormation: change sets, and how they are made and executed.

Plain data and protocols; the adapter is `cjob.aws.stacks`.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from cjob.concurrency.interrupts import Started
from cjob.diff.stacks import LiveStacks
from cjob.document.fingerprint import fingerprint
from cjob.document.models import Stack, Target
from cjob.document.records import EMPTY, dataclass, replace
from cjob.document.snapshot import ABSENT, UNDER_REVIEW, StackSnapshot
from cjob.document.stack_operations import aws_command
from cjob.reporting.errors import InputError, Interrupted
from cjob.reporting.progress import Reporter
from cjob.stages.deployment import failures
from cjob.stages.deployment.events import Event


@dataclass(frozen=True, kw_only=True)
class Request:
    """A change set to create: its name, the stack, its template, and whether the stack is new.

    `token` distinguishes it from another run's request with the same name.
    """

    name: str
    token: str
    stack: Stack
    template_url: str
    create: bool


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A change set; `id` is empty if CloudFormation found nothing to change.

    The events of its execution carry `token`, which distinguishes them from other operations.
    """

    id: str
    stack_id: str
    token: str = ""


class StackChangedError(InputError):
    """Another deployment changed the stack after it was compared."""

    def __init__(self, name: str, status: str) -> None:
        """Take the stack's name and its status now."""
        super().__init__(
            f"stack {name!r} was changed by another deployment; it is {status or 'gone'} now",
            hint="run the same command again, or pass --wait-for-stack to wait",
        )


class Stacks(LiveStacks, failures.Diagnostics, Protocol):
    """The calls to CloudFormation that a deployment makes."""

    def propose(self, target: Target, request: Request) -> Proposal:
        """Create a change set, and wait until it can be executed or is found to be empty."""

    def execute(self, target: Target, proposal: Proposal, *, rollback: bool) -> None:
        """Start to execute a change set."""

    def discard(self, target: Target, request: Request) -> str:
        """Delete a request's change set unless it was executed.

        Return the id of the stack that was created for it, or an empty string.
        """

    def delete(self, target: Target, stack_id: str) -> None:
        """Start to delete a stack."""

    def cancel(self, target: Target, stack_id: str) -> None:
        """Start to roll an update back."""

    def follow(
        self, target: Target, stack_id: str, related: Mapping[str, str] = EMPTY
    ) -> Iterator[Event | None]:
        """Yield events from now on until the stack's operation ends; None if there is nothing new.

        `related` names other stacks whose events are wanted, by the resource that changes them.
        """


class TemplateStore(Protocol):
    """Where CloudFormation reads templates from."""

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Upload an object."""


@dataclass(frozen=True, kw_only=True)
class ApplyDeps:
    """What a deployment uses besides its options.

    `started` is this deployment's own. `feature_slot` is held while the environment's stack is
    updated, too. `related_stacks` are stacks that are changed by it, by the resource that does so.
    """

    stacks: Stacks
    store: TemplateStore
    report: Reporter
    started: Started
    sleep: Callable[[float], None] = time.sleep
    feature_slot: Callable[[], AbstractContextManager[object]] = nullcontext
    related_stacks: Mapping[str, str] = EMPTY


class Change:
    """One change of a stack while it is made: what was asked for, and how far it has come."""

    def __init__(
        self, deps: ApplyDeps, target: Target, request: Request, before: StackSnapshot
    ) -> None:
        """Take the request, and the stack as it was compared."""
        self.deps = deps
        self.target = target
        self.request = request
        self.before = before
        self.name = request.stack.name
        self.proposal: Proposal | None = None
        self.is_executed = False

    @property
    def is_started(self) -> bool:
        """Whether the call that executes the change set was made, whatever its answer."""
        return self.proposal is not None and self.deps.started.left_running is not None

    def is_as_before(self, now: StackSnapshot) -> bool:
        """Check that the stack is as it was compared; addons follow from its parameters.

        For a new stack an empty one is as good as none.
        """
        if not self.before.exists:
            return now.status in (ABSENT, UNDER_REVIEW)
        return fingerprint(replace(now, addons=self.before.addons)) == fingerprint(self.before)

    def check_unchanged(self, now: StackSnapshot) -> None:
        """Raise StackChangedError unless the stack is the one that was compared."""
        proposed = self.proposal.stack_id if self.proposal else now.stack_id
        if not self.is_as_before(now) or now.stack_id != proposed:
            raise StackChangedError(self.name, now.status)

    @property
    def inspect_hint(self) -> str:
        """The hint with the command that shows the stack's state."""
        return inspect_hint(self.name, self.target.region)

    def left_running_error(self) -> Interrupted:
        """Return the error for a deployment whose rollback was interrupted, too."""
        text = f"interrupted again: stack {self.name!r} is left as it is"
        return Interrupted(text, hint=self.inspect_hint)


def inspect_hint(stack: str, region: str) -> str:
    """Return a hint with the command that shows a stack's state."""
    return f"check the result with: {aws_command('describe-stacks', stack, region)}"
