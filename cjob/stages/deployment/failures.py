"""What is said of a deployment that failed: its root, where to look, and one thing to do next.

Takes how the stack came to rest, gives the error. Asks CloudFormation, and what else knows of the
root, through the adapter that it is handed; nothing is changed.
"""

from collections.abc import Sequence
from typing import Protocol

from cjob.checks import stack_status
from cjob.document.models import Target
from cjob.document.stack_operations import aws_command
from cjob.reporting.errors import CjobError, DeploymentError
from cjob.stages.deployment import idle
from cjob.stages.deployment.events import Event, Outcome
from cjob.stages.deployment.idle import Watched


class Diagnostics(Watched, Protocol):
    """What knows more of a failure than its event tells."""

    def explain(self, target: Target, failure: Event) -> Sequence[str]:
        """Return what else is known of a failure, a line each; nothing where that isn't told."""


def failed(
    diagnostics: Diagnostics, target: Target, outcome: Outcome, name: str
) -> DeploymentError:
    """Return the error for a stack that is not what was asked for."""
    root, status = outcome.root, outcome.status
    cause = "CloudFormation gave no reason"
    notes: list[str] = []
    if root is not None:
        cause = _cause(root)
        where = aws_command("describe-stack-events", root.stack_id or name, target.region)
        notes = [*diagnostics.explain(target, root), f"its stack's events: {where}"]
    blocked: Sequence[str] = ()
    try:
        blocked = idle.stuck(diagnostics, target, name, status)
    except CjobError as error:
        notes.append(f"what keeps it there is not known: {error}")
    hint = stack_status.next_step(name, status, blocked, target)
    if any(_refuses_replacement(one) for one in outcome.failures):
        hint = stack_status.with_rollback(name, target)
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
