"""Preflight: refuse before the first build what apply would refuse after it.

Runs the same checks as apply. Reads CloudFormation, and waits for it with `--wait-for-stack`.
"""

from cjob.checks.data_loss import check_data_loss as check_losses
from cjob.checks.data_loss import losses
from cjob.checks.ownership import check_owner
from cjob.context import RunContext
from cjob.diff.stacks import with_live_addons
from cjob.document.models import Release, required
from cjob.document.records import replace
from cjob.stages.deployment.idle import wait_until_idle
from cjob.stages.images.prebuilt import to_build
from cjob.stages.push import repository_of
from cjob.stages.read_stack import snapshot
from cjob.stages.render import check_rendered, render


def preflight(release: Release, context: RunContext) -> Release:
    """Check the stack's owner and status, what would be rendered, and the image repository.

    The images are yet to be built; rendering without them shows what is refused all the same.
    """
    options, target = context.options, required(release.target, "target")
    found = snapshot(release, context)
    check_owner(found, release.job, adopt=options.adopt_stack)
    idle = wait_until_idle(
        context.stacks,
        target,
        found,
        release.job.stack_name,
        wait=options.wait_for_stack,
        report=context.reporter(release.job),
    )
    check_rendered(render(release, context))
    if to_build(release, options.images) and not options.create_repository:
        repository_of(release, target)
    return replace(release, snapshot=idle)


def check_data_loss(release: Release, context: RunContext) -> Release:
    """Refuse to remove or replace resources that hold data, unless `--allow-removal` names them.

    With CDK overrides the template is known only after they ran, so apply checks it.
    """
    if release.stack is None and required(release.source, "source").overrides.cdk:
        return release
    rendered = release if release.stack else render(release, context)
    stack = required(rendered.stack, "stack")
    deployed = with_live_addons(snapshot(release, context), rendered, context.stacks)
    check_losses(losses(deployed, stack), context.options.allow_removal, stack.name)
    return replace(release, snapshot=deployed)
