"""Cancel a deployment: discard its change set, or roll back what was executed.

Takes a change and how far it has come. Touches the job's stack; what another deployment began is
left alone.
"""

from typing import NoReturn

from cjob.document.models import Target
from cjob.document.snapshot import UNDER_REVIEW, StackSnapshot
from cjob.reporting.errors import CjobError, Interrupted
from cjob.reporting.progress import info, warning
from cjob.stages.deployment import failures
from cjob.stages.deployment.change_sets import ApplyDeps, Change
from cjob.stages.deployment.events import follow


def cancel_deployment(change: Change) -> NoReturn:
    """Leave the stack as it was before, or roll it back to that; raise Interrupted."""
    started = change.deps.started
    try:
        if not change.is_executed:
            now = discard_change_set(change)
            if not change.is_started or (now is not None and change.is_as_before(now)):
                started.left_running = None
                raise started.interrupted() from None
        change.deps.report(info("interrupted: rolling back (press Ctrl-C again to exit now)"))
        outcome = _roll_back(change)
    except KeyboardInterrupt:
        raise change.left_running_error() from None
    except Interrupted:
        raise
    except CjobError as error:
        hint = error.hint or change.inspect_hint
        raise Interrupted(f"interrupted, and {error.message}", hint=hint) from error
    raise Interrupted(outcome, hint=change.inspect_hint) from None


def discard_change_set(change: Change) -> StackSnapshot | None:
    """Delete the change set, and the empty stack that was created for it.

    Return the stack as it is now, or None if that is not known. A refused call is a warning: the
    caller raises the error that led here.
    """
    deps, target = change.deps, change.target
    created = change.proposal.stack_id if change.proposal else ""
    try:
        created = deps.stacks.discard(target, change.request) or created
    except CjobError as error:
        deps.report(warning(str(error)))
    try:
        now = deps.stacks.read(target, change.name)
        is_ours = change.request.create and now.stack_id == created
        if is_ours and now.status == UNDER_REVIEW:
            deps.stacks.delete(target, now.stack_id)
    except CjobError as error:
        deps.report(warning(str(error)))
        return None
    return now


def delete_stack(deps: ApplyDeps, target: Target, stack_id: str) -> None:
    """Delete a stack and wait until it is gone; raise DeploymentError if a resource remains."""
    events = deps.stacks.follow(target, stack_id, deps.related_stacks)
    deps.stacks.delete(target, stack_id)
    outcome = follow(events, deps.report)
    if outcome.status != "DELETE_COMPLETE":
        raise failures.failed(deps.stacks, target, outcome, stack_id)


def _roll_back(change: Change) -> str:
    """Delete a stack that is being created, cancel an update; return the outcome as a message."""
    deps, target, proposal = change.deps, change.target, change.proposal
    if proposal is None:  # nothing was executed
        return deps.started.interrupted().message
    stack_id = proposal.stack_id
    events = deps.stacks.follow(target, stack_id, deps.related_stacks)
    status = deps.stacks.read(target, stack_id).status
    if deps.stacks.activity(target, stack_id).token not in {"", proposal.token}:
        return f"interrupted; another deployment changed the stack since; it is {status} now"
    if status == "CREATE_IN_PROGRESS":
        delete_stack(deps, target, stack_id)
        return "interrupted; the stack that was being created is deleted"
    if status == "UPDATE_IN_PROGRESS":
        deps.stacks.cancel(target, stack_id)
        status = deps.stacks.read(target, stack_id).status
    if status == "UPDATE_IN_PROGRESS" or status.endswith("ROLLBACK_IN_PROGRESS"):
        status = follow(events, deps.report).status
        return f"interrupted; the stack's deployment ended: {status}"
    return f"interrupted too late to roll back; the stack is {status or 'gone'} now"
