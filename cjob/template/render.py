"""Render a Release: what load, resolve, build and push added becomes its `stack`.

Pure: no files, no network, no clock.
"""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from yaml import Node

from cjob.document import names
from cjob.document.models import Asset, Release, Source, Stack, Target, required
from cjob.document.models import Job as Subject
from cjob.document.records import replace
from cjob.manifest import reading
from cjob.manifest.job import Job
from cjob.manifest.sections.network import SubnetsByTag
from cjob.reporting.errors import ErrorCollector, InputError
from cjob.template import parameters
from cjob.template.addons import packaging
from cjob.template.addons.reading import Addons
from cjob.template.addons.reading import read as read_addons
from cjob.template.context import Context
from cjob.template.controller import features
from cjob.template.nodes import node
from cjob.template.patches import check_patches, note_patches, override_task, patch
from cjob.template.stack import template
from cjob.yamlio import writer

TEMPLATE_VERSION = "v1.34.1"
"""The version of Copilot's templates that this one is compatible with."""

SUBNETS_LIMIT = 16
"""The most subnets that ECS takes for a task."""

_FEATURES = {"NATWorkloads": "a NAT gateway", "EFSWorkloads": "a managed file system"}
_CONTROLLER = "EnvControllerFunction"


def render_stack(release: Release, *, version: str = TEMPLATE_VERSION) -> Release:
    """Return the Release with `stack`; raise InputError if its parts do not fit together.

    What is known only after a push is listed in `stack.missing`.
    """
    source, target = required(release.source, "source"), required(release.target, "target")
    subject = release.job
    job = reading.read(source.manifest, subject.env, file=names.manifest_path(subject.name))
    check_environment(job, subject, target)
    nested = _nested(subject, source, target)
    context = _context(release, job, nested, version)
    stack = Stack(
        name=names.job_stack(subject.app, subject.env, subject.name),
        template=template_text(job, context, source.overrides.patches),
        parameters=parameters.values(job, context),
        tags=stack_tags(subject, target.tags, source.tags),
        addons=nested.text if nested else "",
        missing=_missing(release, job, nested),
    )
    return replace(release, stack=stack)


class _Nested(NamedTuple):
    """The addons, the text of their template as it is uploaded, and its key in the bucket."""

    addons: Addons
    text: str
    key: str


def template_text(job: Job, context: Context, patches: str = "") -> str:
    """Return the text of the job's template; raise InputErrors as `finished` does."""
    return writer.text(finished(job, context, patches))


def finished(job: Job, context: Context, patches: str = "") -> Node:
    """Return the job's template: built, then `taskdef_overrides`, then YAML patches.

    Raises InputErrors with their places for all paths that lead nowhere.
    """
    root, found = node(template(job, context)), ErrorCollector()
    with found:
        override_task(root, job.overrides, names.manifest_path(job.name))
    if patches:
        with found:
            checked = check_patches(patches, names.patches_path(job.name))
            root = patch(root, checked)
            note_patches(root)
    found.raise_all()
    return root


def dry_render(job: Job, subject: Subject, addons: Addons | None, patches: str) -> None:
    """Raise InputErrors for paths of `taskdef_overrides` and patches that lead nowhere.

    The template is for a target with all optional features. A path that exists for some targets
    only is therefore checked again when the target is known.
    """
    if not job.overrides and not patches:
        return
    target = Target(
        account_id="0" * 12,
        region="us-east-1",
        manager_role_arn="",
        execution_role_arn="",
        artifact_bucket="bucket",
        artifact_key_arn="key",
        environment_version=TEMPLATE_VERSION,
        service_discovery_endpoint="endpoint",
        permissions_boundary="boundary",
    )
    context = Context(
        app=subject.app,
        env=subject.env,
        target=target,
        addons=addons,
        controller_bucket=target.artifact_bucket,
        controller_key="key",
        subnets=("subnet",) * SUBNETS_LIMIT,
        version=TEMPLATE_VERSION,
        manifest="manifest",
    )
    finished(job, context, patches)


def stack_tags(
    subject: Subject, of_application: Mapping[str, str], of_person: Mapping[str, str]
) -> dict[str, str]:
    """Return all tags, sorted: the user's win over the application's, Copilot's over both."""
    own = names.copilot_tags(subject.app, subject.env, subject.name)
    tags = {**of_application, **of_person, **own}
    return {key: tags[key] for key in sorted(tags)}


def addons_template(subject: Subject, source: Source, target: Target) -> tuple[str, str] | None:
    """Return the nested template's text as it is uploaded, and its key; None without addons."""
    nested = _nested(subject, source, target)
    return (nested.text, nested.key) if nested else None


def local_addons(release: Release) -> str:
    """Return the text of the nested template with paths of local files."""
    source = required(release.source, "source")
    addons = read_addons(source.addons, f"copilot/{release.job.name}/addons")
    return addons.text if addons else ""


def _nested(subject: Subject, source: Source, target: Target) -> _Nested | None:
    addons = read_addons(source.addons, f"copilot/{subject.name}/addons")
    if addons is None:
        return None
    locations = {
        packaging.LocalFile(path=asset.path, zipped=asset.zipped): packaging.Location(
            bucket=target.artifact_bucket, key=asset.key, region=target.region
        )
        for asset in source.assets
        if asset.kind == "addonAsset"
    }
    text = packaging.packaged(addons.text, locations)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return _Nested(addons=addons, text=text, key=names.addons_key(subject.name, digest))


def check_environment(job: Job, subject: Subject, target: Target) -> None:
    """Raise InputError if the environment is not deployed, or lacks a feature that the job uses."""
    if target.environment_version == "bootstrap":
        raise InputError(
            f"environment '{subject.env}' is not deployed yet",
            hint=f"deploy it first: copilot env deploy --name {subject.env}",
        )
    for feature in features(job):
        if feature not in target.features:
            raise InputError(
                f"environment '{subject.env}' ({target.environment_version}) does not have "
                f"{_FEATURES[feature]}: its stack has no parameter '{feature}'",
                hint=f"upgrade it to v1.3.0 or later: copilot env deploy --name {subject.env}",
            )


def _context(release: Release, job: Job, nested: _Nested | None, version: str) -> Context:
    source, target = required(release.source, "source"), required(release.target, "target")
    subject, bucket = release.job, target.artifact_bucket
    images = release.images or {}
    return Context(
        app=subject.app,
        env=subject.env,
        target=target,
        images={name: images[name].uri for name in _built(job) if name in images},
        env_files={
            container: names.object_arn(target.region, bucket, asset.key)
            for asset in source.assets
            if asset.kind == "envFile"
            for container in asset.containers
        },
        addons=nested.addons if nested else None,
        addons_url=names.object_url(target.region, bucket, nested.key) if nested else "",
        controller_bucket=bucket,
        controller_key=_controller(source).key,
        subnets=_subnets(job, target),
        version=version,
        manifest=source.manifest,
    )


def _built(job: Job) -> list[str]:
    """Return the names of the containers whose images are built."""
    return [one.name for one in (job.main, *job.sidecars) if one.build is not None]


def _controller(source: Source) -> Asset:
    for asset in source.assets:
        if asset.kind == "controller":
            return asset
    raise InputError(
        "the document does not list the code of the env controller",
        hint="start again with: cjob-render -n NAME -e ENV",
        place="source.assets",
    )


def _subnets(job: Job, target: Target) -> tuple[str, ...]:
    if not isinstance(job.network.placement, SubnetsByTag):
        return ()
    query = names.subnet_query(job.network.placement.tags)
    found = target.subnets.get(query, ())
    if not found:
        raise InputError(
            f"no subnets are known for the tags '{query}'",
            hint="check the tags under network.vpc.placement; cjob-target looks subnets up again",
        )
    return found


def _missing(release: Release, job: Job, nested: _Nested | None) -> tuple[str, ...]:
    """Return the names of what is known only after a push, and is still missing."""
    images = release.images or {}
    sent = release.artifacts.keys if release.artifacts else ()
    absent = {
        "ContainerImage" if name == job.name else f"Image:{name}"
        for name in _built(job)
        if name not in images or not images[name].uri
    }
    env_files = {one: name for name, one in parameters.env_file_parameters(job).items()}
    for asset in required(release.source, "source").assets:
        if asset.key in sent:
            continue
        if asset.kind == "envFile":
            absent.update(env_files[name] for name in asset.containers if name in env_files)
        else:
            absent.add(_CONTROLLER if asset.kind == "controller" else "AddonsTemplateURL")
    if nested and nested.key not in sent:
        absent.add("AddonsTemplateURL")
    return tuple(sorted(absent))
