"""Apply: make the live stack what the document says, and follow it to its end.

Takes a Release with a `stack`, gives it with `deployment`. Touches the template's object in S3 and
the job's stack, through the adapters that it is handed. Nothing to change means nothing is sent.
What is done with a stack in each status is told by `states`, what may be applied by `cjob.checks`.
"""

import hashlib
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import NoReturn, Protocol

from cjob import live as live_side
from cjob import names
from cjob.checks import data_loss, deployable, ownership
from cjob.checks.downgrade import check_downgrade
from cjob.checks.plan import check_plan
from cjob.errors import CjobError, DeploymentError, InputError, Interrupted, ServiceError
from cjob.live import Live
from cjob.plain import NOTHING, dataclass, replace
from cjob.progress import Tell, note, warning
from cjob.release import Deployment, Release, Stack, Target, required
from cjob.stages import failures, readiness, states
from cjob.stages.diff import LiveStacks, compare, complete, template_version
from cjob.stages.features import switches_features
from cjob.stages.following import Event, follow
from cjob.stages.push import ObjectStore


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a person chose for this deployment."""

    rollback: bool = True
    detach: bool = False
    allow_downgrade: bool = False
    allow_removal: tuple[str, ...] = ()
    adopt: bool = False
    force_plan: bool = False
    wait: bool = False


@dataclass(frozen=True, kw_only=True)
class Request:
    """A change to be proposed: its own name, the stack, where its template lies, if it is new.

    `token` tells it from another run's request of the same name.
    """

    name: str
    token: str
    stack: Stack
    template_url: str
    create: bool


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A change set; `id` is empty where CloudFormation found nothing to change.

    What comes of executing it carries the `token`, by which it is told from what others begin.
    """

    id: str
    stack_id: str
    token: str = ""


class Moved(InputError):  # noqa: N818 - it is a state of the stack, not an error of anybody
    """Somebody else changed the stack after it was compared."""

    def __init__(self, name: str, status: str) -> None:
        """Say so, with the status that the stack has now."""
        super().__init__(
            f"stack {name!r} was changed by somebody else meanwhile; it is {status or 'gone'} now",
            hint="run the same command again, or let it wait for others: --wait-for-stack",
        )


class Stacks(LiveStacks, failures.Witness, Protocol):
    """CloudFormation, as far as a deployment needs it."""

    def propose(self, target: Target, request: Request) -> Proposal:
        """Make a change set and wait for it."""

    def execute(self, target: Target, proposal: Proposal, *, rollback: bool) -> None:
        """Start a proposed change."""

    def discard(self, target: Target, request: Request) -> str:
        """Delete the change set of a request if there is one that was not executed.

        Return the id of the stack that was created for it, if there is one.
        """

    def delete(self, target: Target, stack_id: str) -> None:
        """Start to delete a stack."""

    def cancel(self, target: Target, stack_id: str) -> None:
        """Start to roll an update back."""

    def follow(
        self, target: Target, stack_id: str, aside: Mapping[str, str] = NOTHING
    ) -> Iterator[Event | None]:
        """Give events from now on, until the stack comes to rest; None where nothing is new.

        `aside` names other stacks, by the resource that changes them.
        """


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What a deployment works with.

    `turn` is taken to update the environment's stack, too. `aside` names other stacks that are
    changed on the way, by the resource that does it.
    """

    stacks: Stacks
    store: ObjectStore
    tell: Tell
    turn: Callable[[], AbstractContextManager[object]] = nullcontext
    aside: Mapping[str, str] = NOTHING


def apply(release: Release, tools: Tools, options: Options, live: Live | None = None) -> Release:
    """Deploy what the document says; `deployment.changed` is false where all was so already.

    `live` is the stack, with its addons, where it was read in this very run. Raises InputError for
    a document that must not be applied, DeploymentError where the deployment failed, Interrupted
    after Ctrl-C.
    """
    stack = required(release.stack, "stack")
    ownership.check_identity(release, stack)
    ownership.check_complete(release, stack)
    deployable.check(release)
    while True:
        try:
            return _attempt(release, tools, options, live)
        except Moved as moved:
            if not options.wait:
                raise
            tools.tell(note(f"once more: {moved.message}"))
            live = None


def _attempt(release: Release, tools: Tools, options: Options, known: Live | None) -> Release:
    """Compare with the stack as it is, and change it; Moved where somebody else was faster."""
    stack, target = required(release.stack, "stack"), required(release.target, "target")
    found = tools.stacks.read(target, stack.name) if known is None else known
    ownership.check_owner(found, release.job, adopt=options.adopt)
    live = readiness.at_rest(
        tools.stacks, target, found, stack.name, wait=options.wait, tell=tools.tell
    )
    if live is not known:
        live = complete(live, release, tools.stacks)
    check_downgrade(
        template_version(live.template, f"the deployed template of {stack.name}"),
        template_version(stack.template, "the new template"),
        stack.name,
        allow=options.allow_downgrade,
    )
    plan, diff = release.diff, compare(release, live)
    is_current = not diff.changed and live_side.settled(live.status)
    if plan is not None:
        if not is_current and not options.force_plan:
            check_plan(plan, live)
        release = replace(release, diff=diff)
    if is_current:
        applied = plan is not None and plan.changed
        return _unchanged(release, live.stack_id, live.status, tools.tell, applied=applied)
    losses = data_loss.losses(live, stack)
    data_loss.check_data_loss(losses, options.allow_removal, stack.name)
    for line in data_loss.doubts(losses, options.allow_removal):
        tools.tell(warning(line))
    with tools.turn() if switches_features(diff) else nullcontext():
        return _change(release, live, tools, options)


def _change(release: Release, live: Live, tools: Tools, options: Options) -> Release:
    """Send the template, propose the change, execute it, and follow it to its end."""
    stack, target = required(release.stack, "stack"), required(release.target, "target")
    action = states.action_for(live.status)
    body = stack.template.encode()
    key = names.template_key(stack.name, hashlib.sha256(body).hexdigest())
    tools.store.put(key, body, "application/yaml")
    if action in (states.CLEAR, states.RECREATE):
        _make_room(tools, target, live, stack.name)
        live = Live()
    if action == states.FINISH:
        text = f"stack {stack.name} is {live.status}: this update can't be rolled back"
        tools.tell(note(text))
        options = replace(options, rollback=False)
    create = not live.exists
    request = Request(
        name=names.creation_change_set(stack.name) if create else f"cjob-{uuid.uuid4()}",
        token=uuid.uuid4().hex,
        stack=stack,
        template_url=names.object_url(target.region, target.artifact_bucket, key),
        create=create,
    )
    tools.tell(note(f"proposing changes to stack {stack.name}"))
    started = _start(tools, target, request, live, options)
    if started is None:
        _check_recovered(live, stack.name, target)
        return _unchanged(release, live.stack_id, live.status, tools.tell)
    try:
        status = started.status if options.detach else _end(started, tools, target, stack.name)
        stack_id = started.proposal.stack_id
        deployment = Deployment(stack_id=stack_id, status=status, changed=True)
        return replace(release, deployment=deployment)
    except KeyboardInterrupt:
        _undo(tools, target, started.proposal, stack.name)
    except ServiceError as error:
        raise ServiceError(
            f"the deployment of stack {stack.name!r} goes on unseen: {error.message}",
            hint=f"{error.hint}; {_look(target, stack.name)}",
        ) from error


def _end(started: "_Started", tools: Tools, target: Target, name: str) -> str:
    """Follow a deployment to its end, and give the stack's status; DeploymentError if it failed."""
    outcome = follow(started.events, tools.tell)
    if not outcome.succeeded:
        raise failures.failed(tools.stacks, target, outcome, name)
    return outcome.status


def _make_room(tools: Tools, target: Target, live: Live, name: str) -> None:
    """Delete a stack that never came to be; Moved where somebody is about to make it."""
    if live.status == live_side.PROPOSED:
        empty = readiness.is_abandoned(tools.stacks, target, live, name, tools.tell)
        now = tools.stacks.read(target, name)
        if not empty or (now.stack_id, now.status) != (live.stack_id, live.status):
            raise Moved(name, now.status)
        tools.tell(note(f"deleting stack {name}, in which there is nothing"))
        tools.stacks.delete(target, live.stack_id)
        tools.stacks.await_rest(target, live.stack_id)
        return
    tools.tell(note(f"deleting stack {name}, whose creation failed"))
    try:
        _delete(tools, target, live.stack_id)
    except KeyboardInterrupt:
        raise Interrupted(
            f"interrupted while stack {name!r}, whose creation failed, is being deleted; "
            "nothing was deployed",
            hint=_look(target, name),
        ) from None


@dataclass(frozen=True, kw_only=True)
class _Started:
    """A deployment under way: what was executed, the status that this begins with, the events."""

    proposal: Proposal
    status: str
    events: Iterator[Event | None]


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
            tools.stacks.discard(target, request)
            return None
        _check_still(tools.stacks.read(target, name), live, proposal, name)
        events = tools.stacks.follow(target, proposal.stack_id, tools.aside)
        executing = True
        tools.stacks.execute(target, proposal, rollback=options.rollback)
        status = "CREATE_IN_PROGRESS" if request.create else "UPDATE_IN_PROGRESS"
        return _Started(proposal=proposal, status=status, events=events)
    except BaseException as error:
        try:
            now = _withdraw(tools, target, request, proposal)
        except KeyboardInterrupt:
            raise _left(target, name) from None
        if isinstance(error, ServiceError) and now is not None:
            _check_still(now, live, proposal, name)
        if not isinstance(error, KeyboardInterrupt):
            raise
        if proposal and executing and not (now and _as_before(now, live)):
            _undo(tools, target, proposal, name)
        raise Interrupted("interrupted before anything was deployed") from None


def _withdraw(
    tools: Tools, target: Target, request: Request, proposal: Proposal | None
) -> Live | None:
    """Delete the change set, and the empty stack that was made for it; give what was there then.

    What cannot be done is told, so that the error which led here stays the one that is raised.
    """
    created = proposal.stack_id if proposal else ""
    try:
        created = tools.stacks.discard(target, request) or created
    except CjobError as error:
        tools.tell(warning(str(error)))
    try:
        now = tools.stacks.read(target, request.stack.name)
        ours = request.create and now.stack_id == created
        if ours and now.status == live_side.PROPOSED:
            tools.stacks.delete(target, now.stack_id)
    except CjobError as error:
        tools.tell(warning(str(error)))
        return None
    return now


def _left(target: Target, name: str) -> Interrupted:
    """Say that the person did not wait for the end of what was being taken back."""
    return Interrupted(
        f"interrupted again: stack {name!r} is left as it is", hint=_look(target, name)
    )


def _as_before(now: Live, live: Live) -> bool:
    """Say whether a stack is what it was, apart from its addons, which move with its parameters.

    For one that is yet to be made, an empty one is as good as none.
    """
    if not live.exists:
        return now.status in (live_side.ABSENT, live_side.PROPOSED)
    return live_side.against(replace(now, addons=live.addons)) == live_side.against(live)


def _check_still(now: Live, live: Live, proposal: Proposal | None, name: str) -> None:
    """Raise Moved where the stack is another than it was, or than the change set was made for."""
    if not _as_before(now, live) or (proposal and now.stack_id != proposal.stack_id):
        raise Moved(name, now.status)


def _undo(tools: Tools, target: Target, proposal: Proposal, name: str) -> NoReturn:
    """Take back what was started, to its end, and say what the stack is now."""
    text = "interrupted: taking the deployment back; interrupt again to leave it as it is"
    look = _look(target, name)
    try:
        tools.tell(note(text))
        said = _taken_back(tools, target, proposal)
    except KeyboardInterrupt:
        raise _left(target, name) from None
    except CjobError as error:
        raise Interrupted(f"interrupted, and {error.message}", hint=error.hint or look) from error
    raise Interrupted(said, hint=look)


def _taken_back(tools: Tools, target: Target, proposal: Proposal) -> str:
    """Delete what is being created, cancel what is being updated; say what came of it.

    What somebody else began is left alone.
    """
    stack_id = proposal.stack_id
    events = tools.stacks.follow(target, stack_id, tools.aside)
    status = tools.stacks.read(target, stack_id).status
    if tools.stacks.activity(target, stack_id).token not in {"", proposal.token}:
        return f"interrupted; somebody else has changed the stack since, and it is {status} now"
    if status == "CREATE_IN_PROGRESS":
        _delete(tools, target, stack_id)
        return "interrupted; the stack that was being created is deleted"
    if status == "UPDATE_IN_PROGRESS":
        tools.stacks.cancel(target, stack_id)
        status = tools.stacks.read(target, stack_id).status
    if status == "UPDATE_IN_PROGRESS" or status.endswith("ROLLBACK_IN_PROGRESS"):
        status = follow(events, tools.tell).status
        return f"interrupted; the stack's deployment ended: {status}"
    return f"interrupted too late to take the deployment back; the stack is {status or 'gone'} now"


def _look(target: Target, name: str) -> str:
    """Give the command that shows how a stack is."""
    return f"see how it went on: {states.aws('describe-stacks', name, target.region)}"


def _delete(tools: Tools, target: Target, stack_id: str) -> None:
    events = tools.stacks.follow(target, stack_id, tools.aside)
    tools.stacks.delete(target, stack_id)
    outcome = follow(events, tools.tell)
    if outcome.status != "DELETE_COMPLETE":
        raise failures.failed(tools.stacks, target, outcome, stack_id)


def _unchanged(
    release: Release, stack_id: str, status: str, tell: Tell, *, applied: bool = False
) -> Release:
    """Return the release of a deployment that had nothing to do; its plan may have been applied."""
    name = required(release.stack, "stack").name
    if applied:
        tell(note(f"already applied: stack {name} is up to date"))
    else:
        tell(note(f"nothing to change: stack {name} is as it should be"))
    deployment = Deployment(stack_id=stack_id, status=status, changed=False)
    return replace(release, deployment=deployment)


def _check_recovered(live: Live, name: str, target: Target) -> None:
    """Refuse to call a stack that failed unchanged, only since there is nothing new for it."""
    if live.status in {"CREATE_FAILED", "UPDATE_FAILED"}:
        raise DeploymentError(
            f"stack {name!r} is still {live.status}, and there is nothing new to deploy to it",
            hint=states.next_step(name, live.status, (), target),
        )
