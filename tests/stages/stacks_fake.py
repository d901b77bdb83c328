"""CloudFormation in memory, for faults that can't be brought about on a real one.

It has one stack, remembers change sets and what was asked for, and fails where a test says so.
"""

from collections.abc import Iterator, Mapping
from typing import IO

from cjob.document.models import Target
from cjob.document.records import replace
from cjob.document.snapshot import Activity, Placeholder, StackSnapshot
from cjob.stages.deployment.change_sets import Proposal, Request
from cjob.stages.deployment.events import Event

NAME = "acme-test-report"
STACK_ID = f"arn:aws:cloudformation:eu-central-1:123456789012:stack/{NAME}/1"

TOKEN = "cjob-of-this-run"

CREATED = ("CREATE_IN_PROGRESS", "CREATE_COMPLETE")
UPDATED = ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")


def own(status: str, reason: str = "") -> Event:
    """Return an event of the stack itself."""
    return Event(
        logical_id=NAME, type="AWS::CloudFormation::Stack", status=status, reason=reason, own=True
    )


def of(logical_id: str, status: str, reason: str = "") -> Event:
    """Return an event of one of its resources."""
    return Event(logical_id=logical_id, type="AWS::IAM::Role", status=status, reason=reason)


class FakeStacks:
    """One stack; `faults` maps a step to what is raised there, `empty` leaves change sets empty.

    Steps are the methods' names; `executed` is after the effect of `execute`, and `event` is
    after the first event. `events` is what a deployment that was executed tells.
    """

    def __init__(
        self,
        live: StackSnapshot | None = None,
        *,
        events: tuple[Event, ...] = (),
        faults: Mapping[str, BaseException] | None = None,
        moves: StackSnapshot | None = None,
        rests: StackSnapshot | None = None,
        meanwhile: StackSnapshot | None = None,
        activity: Activity | None = None,
        failed_resources: tuple[str, ...] = (),
        placeholder: Placeholder | None = None,
        empty: bool = False,
        addons: str = "",
    ) -> None:
        """Begin with a stack as it is.

        `moves` is what somebody makes of it after a proposal, `rests` after it was waited for,
        who `activity` tells of. `placeholder` is what is known of an empty stack.
        """
        self._rests = rests
        self._meanwhile = meanwhile
        self._activity = activity or Activity()
        self._failed_resources = failed_resources
        self._placeholder = placeholder
        self.addons = addons
        self.live = live or StackSnapshot()
        self.change_sets: dict[str, Request] = {}
        self.asked: list[str] = []
        self.watched_s: list[float] = []
        self._events = events
        self._faults = dict(faults or {})
        self._moves = moves
        self._empty = empty
        self._ended: tuple[Event, ...] = ()

    def read(self, _target: Target, _name: str) -> StackSnapshot:
        """Return the stack as it is now."""
        self._step("read")
        return self.live

    def describe(self, _target: Target, _name: str) -> StackSnapshot:
        """Return the stack as it is now, or as somebody made it meanwhile, without its template."""
        self._step("describe")
        if self._meanwhile is not None:
            self.live, self._meanwhile = self._meanwhile, None
        return replace(self.live, template="", addons="")

    def nested_template(self, _target: Target, stack_id: str, logical_id: str) -> str:
        """Return the template of the addons that are live now."""
        self._step("nested_template")
        assert (stack_id, logical_id) == (self.live.stack_id, "AddonsStack")
        return self.addons

    def activity(self, _target: Target, _stack_id: str) -> Activity:
        """Return who started the deployment in progress."""
        self._step("activity")
        return self._activity

    def failed_resources(self, _target: Target, _stack_id: str, *, nested: bool) -> tuple[str, ...]:
        """Return the resources that failed, those of nested stacks behind a dot."""
        self._step("failed_resources")
        return tuple(one for one in self._failed_resources if nested or "." not in one)

    def wait_until_idle(self, _target: Target, _stack_id: str) -> str:
        """Let others end."""
        self._step("wait_until_idle")
        self.live = self._rests or self.live
        return self.live.status

    def placeholder(self, _target: Target, _name: str, _stack_id: str) -> Placeholder | None:
        """Return what is known of the stack as long as it is under review."""
        self._step("placeholder")
        return self._placeholder if self.live.status == "REVIEW_IN_PROGRESS" else None

    def stays_placeholder(self, _target: Target, _stack_id: str, seconds: float) -> bool:
        """Let the stack change while it is watched, or else let the time pass."""
        self._step("stays_placeholder")
        self.watched_s.append(seconds)
        if self._rests is not None:
            self.live = self._rests
        elif self._placeholder is not None:
            age_s = self._placeholder.age_s + seconds
            self._placeholder = replace(self._placeholder, age_s=age_s)
        return self._rests is None

    def propose(self, _target: Target, request: Request) -> Proposal:
        """Keep a change set; a stack that is new is under review from now on."""
        self._step("propose")
        if request.create:
            self.live = StackSnapshot(status="REVIEW_IN_PROGRESS", stack_id=STACK_ID)
        number = request.name
        self.change_sets[number] = request
        if self._empty:
            return Proposal(id="", stack_id=STACK_ID, token=TOKEN)
        if self._moves is not None:
            self.live = self._moves
        return Proposal(id=number, stack_id=STACK_ID, token=TOKEN)

    def execute(self, _target: Target, proposal: Proposal, *, rollback: bool) -> None:
        """Begin the deployment; a change set that is executed is no longer there."""
        self._step("execute")
        request = self.change_sets.pop(proposal.id)
        self.rollback = rollback
        status = "CREATE_IN_PROGRESS" if request.create else "UPDATE_IN_PROGRESS"
        self.live = StackSnapshot(
            status=status,
            stack_id=proposal.stack_id,
            template=request.stack.template,
            parameters=request.stack.parameters,
            tags=request.stack.tags,
        )
        self._ended = self._events
        self._step("executed")

    def discard(self, _target: Target, request: Request) -> str:
        """Forget a change set."""
        self._step("discard")
        found = self.change_sets.pop(request.name, None)
        return STACK_ID if found and request.create else ""

    def delete(self, _target: Target, stack_id: str) -> None:
        """Delete the stack, with its change sets."""
        self._step("delete")
        self.live = StackSnapshot()
        self.change_sets.clear()
        self._ended = (own("DELETE_IN_PROGRESS"), own("DELETE_COMPLETE"))
        assert stack_id == STACK_ID

    def cancel(self, _target: Target, stack_id: str) -> None:
        """Roll the update back, where there is one."""
        self._step("cancel")
        assert stack_id == STACK_ID
        if self.live.status == "UPDATE_IN_PROGRESS":
            self._ended = (own("UPDATE_ROLLBACK_IN_PROGRESS"), own("UPDATE_ROLLBACK_COMPLETE"))

    def explain(self, _target: Target, _failure: Event) -> tuple[str, ...]:
        """Return a line of a log."""
        self._step("explain")
        return ("its log: /aws/lambda/one",)

    def follow(
        self, _target: Target, _stack_id: str, _related: Mapping[str, str] | None = None
    ) -> Iterator[Event]:
        """Report what is started after this call; without end if nothing is."""
        self._step("follow")

        def told() -> Iterator[Event]:
            assert self._ended, "nothing is under way, so this would wait for ever"
            for event in self._ended:
                if event.own and self.live.status:
                    self.live = replace(self.live, status=event.status)
                yield event
                self._step("event")

        return told()

    def _step(self, name: str) -> None:
        self.asked.append(name)
        fault = self._faults.pop(name, None)
        if fault is not None:
            raise fault


class FakeStore:
    """A bucket in memory."""

    def __init__(self) -> None:
        """Begin empty."""
        self.objects: dict[str, bytes] = {}

    def exists(self, key: str) -> bool:
        """Return whether there is an object under the key."""
        return key in self.objects

    def put(self, key: str, body: bytes | IO[bytes], _content_type: str) -> None:
        """Keep an object."""
        self.objects[key] = body if isinstance(body, bytes) else body.read()
