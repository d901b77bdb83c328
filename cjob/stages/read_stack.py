"""Read the stack: what is deployed now, read once before the first build.

Reads CloudFormation. The snapshot is handed on in the Release, and is never written.
"""

from cjob.checks.downgrade import check_downgrade
from cjob.context import RunContext
from cjob.diff.stacks import template_version
from cjob.document.models import Release, required
from cjob.document.records import replace
from cjob.document.snapshot import StackSnapshot, is_same
from cjob.stages.deployment.change_sets import StackChangedError
from cjob.template.render import TEMPLATE_VERSION


def read_stack(release: Release, context: RunContext) -> Release:
    """Add `snapshot`; refuse to replace a template of a newer version."""
    name = release.job.stack_name
    deployed = context.stacks.read(required(release.target, "target"), name)
    _check_version(name, template_version(deployed.template), context)
    return replace(release, snapshot=deployed)


def check_version(release: Release, context: RunContext) -> Release:
    """Refuse to render for a stack with a newer version; with `--target`, stay offline."""
    if context.options.target is None and not context.options.allow_downgrade:
        name = release.job.stack_name
        _check_version(
            name, context.stacks.version(required(release.target, "target"), name), context
        )
    return release


def check_unchanged(release: Release, context: RunContext) -> Release:
    """Refuse to report a stack up to date that was changed after it was read."""
    name, target = release.job.stack_name, required(release.target, "target")
    now = context.stacks.describe(target, name)
    if not is_same(now, snapshot(release, context)):
        raise StackChangedError(name, now.status)
    return release


def snapshot(release: Release, context: RunContext) -> StackSnapshot:
    """Return the deployed stack as it was read in this run, or else as it is now."""
    if release.snapshot is not None:
        return release.snapshot
    return context.stacks.read(required(release.target, "target"), release.job.stack_name)


def _check_version(stack: str, deployed: str, context: RunContext) -> None:
    allow = context.options.allow_downgrade
    check_downgrade(deployed, TEMPLATE_VERSION, stack, allow=allow)
