"""Decide what a deployment does: refuse it, report the stack up to date, or change the stack.

Takes a rendered Release, returns it with `deployment`. Reads CloudFormation; `change` writes. What
may be deployed is decided by `cjob.checks`, which preflight runs, too.
"""

from contextlib import nullcontext

from cjob.checks import assets, data_loss, deployable, ownership
from cjob.checks.downgrade import check_downgrade
from cjob.checks.plan import check_difference, check_plan
from cjob.context import DeployOptions
from cjob.diff.stacks import compare, template_version, with_live_addons
from cjob.diff.summary import summary
from cjob.document.models import Deployment, Diff, Release, Stack, required
from cjob.document.records import replace
from cjob.document.snapshot import StackSnapshot, is_same, is_stable
from cjob.reporting.progress import info, warning
from cjob.stages.deployment.change import change_stack
from cjob.stages.deployment.change_sets import ApplyDeps, StackChangedError
from cjob.stages.deployment.features import switches_features
from cjob.stages.deployment.idle import wait_until_idle

RETRIES = 20
RETRY_PAUSE_S = 15.0
"""How often a stack that others keep changing is compared again with --wait-for-stack."""


def deploy(release: Release, deps: ApplyDeps, options: DeployOptions) -> Release:
    """Deploy the stack; return the Release with `deployment`, whose `changed` may be false.

    Compares with `snapshot` if the Release has one, and else with the stack as it is now. Raises
    InputError for a document that must not be applied, DeploymentError if the deployment fails,
    and Interrupted after Ctrl-C.
    """
    stack = required(release.stack, "stack")
    ownership.check_identity(release, stack)
    ownership.check_complete(release, stack)
    assets.check_addons(stack, release.job, required(release.target, "target"))
    deployable.check(release)
    try:
        return _retry(release, deps, options)
    except KeyboardInterrupt:
        raise deps.started.interrupted() from None


def _retry(release: Release, deps: ApplyDeps, options: DeployOptions) -> Release:
    """Start again if others changed the stack meanwhile, at once and then with pauses."""
    retries = 0
    while True:
        try:
            return _attempt(release, deps, options)
        except StackChangedError as changed:
            if not options.wait_for_stack or retries == RETRIES:
                raise
            deps.report(info(f"trying again: {changed.message}"))
            if retries:
                deps.sleep(RETRY_PAUSE_S)
            retries += 1
            release = replace(release, snapshot=None)


def _attempt(release: Release, deps: ApplyDeps, options: DeployOptions) -> Release:
    """Compare with the deployed stack, and change it if it differs."""
    stack, target = required(release.stack, "stack"), required(release.target, "target")
    known = release.snapshot
    found = deps.stacks.read(target, stack.name) if known is None else known
    ownership.check_owner(found, release.job, adopt=options.adopt_stack)
    live = wait_until_idle(
        deps.stacks, target, found, stack.name, wait=options.wait_for_stack, report=deps.report
    )
    if live is not known:
        live = with_live_addons(live, release, deps.stacks)
    check_downgrade(
        template_version(live.template),
        template_version(stack.template),
        stack.name,
        allow=options.allow_downgrade,
    )
    plan, diff = release.diff, compare(release, live)
    is_current = not diff.changed and is_stable(live.status)
    if plan is not None:
        if not is_current and not options.allow_stale_plan:
            check_plan(plan, live)
            check_difference(plan, diff, release.job.name)
        release = replace(release, diff=diff)
    if is_current:
        if live is known and not is_same(deps.stacks.describe(target, stack.name), live):
            return _attempt(replace(release, diff=plan, snapshot=None), deps, options)
        return _up_to_date(release, diff, live, deps, was_planned=bool(plan and plan.changed))
    _check_data_loss(live, stack, deps, options)
    with deps.feature_slot() if switches_features(diff) else nullcontext():
        return change_stack(release, diff, live, deps, options)


def _check_data_loss(
    live: StackSnapshot, stack: Stack, deps: ApplyDeps, options: DeployOptions
) -> None:
    """Refuse to lose data, and warn if it is not known whether data would be lost."""
    losses = data_loss.losses(live, stack)
    data_loss.check_data_loss(losses, options.allow_removal, stack.name)
    for line in (*data_loss.unread(live, stack), *data_loss.doubts(losses, options.allow_removal)):
        deps.report(warning(line))


def _up_to_date(
    release: Release, diff: Diff, live: StackSnapshot, deps: ApplyDeps, *, was_planned: bool
) -> Release:
    """Return the Release of a stack that needs no change, and report that."""
    if diff.changes:  # they change nothing that CloudFormation would update
        deps.report(info(summary(diff)))
    applied = "already applied: " if was_planned else ""
    deps.report(info(f"{applied}stack {release.job.stack_name} is up to date"))
    deployment = Deployment(stack_id=live.stack_id, status=live.status, changed=False)
    return replace(release, deployment=deployment)
