"""Apply: make the live stack what the document says.

Takes a Release with a `stack`, gives it with `deployment`. Touches the template's object in S3 and
the job's stack, through the adapters that it is handed. Nothing to change means nothing is sent.
What is done with a stack in each status is told by `states`, what may be applied by `cjob.checks`;
`execution` makes the change.
"""

import hashlib
import uuid
from contextlib import nullcontext

from cjob.checks import assets, data_loss, deployable, ownership, rollback
from cjob.checks.downgrade import check_downgrade
from cjob.checks.plan import check_difference, check_plan
from cjob.diff.summary import summary
from cjob.document import names
from cjob.document import snapshot as live_side
from cjob.document.models import Deployment, Diff, Release, Target, required
from cjob.document.records import replace
from cjob.document.snapshot import StackSnapshot
from cjob.reporting.errors import DeploymentError, Interrupted
from cjob.reporting.progress import Reporter, info, warning
from cjob.stages import readiness, states
from cjob.stages.change_sets import Options, Request, StackChangedError, Tools, look
from cjob.stages.diff import compare, complete, template_version
from cjob.stages.execution import Execution, delete
from cjob.stages.features import switches_features
from cjob.stages.readiness import Watched


def apply(
    release: Release, tools: Tools, options: Options, live: StackSnapshot | None = None
) -> Release:
    """Deploy what the document says; `deployment.changed` is false where all was so already.

    `live` is the stack, with its addons, where it was read in this very run. Raises InputError for
    a document that must not be applied, DeploymentError where the deployment failed, Interrupted
    after Ctrl-C.
    """
    stack = required(release.stack, "stack")
    ownership.check_identity(release, stack)
    ownership.check_complete(release, stack)
    assets.check_addons(stack, release.job, required(release.target, "target"))
    deployable.check(release)
    try:
        while True:
            try:
                return _attempt(release, tools, options, live)
            except StackChangedError as changed:
                if not options.wait:
                    raise
                tools.report(info(f"trying again: {changed.message}"))
                live = None
    except KeyboardInterrupt:
        raise tools.begun.interrupted() from None


def _attempt(
    release: Release, tools: Tools, options: Options, known: StackSnapshot | None
) -> Release:
    """Compare with the stack as it is, and change it; `known` is how it was read before."""
    stack, target = required(release.stack, "stack"), required(release.target, "target")
    found = tools.stacks.read(target, stack.name) if known is None else known
    ownership.check_owner(found, release.job, adopt=options.adopt)
    live = readiness.at_rest(
        tools.stacks, target, found, stack.name, wait=options.wait, report=tools.report
    )
    if live is not known:
        live = complete(live, release, tools.stacks)
    check_downgrade(
        template_version(live.template),
        template_version(stack.template),
        stack.name,
        allow=options.allow_downgrade,
    )
    plan, diff = release.diff, compare(release, live)
    is_current = not diff.changed and live_side.is_stable(live.status)
    if plan is not None:
        if not is_current and not options.force_plan:
            check_plan(plan, live)
            check_difference(plan, diff, release.job.name)
        release = replace(release, diff=diff)
    if is_current:
        if live is known and not is_still(tools.stacks, target, stack.name, live):
            return _attempt(release, tools, options, None)
        applied = plan is not None and plan.changed
        if diff.changes:
            tools.report(info(summary(diff)))
        return _unchanged(release, live.stack_id, live.status, tools.report, applied=applied)
    losses = data_loss.losses(live, stack)
    data_loss.check_data_loss(losses, options.allow_removal, stack.name)
    for line in (*data_loss.unread(live, stack), *data_loss.doubts(losses, options.allow_removal)):
        tools.report(warning(line))
    with tools.turn() if switches_features(diff) else nullcontext():
        return _change(release, diff, live, tools, options)


def is_still(stacks: Watched, target: Target, name: str, known: StackSnapshot) -> bool:
    """Check whether a stack is what it was when it was read, perhaps a long build ago."""
    return live_side.is_same(stacks.describe(target, name), known)


def _change(
    release: Release, diff: Diff, live: StackSnapshot, tools: Tools, options: Options
) -> Release:
    """Send the template, propose the change, execute it, and follow it to its end."""
    stack, target = required(release.stack, "stack"), required(release.target, "target")
    action = states.action_for(live.status)
    body = stack.template.encode()
    key = names.template_key(stack.name, hashlib.sha256(body).hexdigest())
    tools.store.put(key, body, "application/yaml")
    if action in (states.CLEAR, states.RECREATE):
        _make_room(tools, target, live, stack.name)
        live = StackSnapshot()
    if action == states.FINISH:
        text = f"stack {stack.name} is {live.status}: this update can't be rolled back"
        tools.report(info(text))
        options = replace(options, rollback=False)
    if not options.rollback and (text := rollback.without_rollback(diff)):
        first = f"; {states.with_rollback(stack.name, target)}" if action == states.FINISH else ""
        tools.report(warning(text + first))
    create = not live.exists
    request = Request(
        name=names.creation_change_set(stack.name) if create else f"cjob-{uuid.uuid4()}",
        token=uuid.uuid4().hex,
        stack=stack,
        template_url=names.object_url(target.region, target.artifact_bucket, key),
        create=create,
    )
    tools.report(info(f"creating change set for {stack.name}"))
    result = Execution(tools, target, request, live, options).run()
    if result is None:
        _check_recovered(live, stack.name, target)
        return _unchanged(release, live.stack_id, live.status, tools.report)
    deployment = Deployment(stack_id=result.stack_id, status=result.status, changed=True)
    return replace(release, deployment=deployment)


def _make_room(tools: Tools, target: Target, live: StackSnapshot, name: str) -> None:
    """Delete a stack that never came to be, unless somebody is about to create it."""
    if live.status == live_side.UNDER_REVIEW:
        empty = readiness.is_abandoned(tools.stacks, target, live, name, tools.report)
        now = tools.stacks.read(target, name)
        if not empty or (now.stack_id, now.status) != (live.stack_id, live.status):
            raise StackChangedError(name, now.status)
        tools.report(info(f"deleting stack {name}, in which there is nothing"))
        tools.stacks.delete(target, live.stack_id)
        tools.stacks.wait_until_idle(target, live.stack_id)
        return
    tools.report(info(f"deleting stack {name}, whose creation failed"))
    try:
        delete(tools, target, live.stack_id)
    except KeyboardInterrupt:
        raise Interrupted(
            f"interrupted while stack {name!r}, whose creation failed, is being deleted; "
            "nothing was deployed",
            hint=look(name, target.region),
        ) from None


def _unchanged(
    release: Release, stack_id: str, status: str, report: Reporter, *, applied: bool = False
) -> Release:
    """Return the release of a deployment that had nothing to do; its plan may have been applied."""
    name = required(release.stack, "stack").name
    report(info(f"{'already applied: ' if applied else ''}stack {name} is up to date"))
    deployment = Deployment(stack_id=stack_id, status=status, changed=False)
    return replace(release, deployment=deployment)


def _check_recovered(live: StackSnapshot, name: str, target: Target) -> None:
    """Refuse to call a stack that failed unchanged, only since there is nothing new for it."""
    if live.status in {"CREATE_FAILED", "UPDATE_FAILED"}:
        raise DeploymentError(
            f"stack {name!r} is still {live.status}, and there is nothing new to deploy to it",
            hint=states.next_step(name, live.status, (), target),
        )
