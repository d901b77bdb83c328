"""What a deployment asks of CloudFormation: change sets, who makes and executes them, and options.

Plain data and protocols; the adapter is `cjob.aws.stacks`.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from cjob.concurrency.interrupts import Begun
from cjob.document.models import Stack, Target
from cjob.document.records import EMPTY, dataclass
from cjob.reporting.errors import InputError, Interrupted
from cjob.reporting.progress import Reporter
from cjob.stages import failures, states
from cjob.stages.diff import LiveStacks
from cjob.stages.following import Event
from cjob.stages.push import ObjectStore


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a person chose for this deployment."""

    rollback: bool = True
    detach: bool = False
    allow_downgrade: bool = False
    allow_removal: tuple[str, ...] = ()
    adopt: bool = False
    force_plan: bool = False
    wait: bool = False


@dataclass(frozen=True, kw_only=True)
class Request:
    """A change to be proposed: its own name, the stack, where its template lies, if it is new.

    `token` tells it from another run's request of the same name.
    """

    name: str
    token: str
    stack: Stack
    template_url: str
    create: bool


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A change set; `id` is empty where CloudFormation found nothing to change.

    What comes of executing it carries the `token`, by which it is told from what others begin.
    """

    id: str
    stack_id: str
    token: str = ""


class StackChangedError(InputError):
    """Somebody else changed the stack after it was compared."""

    def __init__(self, name: str, status: str) -> None:
        """Take the status that the stack has now."""
        super().__init__(
            f"stack {name!r} was changed by somebody else meanwhile; it is {status or 'gone'} now",
            hint="run the same command again, or let it wait for others: --wait-for-stack",
        )


class Stacks(LiveStacks, failures.Witness, Protocol):
    """CloudFormation, as far as a deployment needs it."""

    def propose(self, target: Target, request: Request) -> Proposal:
        """Make a change set and wait for it."""

    def execute(self, target: Target, proposal: Proposal, *, rollback: bool) -> None:
        """Start a proposed change."""

    def discard(self, target: Target, request: Request) -> str:
        """Delete the change set of a request if there is one that was not executed.

        Return the id of the stack that was created for it, if there is one.
        """

    def delete(self, target: Target, stack_id: str) -> None:
        """Start to delete a stack."""

    def cancel(self, target: Target, stack_id: str) -> None:
        """Start to roll an update back."""

    def follow(
        self, target: Target, stack_id: str, aside: Mapping[str, str] = EMPTY
    ) -> Iterator[Event | None]:
        """Return events from now on, until the stack comes to rest; None where nothing is new.

        `aside` names other stacks, by the resource that changes them.
        """


def left(stack: str, region: str) -> Interrupted:
    """Return the error for a deployment that the person did not let cjob roll back."""
    return Interrupted(
        f"interrupted again: stack {stack!r} is left as it is", hint=look(stack, region)
    )


def look(stack: str, region: str) -> str:
    """Return a hint with the command that shows the state of a stack."""
    return f"check the result with: {states.aws('describe-stacks', stack, region)}"


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What a deployment works with.

    `begun` belongs to this deployment. `turn` is taken to update the environment's stack, too.
    `aside` names other stacks that are changed on the way, by the resource that does it.
    """

    stacks: Stacks
    store: ObjectStore
    report: Reporter
    begun: Begun
    turn: Callable[[], AbstractContextManager[object]] = nullcontext
    aside: Mapping[str, str] = EMPTY
