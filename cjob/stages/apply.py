"""Apply: make the live stack what the document says, and follow it to its end.

Takes a Release with a `stack`, gives it with `deployment`. Touches the template's object in S3 and
the job's stack, through the adapters that it is handed. Nothing to change means nothing is sent.
"""

import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import NoReturn, Protocol

from cjob import live as live_side
from cjob import names, versions
from cjob.errors import CjobError, DeploymentError, InputError, Interrupted
from cjob.live import Live
from cjob.release import Deployment, Diff, Release, Stack, Target, required
from cjob.stages.diff import LiveStacks, compare, complete, template_version
from cjob.stages.push import ObjectStore

Report = Callable[[str], None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """What a person chose for this deployment."""

    rollback: bool = True
    detach: bool = False
    allow_downgrade: bool = False
    allow_removal: tuple[str, ...] = ()
    force_plan: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """A change to be proposed: the stack, where its template lies, whether it is new."""

    stack: Stack
    template_url: str
    create: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Proposal:
    """A change set; `id` is empty where CloudFormation found nothing to change."""

    id: str
    stack_id: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened to a resource; `own` where it is the stack itself."""

    logical_id: str
    type: str
    status: str
    reason: str = ""
    own: bool = False

    @property
    def line(self) -> str:
        """Give the event as people read it."""
        reason = f" ({self.reason})" if self.reason else ""
        return f"{self.logical_id}: {self.status.lower().replace('_', ' ')}{reason}"

    @property
    def ends(self) -> bool:
        """Say whether the stack has come to rest with this event."""
        return self.own and not self.status.endswith("IN_PROGRESS")

    @property
    def failed(self) -> bool:
        """Say whether it tells of a failure of its own, not of one that was passed on."""
        return self.status.endswith("_FAILED") and self.reason.casefold() not in PASSED_ON

    @property
    def turns_back(self) -> bool:
        """Say whether the stack gives up with this event, for a reason that it names."""
        return self.own and self.status.endswith("ROLLBACK_IN_PROGRESS") and bool(self.reason)


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


# What CloudFormation says of resources that it stopped because another one had failed.
PASSED_ON = {"resource creation cancelled", "resource update cancelled"}

RUNNING = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"}

UPDATE, CREATE, RECREATE = "update", "create", "recreate"

# What is done with a stack found in each status; every other one that ends in IN_PROGRESS is busy.
ACTIONS: Mapping[str, str] = {
    live_side.ABSENT: CREATE,
    live_side.PROPOSED: CREATE,
    "ROLLBACK_COMPLETE": RECREATE,
    "ROLLBACK_FAILED": RECREATE,
    "CREATE_FAILED": UPDATE,
    "CREATE_COMPLETE": UPDATE,
    "UPDATE_COMPLETE": UPDATE,
    "UPDATE_FAILED": UPDATE,
    "UPDATE_ROLLBACK_COMPLETE": UPDATE,
    "IMPORT_COMPLETE": UPDATE,
    "IMPORT_ROLLBACK_COMPLETE": UPDATE,
}

# Resources whose removal loses what people keep in them.
HOLDS_DATA = {
    "AWS::CloudFormation::Stack",
    "AWS::DynamoDB::Table",
    "AWS::EFS::AccessPoint",
    "AWS::EFS::FileSystem",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
    "AWS::SQS::Queue",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
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
    _check_identity(release, stack)
    _check_complete(release, stack)
    if live is None:
        live = complete(tools.stacks.read(target, stack.name), release, tools.stacks)
    check_downgrade(
        template_version(live.template),
        template_version(stack.template, "the new template"),
        stack.name,
        allow=options.allow_downgrade,
    )
    if release.diff is not None:
        _check_plan(release.diff, live, options)
    diff = compare(release, live)
    if not diff.changed and live_side.settled(live.status):
        return _unchanged(release, live.stack_id, live.status, tools.report)
    _check_removals(diff, options)
    return _change(release, live, tools, options)


def _change(release: Release, live: Live, tools: Tools, options: Options) -> Release:
    """Send the template, propose the change, execute it, and follow it to its end."""
    stack, target = required(release.stack, "stack"), required(release.target, "target")
    action = action_for(live.status, stack.name)
    body = stack.template.encode()
    key = names.template_key(stack.name, hashlib.sha256(body).hexdigest())
    tools.store.put(key, body, "application/yaml")
    if action == RECREATE:
        tools.report(f"deleting stack {stack.name}, whose creation failed")
        _delete(tools, target, live.stack_id)
        live = Live()
    request = Request(
        stack=stack,
        template_url=names.object_url(target.region, target.artifact_bucket, key),
        create=action != UPDATE,
    )
    tools.report(f"proposing changes to stack {stack.name}")
    started = _start(tools, target, request, live, options)
    if started is None:
        _check_recovered(live, stack.name)
        return _unchanged(release, live.stack_id, live.status, tools.report)
    try:
        status = _outcome(started.events, tools.report) if not options.detach else started.status
    except KeyboardInterrupt:
        _undo(tools, target, started.stack_id, create=request.create)
    deployment = Deployment(stack_id=started.stack_id, status=status, changed=True)
    return dataclasses.replace(release, deployment=deployment)


@dataclasses.dataclass(frozen=True, kw_only=True)
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


def _outcome(events: Iterator[Event], report: Report) -> str:
    """Report events until the stack rests; DeploymentError with the first cause if it failed."""
    cause = ""
    status = ""
    for event in events:
        report(event.line)
        if not cause and (event.failed or event.turns_back):
            cause = f"{event.logical_id}: {event.reason or event.status}"
        status = event.status
    if status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        return status
    raise DeploymentError(
        f"the stack ended with status {status}; first failure: {cause or 'no reason was given'}",
        hint="put the cause right and deploy again",
    )


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
        status = _last(events, tools.report)
    raise Interrupted(f"interrupted; the stack's update ended: {status}")


def _delete(tools: Tools, target: Target, stack_id: str) -> None:
    events = tools.stacks.follow(target, stack_id)
    tools.stacks.delete(target, stack_id)
    status = _last(events, tools.report)
    if status != "DELETE_COMPLETE":
        raise DeploymentError(
            f"the stack could not be deleted, its status is {status}",
            hint=f"look at its events: aws cloudformation describe-stack-events "
            f"--stack-name {stack_id}",
        )


def _last(events: Iterator[Event], report: Report) -> str:
    """Report events until the stack rests; give the status that it rests in."""
    status = ""
    for event in events:
        report(event.line)
        status = event.status
    return status


def action_for(status: str, name: str) -> str:
    """Give what is done with a stack in a status; InputError where nothing can be done."""
    action = ACTIONS.get(status)
    if action is not None:
        return action
    if status.endswith("IN_PROGRESS"):
        raise InputError(
            f"stack {name!r} is busy: {status}",
            hint="another deployment is at work on it; run this again when it has ended",
        )
    if status == "UPDATE_ROLLBACK_FAILED":
        hint = f"aws cloudformation continue-update-rollback --stack-name {name}"
    else:
        hint = f"look at it: aws cloudformation describe-stacks --stack-name {name}"
    raise InputError(f"stack {name!r} cannot be updated: {status}", hint=hint)


def check_downgrade(deployed: str, own: str, stack: str, *, allow: bool) -> None:
    """Refuse to put an older template in the place of one that a newer tool made."""
    if not allow and versions.newer(deployed, own):
        raise InputError(
            f"stack {stack!r} was deployed with template version {deployed}, newer than {own}",
            hint="use a newer cjob, or --allow-downgrade",
        )


def _unchanged(release: Release, stack_id: str, status: str, report: Report) -> Release:
    report(f"nothing to change: stack {names.job_stack(*_job(release))} is as it should be")
    deployment = Deployment(stack_id=stack_id, status=status, changed=False)
    return dataclasses.replace(release, deployment=deployment)


def _job(release: Release) -> tuple[str, str, str]:
    return release.job.app, release.job.env, release.job.name


def _check_identity(release: Release, stack: Stack) -> None:
    """Refuse a stack name or Copilot tags that don't follow from the job."""
    expected = names.job_stack(*_job(release))
    if stack.name != expected:
        raise InputError(
            f"the document's stack is {stack.name!r}, not {expected!r}",
            hint="render the job again",
            place="stack.name",
        )
    for key, value in names.copilot_tags(*_job(release)).items():
        if stack.tags.get(key) != value:
            raise InputError(
                f"the tag {key!r} is {stack.tags.get(key)!r}, not {value!r}",
                hint="render the job again",
                place=f"stack.tags.{key}",
            )


def _check_complete(release: Release, stack: Stack) -> None:
    if stack.missing:
        raise InputError(
            f"job {release.job.name!r} was rendered without what only a push gives: "
            + ", ".join(stack.missing),
            hint="put cjob-build | cjob-push before cjob-render, or use cjob deploy",
            place="stack.missing",
        )


def _check_plan(plan: Diff, live: Live, options: Options) -> None:
    """Refuse a plan that was made against another state of the stack than the live one."""
    now = live_side.against(live)
    moved = [
        part
        for part in ("status", "template", "parameters", "tags", "addons")
        if getattr(plan.against, part) != getattr(now, part)
    ]
    if moved and not options.force_plan:
        raise InputError(
            "the plan is stale: since it was made, the live stack's "
            + ", ".join(moved)
            + " changed",
            hint="make a new plan with cjob-diff, or apply this one as it is with --force-plan",
        )


def _check_removals(diff: Diff, options: Options) -> None:
    """Refuse to remove what holds data, unless each is named."""
    for name, kind in removals(diff):
        if name not in options.allow_removal:
            raise InputError(
                f"this would remove {name} ({kind}), and with it what is kept there",
                hint=f"if that is meant: --allow-removal {name}",
            )


def removals(diff: Diff) -> Iterator[tuple[str, str]]:
    """Give logical id and type of each resource that holds data and would be lost.

    A resource is lost too when another type takes its name, or when all of them go at once; the
    addons' stack, which stands in the template under a condition, when its address is taken away,
    and all that is in it.
    """
    inside = "addons."
    for change in diff.changes:
        if change.path == "parameters.AddonsTemplateURL" and change.old and not change.new:
            yield "AddonsStack", "AWS::CloudFormation::Stack"
            inside = ""
        section, _, name = change.path.removeprefix(inside).partition(".")
        if section != "Resources" or change.op == "add":
            continue
        gone: Mapping[str, object] = {}
        if not name and isinstance(change.old, dict):
            gone = change.old
        elif change.op == "remove" and isinstance(change.old, dict):
            gone = {name: change.old}
        elif name.endswith(".Type"):
            gone = {name.removesuffix(".Type"): {"Type": change.old}}
        for logical_id, resource in gone.items():
            kind = resource.get("Type") if isinstance(resource, dict) else None
            if kind in HOLDS_DATA and "." not in logical_id:
                yield logical_id, kind


def _check_still(stacks: Stacks, target: Target, live: Live, name: str) -> None:
    """Look again after the change set was made; InputError where the stack moved meanwhile.

    The addons move with the stack's parameters.
    """
    if not live.exists:
        return
    now = dataclasses.replace(stacks.read(target, name), addons=live.addons)
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
