"""Check that AWS would accept a rendered stack, and could run it.

Takes a Release with `stack`, and checks what would be deployed: the template with its overrides,
parameters and tags. Findings in the manifest have their places in the file; one that overrides have
fixed is not refused. Pure.

Rendering warns about findings; `check` refuses them, before the first build, in push and in apply.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from cjob.checks import limits, names, schedules, tags, task
from cjob.checks.resolved import Resolved, resolve
from cjob.document import names as own_names
from cjob.document.models import Release, required
from cjob.manifest import reading
from cjob.reporting.errors import InputError, InputErrors
from cjob.reporting.findings import Finding

Check = Callable[[Resolved], Iterable[Finding]]

CHECKS: tuple[Check, ...] = (
    task.sizes,
    task.images,
    schedules.expressions,
    names.of_resources,
    limits.of_task,
)


def check(release: Release, *, template_known: bool = True) -> None:
    """Raise InputErrors with all that AWS would refuse.

    Without `template_known` the template is not checked: a CDK app is yet to change it.
    """
    manifest, stack = _manifest(release), tuple(_stack(release, template_known=template_known))
    deployed = {one.message for one in stack}
    fixed_nowhere = [one for one in manifest if one.refused and one.message in deployed]
    refused = [*fixed_nowhere, *_beyond(manifest, stack)]
    if refused:
        raise InputErrors(
            [InputError(one.message, hint=one.hint, place=one.place) for one in refused]
        )


def beyond_manifest(release: Release) -> tuple[Finding, ...]:
    """Return the findings that are not in the manifest, about which load has warned."""
    return _beyond(_manifest(release), tuple(_stack(release)))


def _beyond(manifest: Sequence[Finding], stack: Sequence[Finding]) -> tuple[Finding, ...]:
    known = {one.message for one in manifest}
    return tuple(one for one in stack if one.message not in known)


def _manifest(release: Release) -> tuple[Finding, ...]:
    """Return the findings that load has warned about."""
    job, source = release.job, release.source
    found = tuple(names.of_job(job))
    if source is None:
        return found
    try:
        file = own_names.manifest_path(job.name)
        return (*found, *reading.findings(source.manifest, job.env, file=file))
    except InputError:  # the document was edited; the stack that it deploys is checked all the same
        return found


def _stack(release: Release, *, template_known: bool = True) -> Iterator[Finding]:
    stack, source = required(release.stack, "stack"), release.source
    yield from names.of_job(release.job)
    yield from names.of_stack(release.job)
    yield from tags.problems(stack.tags)
    yield from tags.reserved(source.tags if source else {}, release.job)
    yield from limits.of_parameters(stack)
    yield from limits.of_template(stack.addons, "the template of the addons", "stack.addons")
    found = list(limits.of_template(stack.template, "the template", "stack.template"))
    yield from found
    if found or not template_known:  # too long to parse, or not the one that is deployed
        return
    resolved = resolve(stack, _pseudo(release))
    for one in CHECKS:
        for finding in one(resolved):
            yield finding._replace(place=f"stack.template: {finding.place}")


def _pseudo(release: Release) -> dict[str, str]:
    target, stack = required(release.target, "target"), required(release.stack, "stack")
    return {
        "AWS::AccountId": target.account_id,
        "AWS::Partition": own_names.partition(target.region),
        "AWS::Region": target.region,
        "AWS::StackName": stack.name,
        "AWS::URLSuffix": own_names.dns_suffix(target.region),
    }
