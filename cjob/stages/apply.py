"""Apply: make the live stack what the document says, and follow it to its end.

Takes a Release with a `stack`, gives it with `deployment`. Touches the template's object in S3 and
the job's stack, through the adapters that it is handed. Nothing to change means nothing is sent.
"""

import hashlib
from collections.abc import Iterator
from typing import NoReturn, Protocol

from cjob import live as live_side
from cjob import names
from cjob.errors import CjobError, DeploymentError, InputError, Interrupted
from cjob.live import Live
from cjob.plain import dataclass, replace
from cjob.release import Deployment, Release, Stack, Target, required
from cjob.stages import admission, states
from cjob.stages.diff import LiveStacks, compare, complete, template_version
from cjob.stages.following import Event, Report, last, outcome
from cjob.stages.push import ObjectStore


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a person chose for this deployment."""

    rollback: bool = True
    detach: bool = False
    allow_downgrade: bool = False
    allow_removal: tuple[str, ...] = ()
    force_plan: bool = False


@dataclass(frozen=True, kw_only=True)
class Request:
    """A change to be proposed: the stack, where its template lies, whether it is new."""

    stack: Stack
    template_url: str
    create: bool


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A change set; `id` is empty where CloudFormation found nothing to change."""

    id: str
    stack_id: str


class Stacks(LiveStacks, Protocol):
    """CloudFormation, as far as a deployment needs it."""

    def propose(self, target: Target, request: Request) -> Proposal:
        """Make a change set and wait for it."""

    def execute(self, target: Target, proposal: Proposal, *, rollback: bool) -> None:
        """Start a proposed change."""

    def discard(self, target: Target, proposal: Proposal) -> None:
        """Delete a change set that will not be executed."""

    def delete(self, target: Target, stack_id: str) -> None:
        """Start to delete a stack."""

    def cancel(self, target: Target, stack_id: str) -> None:
        """Start to roll an update back."""

    def follow(self, target: Target, stack_id: str) -> Iterator[Event]:
        """Give events from now on, until the stack comes to rest."""


RUNNING = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"}


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What a deployment works with."""

    stacks: Stacks
    store: ObjectStore
    report: Report


def apply(release: Release, tools: Tools, options: Options, live: Live | None = None) -> Release:
    """Deploy what the document says; `deployment.changed` is false where all was so already.

    `live` is the stack, with its addons, where it was read in this very run. Raises InputError for
    a document that must not be applied, DeploymentError where the deployment failed, Interrupted
    after Ctrl-C.
    """
    stack, target = required(release.stack, "stack"), required(release.target, "target")
    admission.check_identity(release, stack)
    admission.check_complete(release, stack)
    if live is None:
        live = complete(tools.stacks.read(target, stack.name), release, tools.stacks)
    admission.check_downgrade(
        template_version(live.template),
        template_version(stack.template, "the new template"),
        stack.name,
        allow=options.allow_downgrade,
    )
    if release.diff is not None and not options.force_plan:
        admission.check_plan(release.diff, live)
    diff = compare(release, live)
    if not diff.changed and live_side.settled(live.status):
        return _unchanged(release, live.stack_id, live.status, tools.report)
    admission.check_removals(diff, options.allow_removal)
    return _change(release, live, tools, options)


def _change(release: Release, live: Live, tools: Tools, options: Options) -> Release:
    """Send the template, propose the change, execute it, and follow it to its end."""
    stack, target = required(release.stack, "stack"), required(release.target, "target")
    action = states.action_for(live.status, stack.name)
    body = stack.template.encode()
    key = names.template_key(stack.name, hashlib.sha256(body).hexdigest())
    tools.store.put(key, body, "application/yaml")
    if action == states.RECREATE:
        tools.report(f"deleting stack {stack.name}, whose creation failed")
        _delete(tools, target, live.stack_id)
        live = Live()
    request = Request(
        stack=stack,
        template_url=names.object_url(target.region, target.artifact_bucket, key),
        create=action != states.UPDATE,
    )
    tools.report(f"proposing changes to stack {stack.name}")
    started = _start(tools, target, request, live, options)
    if started is None:
        _check_recovered(live, stack.name)
        return _unchanged(release, live.stack_id, live.status, tools.report)
    try:
        status = outcome(started.events, tools.report) if not options.detach else started.status
    except KeyboardInterrupt:
        _undo(tools, target, started.stack_id, create=request.create)
    deployment = Deployment(stack_id=started.stack_id, status=status, changed=True)
    return replace(release, deployment=deployment)


@dataclass(frozen=True, kw_only=True)
class _Started:
    """A deployment under way: its stack, the status that this begins with, what happens."""

    stack_id: str
    status: str
    events: Iterator[Event]


def _start(
    tools: Tools, target: Target, request: Request, live: Live, options: Options
) -> _Started | None:
    """Propose the change and execute it; None where CloudFormation finds nothing to change.

    Nothing of it is left behind by an error or Ctrl-C; Interrupted says how far it had come.
    """
    name = request.stack.name
    proposal: Proposal | None = None
    executing = False
    try:
        proposal = tools.stacks.propose(target, request)
        if not proposal.id:
            return None
        _check_still(tools.stacks, target, live, name)
        events = tools.stacks.follow(target, proposal.stack_id)
        executing = True
        tools.stacks.execute(target, proposal, rollback=options.rollback)
    except BaseException as error:
        now = _withdraw(tools, target, proposal, live, name)
        if not isinstance(error, KeyboardInterrupt):
            raise
        if proposal and executing and now.status in RUNNING:
            _undo(tools, target, proposal.stack_id, create=request.create)
        raise Interrupted("interrupted before anything was deployed") from None
    status = "CREATE_IN_PROGRESS" if request.create else "UPDATE_IN_PROGRESS"
    return _Started(stack_id=proposal.stack_id, status=status, events=events)


def _withdraw(
    tools: Tools, target: Target, proposal: Proposal | None, live: Live, name: str
) -> Live:
    """Delete the change set, and the empty stack that was made for it; give what is there now.

    What cannot be done is told, so that the error which led here stays the one that is raised.
    """
    try:
        if proposal is not None:
            tools.stacks.discard(target, proposal)
    except CjobError as error:
        tools.report(f"warning: {error}")
    try:
        now = tools.stacks.read(target, name)
        if live.status == live_side.ABSENT and now.status == live_side.PROPOSED:
            tools.stacks.delete(target, now.stack_id)
    except CjobError as error:
        tools.report(f"warning: {error}")
        return Live()
    return now


def _undo(tools: Tools, target: Target, stack_id: str, *, create: bool) -> NoReturn:
    """Take back what was started: a create is deleted, an update cancelled, each to its end."""
    tools.report("interrupted: taking the deployment back; interrupt again to leave it as it is")
    if create:
        _delete(tools, target, stack_id)
        raise Interrupted("interrupted; the stack that was being created is deleted")
    events = tools.stacks.follow(target, stack_id)
    tools.stacks.cancel(target, stack_id)
    status = tools.stacks.read(target, stack_id).status
    if status.endswith("IN_PROGRESS"):
        status = last(events, tools.report)
    raise Interrupted(f"interrupted; the stack's update ended: {status}")


def _delete(tools: Tools, target: Target, stack_id: str) -> None:
    events = tools.stacks.follow(target, stack_id)
    tools.stacks.delete(target, stack_id)
    status = last(events, tools.report)
    if status != "DELETE_COMPLETE":
        raise DeploymentError(
            f"the stack could not be deleted, its status is {status}",
            hint=f"look at its events: aws cloudformation describe-stack-events "
            f"--stack-name {stack_id}",
        )


def _unchanged(release: Release, stack_id: str, status: str, report: Report) -> Release:
    report(f"nothing to change: stack {required(release.stack, 'stack').name} is as it should be")
    deployment = Deployment(stack_id=stack_id, status=status, changed=False)
    return replace(release, deployment=deployment)


def _check_still(stacks: Stacks, target: Target, live: Live, name: str) -> None:
    """Look again after the change set was made; InputError where the stack moved meanwhile.

    The addons move with the stack's parameters.
    """
    if not live.exists:
        return
    now = replace(stacks.read(target, name), addons=live.addons)
    if live_side.against(live) != live_side.against(now):
        raise InputError(
            f"stack {name!r} was changed by somebody else meanwhile",
            hint="run the same command again",
        )


def _check_recovered(live: Live, name: str) -> None:
    """Refuse to call a stack that failed unchanged, only since there is nothing new for it."""
    if live.status in {"CREATE_FAILED", "UPDATE_FAILED"}:
        raise DeploymentError(
            f"stack {name!r} is still {live.status}, and there is nothing new to deploy to it",
            hint=f"roll it back: aws cloudformation rollback-stack --stack-name {name}",
        )
