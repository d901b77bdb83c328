"""Documents as they are rendered from a manifest, and what is refused of them."""

from cjob.checks import deployable
from cjob.document.models import Asset, Job, Overrides, Release, Source, Target
from cjob.document.records import replace
from cjob.reporting.errors import InputErrors
from cjob.template.render import render_stack

HEAD = "name: {name}\ntype: Scheduled Job\non: {{schedule: '@daily'}}\n"
LOCATED = HEAD + "image: {{location: alpine}}\n"
CONTROLLER = Asset(kind="controller", sha256="3", key="controller.zip")
TARGET = Target(
    account_id="123456789012",
    region="eu-central-1",
    manager_role_arn="arn:aws:iam::123456789012:role/acme-test-EnvManagerRole",
    execution_role_arn="arn:aws:iam::123456789012:role/acme-test-CFNExecutionRole",
    artifact_bucket="artifacts",
    artifact_key_arn="arn:aws:kms:eu-central-1:123456789012:key/1",
    environment_version="v1.33.2",
    features=("EFSWorkloads", "NATWorkloads"),
    service_discovery_endpoint="test.acme.local",
)


def rendered(
    more: str = "",
    *,
    base: str = LOCATED,
    name: str = "report",
    patches: str = "",
    addon: str = "",
) -> Release:
    """Return the document of a job whose manifest has more lines at its end."""
    content = Source(
        manifest=base.format(name=name) + more,
        assets=(CONTROLLER,),
        overrides=Overrides(patches=patches),
        addons={"one.yml": addon} if addon else {},
    )
    job = Job(app="acme", env="test", name=name)
    return render_stack(Release(job=job, source=content, target=TARGET))


def tagged(release: Release, tags: dict[str, str]) -> Release:
    """Return the document rendered again with tags that a person gave."""
    assert release.source is not None
    return render_stack(replace(release, source=replace(release.source, tags=tags)))


def edited(release: Release, **changes: str) -> Release:
    """Return the document with other parameters, as jq would leave it."""
    assert release.stack is not None
    parameters = {**release.stack.parameters, **changes}
    return replace(release, stack=replace(release.stack, parameters=parameters))


def refusals(release: Release) -> list[tuple[str, str]]:
    """Return place and message of everything that is refused."""
    try:
        deployable.check(release)
    except InputErrors as errors:
        return [(one.place, one.message) for one in errors.problems]
    return []


def messages(release: Release) -> list[str]:
    """Return the messages alone."""
    return [message for _, message in refusals(release)]
