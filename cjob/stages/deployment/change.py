"""Change a stack: upload the template, propose a change set, execute it, follow it to its end.

Takes a rendered Release and the stack as it was compared. If an error or Ctrl-C stops it, the stack
is as it was before, rolled back, or named in the error as left.
"""

import hashlib
import uuid
from collections.abc import Iterator
from typing import Literal

from cjob.checks import rollback, stack_status
from cjob.context import DeployOptions
from cjob.document import names
from cjob.document.models import Deployment, Diff, Release, Target, required
from cjob.document.records import replace
from cjob.document.snapshot import UNDER_REVIEW, StackSnapshot
from cjob.reporting.errors import CjobError, DeploymentError, Interrupted, ServiceError
from cjob.reporting.progress import info, warning
from cjob.stages.deployment import failures
from cjob.stages.deployment.cancel import cancel_deployment, delete_stack, discard_change_set
from cjob.stages.deployment.change_sets import (
    ApplyDeps,
    Change,
    Request,
    StackChangedError,
    inspect_hint,
)
from cjob.stages.deployment.events import Event, follow
from cjob.stages.deployment.idle import is_abandoned


def change_stack(
    release: Release, diff: Diff, live: StackSnapshot, deps: ApplyDeps, options: DeployOptions
) -> Release:
    """Create or update the stack; return the Release with `deployment`."""
    stack, target = required(release.stack, "stack"), required(release.target, "target")
    action = stack_status.action_for(live.status)
    body = stack.template.encode()
    key = names.template_key(stack.name, hashlib.sha256(body).hexdigest())
    deps.store.put(key, body, "application/yaml")
    if action in (stack_status.DELETE_PLACEHOLDER, stack_status.RECREATE):
        _delete_leftover(deps, target, live, stack.name)
        live = StackSnapshot()
    if action == stack_status.UPDATE_NO_ROLLBACK:
        text = f"stack {stack.name} is {live.status}: this update can't be rolled back"
        deps.report(info(text))
        options = replace(options, rollback=False)
    if not options.rollback and (text := rollback.without_rollback(diff)):
        first = action == stack_status.UPDATE_NO_ROLLBACK
        way_out = f"; {stack_status.with_rollback(stack.name, target)}" if first else ""
        deps.report(warning(text + way_out))
    create = not live.exists
    request = Request(
        name=names.creation_change_set(stack.name) if create else f"cjob-{uuid.uuid4()}",
        token=uuid.uuid4().hex,
        stack=stack,
        template_url=names.object_url(target.region, target.artifact_bucket, key),
        create=create,
    )
    deps.report(info(f"creating change set for {stack.name}"))
    deployment = _make(Change(deps, target, request, live), options)
    if deployment is None:
        deployment = _without_change(live, stack.name, target)
        deps.report(info(f"stack {stack.name} is up to date"))
    return replace(release, deployment=deployment)


def _make(change: Change, options: DeployOptions) -> Deployment | None:
    """Make the change; return None if CloudFormation finds nothing to change.

    Raises StackChangedError if the stack was changed after it was compared, DeploymentError if
    the deployment fails, and Interrupted after Ctrl-C.
    """
    try:
        events = _begin(change, options)
        if events is None or change.proposal is None:
            return None
        change.is_executed = True
        if options.detach:
            status = "CREATE_IN_PROGRESS" if change.request.create else "UPDATE_IN_PROGRESS"
        else:
            status = _await_completion(change, events)
        return Deployment(stack_id=change.proposal.stack_id, status=status, changed=True)
    except KeyboardInterrupt:
        cancel_deployment(change)


def _begin(change: Change, options: DeployOptions) -> Iterator[Event | None] | None:
    """Propose and execute the change; return its events. After an error nothing is left."""
    deps, target = change.deps, change.target
    events: Iterator[Event | None] | None = None
    try:
        change.proposal = deps.stacks.propose(target, change.request)
        if not change.proposal.id:
            deps.stacks.discard(target, change.request)
            return None
        change.check_unchanged(deps.stacks.read(target, change.name))
        events = deps.stacks.follow(target, change.proposal.stack_id, deps.related_stacks)
        deps.started.left_running = change.left_running_error()
        deps.stacks.execute(target, change.proposal, rollback=options.rollback)
    except Exception as error:
        now = discard_change_set(change)
        match _whose(change, now):
            case "ours":  # only the answer to the call was lost
                return events
            case "unknown":
                raise ServiceError(
                    f"the deployment of stack {change.name!r} may have started: {error}",
                    hint=change.inspect_hint,
                ) from error
        deps.started.left_running = None
        if isinstance(error, ServiceError) and now is not None:
            change.check_unchanged(now)
        raise
    return events


def _whose(
    change: Change, now: StackSnapshot | None
) -> Literal["nobody", "ours", "others", "unknown"]:
    """Return whose operation the stack shows after the call to execute failed.

    Its token tells.
    """
    if not (change.is_started and change.proposal):
        return "nobody"
    if now is None:
        return "unknown"
    if change.is_as_before(now):
        return "nobody"
    try:
        token = change.deps.stacks.activity(change.target, change.proposal.stack_id).token
    except CjobError:
        return "unknown"
    return "ours" if token == change.proposal.token else "others"


def _await_completion(change: Change, events: Iterator[Event | None]) -> str:
    """Follow the deployment to its end; return the stack's status, or raise DeploymentError."""
    try:
        outcome = follow(events, change.deps.report)
    except ServiceError as error:
        raise ServiceError(
            f"the deployment of stack {change.name!r} continues without cjob: {error.message}",
            hint=f"{error.hint}; {change.inspect_hint}",
        ) from error
    if not outcome.succeeded:
        raise failures.failed(change.deps.stacks, change.target, outcome, change.name)
    return outcome.status


def _delete_leftover(deps: ApplyDeps, target: Target, live: StackSnapshot, name: str) -> None:
    """Delete what a failed creation left, or an empty stack whose change set is abandoned."""
    if live.status == UNDER_REVIEW:
        _delete_placeholder(deps, target, live, name)
        return
    deps.report(info(f"deleting stack {name}, whose creation failed"))
    try:
        delete_stack(deps, target, live.stack_id)
    except KeyboardInterrupt:
        raise Interrupted(
            f"interrupted while stack {name!r}, whose creation failed, is being deleted; "
            "nothing was deployed",
            hint=inspect_hint(name, target.region),
        ) from None


def _delete_placeholder(deps: ApplyDeps, target: Target, live: StackSnapshot, name: str) -> None:
    """Delete a stack that was created for a change set; StackChangedError if it is in use."""
    is_unused = is_abandoned(deps.stacks, target, live, name, deps.report)
    now = deps.stacks.read(target, name)
    if not is_unused or (now.stack_id, now.status) != (live.stack_id, live.status):
        raise StackChangedError(name, now.status)
    deps.report(info(f"deleting stack {name}, which has no resources"))
    deps.stacks.delete(target, live.stack_id)
    deps.stacks.wait_until_idle(target, live.stack_id)


def _without_change(live: StackSnapshot, name: str, target: Target) -> Deployment:
    """Return the outcome of an empty change set; raise DeploymentError for a failed stack."""
    if live.status in {"CREATE_FAILED", "UPDATE_FAILED"}:
        raise DeploymentError(
            f"stack {name!r} is still {live.status}, and there is nothing new to deploy to it",
            hint=stack_status.next_step(name, live.status, (), target),
        )
    return Deployment(stack_id=live.stack_id, status=live.status, changed=False)
