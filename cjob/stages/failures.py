"""What is said of a deployment that failed: its root, where to look, and one thing to do next.

Takes how the stack came to rest, gives the error. Asks CloudFormation, and what else knows of the
root, through the adapter that it is handed; nothing is changed.
"""

from collections.abc import Sequence
from typing import Protocol

from cjob.document.models import Target
from cjob.reporting.errors import CjobError, DeploymentError
from cjob.stages import readiness, states
from cjob.stages.following import Event, Outcome
from cjob.stages.readiness import Watched


class Witness(Watched, Protocol):
    """What knows more of a failure than its event tells."""

    def explain(self, target: Target, failure: Event) -> Sequence[str]:
        """Return what else is known of a failure, a line each; nothing where that isn't told."""


def failed(witness: Witness, target: Target, outcome: Outcome, name: str) -> DeploymentError:
    """Return the error for a stack that is not what was asked for."""
    root, status = outcome.root, outcome.status
    cause = "CloudFormation gave no reason"
    notes: list[str] = []
    if root is not None:
        cause = _cause(root)
        where = states.aws("describe-stack-events", root.stack_id or name, target.region)
        notes = [*witness.explain(target, root), f"its stack's events: {where}"]
    blocked: Sequence[str] = ()
    try:
        blocked = readiness.stuck(witness, target, name, status)
    except CjobError as error:
        notes.append(f"what keeps it there is not known: {error}")
    hint = states.next_step(name, status, blocked, target)
    if any(_refuses_replacement(one) for one in outcome.failures):
        hint = states.with_rollback(name, target)
        notes.append(
            "rollback-stack is not supported if the last update was in express mode; deploy the "
            "version that was deployed before instead, and then this one"
        )
    return DeploymentError(
        f"stack {name!r} ended in {status}: {cause}",
        hint=hint,
        notes=notes,
    )


def _refuses_replacement(failure: Event) -> bool:
    """Check whether CloudFormation refused to replace a resource in an update without rollback.

    There is no status for that; these are its words.
    """
    return "not supported on stack with disable-rollback" in failure.reason.casefold()


def _cause(root: Event) -> str:
    reason = root.reason or root.status
    return reason if root.own else f"{root.path} ({root.type}): {reason}"
