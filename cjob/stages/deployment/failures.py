"""The error for a failed deployment: its root cause, where to look, and the next step.

Reads CloudFormation and what else knows more of the cause; changes nothing.
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
    """The calls that explain a failure."""

    def explain(self, target: Target, failure: Event) -> Sequence[str]:
        """Return what else is known of a failure, a line each."""


def failed(
    diagnostics: Diagnostics, target: Target, outcome: Outcome, name: str
) -> DeploymentError:
    """Return the error for a deployment that did not succeed."""
    root, status = outcome.root, outcome.status
    cause = "CloudFormation gave no reason"
    notes: list[str] = []
    if root is not None:
        cause = _cause(root)
        where = aws_command("describe-stack-events", root.stack_id or name, target.region)
        notes = [*diagnostics.explain(target, root), f"to see the stack's events: {where}"]
    blocked: Sequence[str] = ()
    try:
        blocked = idle.stuck(diagnostics, target, name, status)
    except CjobError as error:
        notes.append(f"the resources that failed are not known: {error}")
    hint = stack_status.next_step(name, status, blocked, target)
    if any(_refuses_replacement(one) for one in outcome.failures):
        hint = stack_status.with_rollback(name, target)
        notes.append(
            "rollback-stack is not supported after an update in express mode; deploy the version "
            "that was deployed before instead, and then this one"
        )
    return DeploymentError(
        f"stack {name!r} ended in {status}: {cause}",
        hint=hint,
        notes=notes,
    )


def _refuses_replacement(failure: Event) -> bool:
    """Check whether CloudFormation refused to replace a resource in an update without rollback.

    There is no status for that, only this message.
    """
    return "not supported on stack with disable-rollback" in failure.reason.casefold()


def _cause(root: Event) -> str:
    reason = root.reason or root.status
    return reason if root.own else f"{root.path} ({root.type}): {reason}"
