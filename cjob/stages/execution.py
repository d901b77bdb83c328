"""The execution of a change: propose it, execute it, follow it to its end, or roll it back.

Takes a request for a change set and the stack as it was compared; touches the job's stack through
the adapter that it is handed. Wherever an error or Ctrl-C comes, what is left is either as it was
before, or rolled back, or reported as left.
"""

from collections.abc import Iterator
from typing import Literal, NoReturn

from cjob.document import snapshot as live_side
from cjob.document.models import Target
from cjob.document.records import dataclass, replace
from cjob.document.snapshot import StackSnapshot
from cjob.reporting.errors import CjobError, Interrupted, ServiceError
from cjob.reporting.progress import info, warning
from cjob.stages import failures
from cjob.stages.change_sets import Options, Proposal, Request, StackChangedError, Tools, left, look
from cjob.stages.following import Event, follow


@dataclass(frozen=True, kw_only=True)
class Result:
    """The stack that a change set was executed on, and the status that it has now."""

    stack_id: str
    status: str


class Execution:
    """One change of a stack.

    Raises StackChangedError if somebody else changed the stack since it was compared,
    DeploymentError if the deployment failed, Interrupted after Ctrl-C.
    """

    def __init__(
        self, tools: Tools, target: Target, request: Request, live: StackSnapshot, options: Options
    ) -> None:
        """Take the change, and the stack as it was compared."""
        self._tools = tools
        self._stacks = tools.stacks
        self._target = target
        self._request = request
        self._name = request.stack.name
        self._live = live
        self._options = options
        self._proposal: Proposal | None = None
        self._executed = False

    def run(self) -> Result | None:
        """Make the change; return None if CloudFormation finds nothing to change."""
        try:
            events = self._begin()
            if events is None or self._proposal is None:
                return None
            self._executed = True
            status = self._status if self._options.detach else self._follow(events)
            return Result(stack_id=self._proposal.stack_id, status=status)
        except KeyboardInterrupt:
            self._interrupt()

    @property
    def _status(self) -> str:
        return "CREATE_IN_PROGRESS" if self._request.create else "UPDATE_IN_PROGRESS"

    def _begin(self) -> Iterator[Event | None] | None:
        """Propose and execute the change, and return the events of it; an error leaves nothing."""
        events: Iterator[Event | None] | None = None
        try:
            self._proposal = self._stacks.propose(self._target, self._request)
            if not self._proposal.id:
                self._stacks.discard(self._target, self._request)
                return None
            self._check_unchanged(self._stacks.read(self._target, self._name))
            events = self._stacks.follow(self._target, self._proposal.stack_id, self._tools.aside)
            self._tools.begun.left = left(self._name, self._target.region)
            self._stacks.execute(self._target, self._proposal, rollback=self._options.rollback)
        except Exception as error:
            now = self._withdraw()
            match self._whose(now):
                case "ours":  # only the answer to the call was lost
                    return events
                case "unknown":
                    raise ServiceError(
                        f"the deployment of stack {self._name!r} may have begun: {error}",
                        hint=look(self._name, self._target.region),
                    ) from error
            self._tools.begun.left = None
            if isinstance(error, ServiceError) and now is not None:
                self._check_unchanged(now)
            raise
        return events

    def _whose(self, now: StackSnapshot | None) -> Literal["nobody", "ours", "others", "unknown"]:
        """Return whose deployment is seen after the call that executes the change set failed.

        The token of what is done to the stack tells.
        """
        if not (self._proposal and self._tools.begun.left):
            return "nobody"
        if now is None:
            return "unknown"
        if self._is_as_before(now):
            return "nobody"
        try:
            token = self._stacks.activity(self._target, self._proposal.stack_id).token
        except CjobError:
            return "unknown"
        return "ours" if token == self._proposal.token else "others"

    def _follow(self, events: Iterator[Event | None]) -> str:
        """Follow the deployment to its end; return the stack's status."""
        try:
            outcome = follow(events, self._tools.report)
        except ServiceError as error:
            raise ServiceError(
                f"the deployment of stack {self._name!r} continues without cjob: {error.message}",
                hint=f"{error.hint}; {look(self._name, self._target.region)}",
            ) from error
        if not outcome.succeeded:
            raise failures.failed(self._stacks, self._target, outcome, self._name)
        return outcome.status

    def _interrupt(self) -> NoReturn:
        """Leave the stack as it was before, or roll it back to that; raise Interrupted."""
        try:
            if not self._executed:
                now = self._withdraw()
                begun = self._proposal is not None and self._tools.begun.left is not None
                if not begun or (now is not None and self._is_as_before(now)):
                    self._tools.begun.left = None
                    raise self._tools.begun.interrupted() from None
            text = "interrupted: rolling back (press Ctrl-C again to exit now)"
            self._tools.report(info(text))
            told = self._roll_back()
        except KeyboardInterrupt:
            raise left(self._name, self._target.region) from None
        except Interrupted:
            raise
        except CjobError as error:
            hint = error.hint or look(self._name, self._target.region)
            raise Interrupted(f"interrupted, and {error.message}", hint=hint) from error
        raise Interrupted(told, hint=look(self._name, self._target.region)) from None

    def _withdraw(self) -> StackSnapshot | None:
        """Delete the change set, and the empty stack that was made for it.

        Return the stack as it was found. What cannot be done is a warning, so that the error which
        led here stays the one that is raised.
        """
        created = self._proposal.stack_id if self._proposal else ""
        try:
            created = self._stacks.discard(self._target, self._request) or created
        except CjobError as error:
            self._tools.report(warning(str(error)))
        try:
            now = self._stacks.read(self._target, self._name)
            ours = self._request.create and now.stack_id == created
            if ours and now.status == live_side.UNDER_REVIEW:
                self._stacks.delete(self._target, now.stack_id)
        except CjobError as error:
            self._tools.report(warning(str(error)))
            return None
        return now

    def _roll_back(self) -> str:
        """Delete what is being created, cancel what is being updated; return what came of it.

        What somebody else began is left alone.
        """
        proposal, target = self._proposal, self._target
        if proposal is None:  # nothing was executed
            return self._tools.begun.interrupted().message
        stack_id = proposal.stack_id
        events = self._stacks.follow(target, stack_id, self._tools.aside)
        status = self._stacks.read(target, stack_id).status
        if self._stacks.activity(target, stack_id).token not in {"", proposal.token}:
            return f"interrupted; somebody else has changed the stack since, and it is {status} now"
        if status == "CREATE_IN_PROGRESS":
            delete(self._tools, target, stack_id)
            return "interrupted; the stack that was being created is deleted"
        if status == "UPDATE_IN_PROGRESS":
            self._stacks.cancel(target, stack_id)
            status = self._stacks.read(target, stack_id).status
        if status == "UPDATE_IN_PROGRESS" or status.endswith("ROLLBACK_IN_PROGRESS"):
            status = follow(events, self._tools.report).status
            return f"interrupted; the stack's deployment ended: {status}"
        return f"interrupted too late to roll back; the stack is {status or 'gone'} now"

    def _is_as_before(self, now: StackSnapshot) -> bool:
        """Check whether a stack is what it was, apart from its addons.

        Those move with its parameters. An empty stack is as good as none for one that is new.
        """
        if not self._live.exists:
            return now.status in (live_side.ABSENT, live_side.UNDER_REVIEW)
        before = live_side.fingerprint(self._live)
        return live_side.fingerprint(replace(now, addons=self._live.addons)) == before

    def _check_unchanged(self, now: StackSnapshot) -> None:
        """Raise if the stack is not the one that was compared, and that the change set is for."""
        proposed = self._proposal.stack_id if self._proposal else now.stack_id
        if not self._is_as_before(now) or now.stack_id != proposed:
            raise StackChangedError(self._name, now.status)


def delete(tools: Tools, target: Target, stack_id: str) -> None:
    """Delete a stack and wait for it; DeploymentError if some of it would not go."""
    events = tools.stacks.follow(target, stack_id, tools.aside)
    tools.stacks.delete(target, stack_id)
    outcome = follow(events, tools.report)
    if outcome.status != "DELETE_COMPLETE":
        raise failures.failed(tools.stacks, target, outcome, stack_id)
