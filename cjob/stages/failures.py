"""What is said of a deployment that failed: its root, where to look, and one thing to do next.

Takes how the stack came to rest, gives the error. Asks CloudFormation, and what else knows of the
root, through the adapter that it is handed; nothing is changed.
"""

from collections.abc import Sequence
from typing import Protocol

from cjob.errors import CjobError, DeploymentError
from cjob.release import Target
from cjob.stages import states
from cjob.stages.following import Event, Outcome
from cjob.stages.readiness import Watched


class Witness(Watched, Protocol):
    """What knows more of a failure than its event tells."""

    def explain(self, target: Target, failure: Event) -> Sequence[str]:
        """Give what else is known of a failure, a line each; nothing where that isn't told."""


def failed(witness: Witness, target: Target, outcome: Outcome, name: str) -> DeploymentError:
    """Give the error for a stack that is not what was asked for."""
    root, status = outcome.root, outcome.status
    cause = "CloudFormation gave no reason"
    notes: list[str] = []
    if root is not None:
        cause = _cause(root)
        where = states.aws("describe-stack-events", root.stack_id or name, target.region)
        notes = [*witness.explain(target, root), f"its stack's events: {where}"]
    blocked: Sequence[str] = ()
    if states.action_for(status) in (states.ROLL_BACK, states.DELETE):
        try:
            blocked = witness.unfinished(target, name)
        except CjobError as error:
            notes.append(f"what keeps it there is not known: {error}")
    return DeploymentError(
        f"stack {name!r} ended in {status}: {cause}",
        hint=states.next_step(name, status, blocked, target),
        notes=notes,
    )


def _cause(root: Event) -> str:
    reason = root.reason or root.status
    return reason if root.own else f"{root.path} ({root.type}): {reason}"
