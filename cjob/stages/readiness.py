"""Whether a stack takes a deployment now: who is at work on it is waited for, or named.

Takes the stack as it was read, gives it as it is once it rests. Touches CloudFormation through the
adapter that it is handed, and changes nothing there.
"""

from collections.abc import Sequence
from typing import Protocol

from cjob.live import Activity, Live, Proposed
from cjob.progress import Tell, note
from cjob.release import Target
from cjob.stages import states


class Watched(Protocol):
    """CloudFormation, as far as it tells what is going on."""

    def read(self, target: Target, name: str) -> Live:
        """Give a stack as it is, without its addons."""

    def activity(self, target: Target, stack_id: str) -> Activity:
        """Give what is done to a stack."""

    def unfinished(self, target: Target, stack_id: str) -> Sequence[str]:
        """Give the resources whose rollback or deletion failed, as a command names them."""

    def await_rest(self, target: Target, stack_id: str) -> str:
        """Wait until nobody is at work on a stack, and give its status."""

    def proposed(self, target: Target, name: str) -> Sequence[Proposed]:
        """Give the change sets that may yet be executed."""

    def abandoned(self, target: Target, proposed: Proposed) -> bool:
        """Watch a change set for a while; False once it is executed or deleted."""


def at_rest(
    stacks: Watched, target: Target, live: Live, name: str, *, wait: bool, tell: Tell
) -> Live:
    """Give the stack once nobody is at work on it; InputError where nothing can be sent to it."""
    while True:
        action = states.action_for(live.status)
        if action == states.WAIT:
            busy = states.busy(name, live, stacks.activity(target, live.stack_id))
            if not wait:
                raise busy
            tell(note(f"waiting: {busy.message}"))
            stacks.await_rest(target, live.stack_id)
            live = stacks.read(target, name)
            continue
        if action == states.RECREATE and live.protected:
            raise states.protected(name, live.status, target.region)
        if action in (states.ROLL_BACK, states.DELETE, states.LOOK):
            failed = () if action == states.LOOK else stacks.unfinished(target, live.stack_id)
            raise states.refused(name, live, failed, target.region)
        return live


def is_empty(stacks: Watched, target: Target, name: str, tell: Tell) -> bool:
    """Say whether a stack that is yet to be made may be deleted; False once it is made or gone.

    InputError where somebody else's change set waits in it for a review.
    """
    for one in stacks.proposed(target, name):
        if not states.SHORT_LIVED.fullmatch(one.name):
            raise states.under_review(name, one, target.region)
        text = f"seeing whether somebody is at work on change set {one.name} of stack {name}"
        tell(note(text))
        if not stacks.abandoned(target, one):
            return False
    return True
