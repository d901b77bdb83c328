"""Load: what the workspace has of a job becomes `source`.

Reads the workspace's files and runs git for the commit. Finds the errors in a job's files before
anything is built or sent.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from cjob.checks.env_files import problems as env_file_problems
from cjob.checks.names import of_job
from cjob.checks.unsubstituted import problems as unsubstituted
from cjob.context import RunContext
from cjob.document import names
from cjob.document.models import Asset, Build, Job, Overrides, Release, Source
from cjob.document.records import replace
from cjob.env_controller import archive
from cjob.manifest import reading
from cjob.manifest.job import Job as ManifestJob
from cjob.manifest.report import Report
from cjob.manifest.sections.container import Container
from cjob.manifest.sections.variables import env_files as env_files_of
from cjob.manifest.sections.variables import is_env_file
from cjob.manifest.tree import Section
from cjob.reporting.errors import ErrorCollector, InputError
from cjob.reporting.findings import Finding
from cjob.reporting.progress import Reporter, found, warning
from cjob.reporting.redaction import looks_secret
from cjob.reporting.suggestions import did_you_mean
from cjob.template.addons.assets import file_digest
from cjob.template.addons.packaging import LocalFile, local_files, place_of
from cjob.template.addons.reading import PARAMETER_FILES, Addons, is_template
from cjob.template.addons.reading import read as read_addons
from cjob.template.patches import check_patches
from cjob.template.render import dry_render
from cjob.workspace import assets
from cjob.workspace.find import Workspace
from cjob.workspace.git import revision

PATCHES = "cfn.patches.yml"
CDK = "cdk.json"


def load(release: Release, context: RunContext) -> Release:
    """Add `source`, what the workspace has of the job, and the target of `--target`."""
    options = context.options
    loaded = load_job(
        release.job,
        context.workspace,
        os.environ,
        context.reporter(release.job),
        tag=options.tag,
        tags=options.resource_tags,
        refused_later=options.refuses_findings,
    )
    return replace(loaded, target=options.target)


def load_job(
    job: Job,
    workspace: Workspace,
    environment: Mapping[str, str],
    report: Reporter,
    *,
    tag: str = "",
    tags: Mapping[str, str] | None = None,
    refused_later: bool = False,
) -> Release:
    """Read a job; raise InputErrors with all errors in its manifest, addons and overrides.

    `environment` holds the process's variables, for substitution; `tag` and `tags` are the values
    of `--tag` and `--resource-tags`. With `refused_later`, findings that this run will refuse are
    not reported as warnings first.
    """
    problems = ErrorCollector()
    with problems:
        loaded = _manifest(job, workspace, environment)
    with problems:
        texts = _addons(workspace, job.name)
        addons = read_addons(texts, f"copilot/{job.name}/addons")
        addon_assets = _addon_assets(workspace, job.name, texts, addons)
    with problems:
        overrides = _overrides(workspace, job.name)
    problems.raise_all()
    dry_render(loaded.job, job, addons, overrides.patches)

    def warn(text: str) -> None:
        report(warning(text))

    files = _file_findings(workspace, job, loaded.job, texts, overrides, environment)
    for finding in (*loaded.findings, *of_job(job), *files):
        if not (finding.refused and refused_later):
            for record in found(finding):
                report(record)
    for doubt in _told_secrets(loaded.job):
        warn(doubt)
    built = builds(loaded.job)
    source = Source(
        manifest=loaded.text,
        addons=texts,
        overrides=overrides,
        builds=built,
        assets=(*_env_files(workspace, loaded.job), *addon_assets, _controller()),
        tag=tag,
        tags=dict(sorted((tags or {}).items())),
        revision=revision(workspace.root, environment, warn if built else lambda _: None),
    )
    return Release(job=job, source=source)


def _manifest(job: Job, workspace: Workspace, environment: Mapping[str, str]) -> reading.Loaded:
    path = workspace.manifest(job.name)
    _check_exists(path, job, workspace)

    def env_files_can_be_read(manifest: Section, report: Report) -> None:
        for node, file in env_files_of(manifest):
            try:
                if is_env_file(file):
                    workspace.read_bytes(workspace.inside(file), file)
            except InputError as error:
                report.error(node, error.message, error.hint)

    return reading.load(
        workspace.read_text(path),
        job.env,
        {"COPILOT_APPLICATION_NAME": job.app, "COPILOT_ENVIRONMENT_NAME": job.env},
        environment,
        file=workspace.shown(path),
        name=job.name,
        rules=(env_files_can_be_read,),
    )


def _file_findings(  # noqa: PLR0917 - each of them is another kind of file
    workspace: Workspace,
    job: Job,
    manifest: ManifestJob,
    addons: Mapping[str, str],
    overrides: Overrides,
    environment: Mapping[str, str],
) -> Iterator[Finding]:
    """Yield what to warn about in the files beside the manifest."""
    for path in sorted(set(env_files(manifest).values())):
        content = workspace.read_bytes(workspace.inside(path), path)
        yield from env_file_problems(content.decode(errors="replace"), path)
    others = {f"copilot/{job.name}/addons/{name}": text for name, text in addons.items()}
    variables = environment.keys() | {"COPILOT_APPLICATION_NAME", "COPILOT_ENVIRONMENT_NAME"}
    for path, text in others.items():
        yield from unsubstituted(text, path, variables)
    yield from unsubstituted(overrides.patches, names.patches_path(job.name))


def containers(job: ManifestJob) -> tuple[Container, ...]:
    """Return all containers of a job, the main one first."""
    router = (job.logging.router,) if job.logging.router else ()
    return (job.main, *job.sidecars, *router)


def builds(job: ManifestJob) -> dict[str, Build]:
    """Return how each container's image is built, for those that are built here."""
    return {
        container.name: Build(
            context=container.build.context,
            dockerfile=container.build.dockerfile,
            target=container.build.target,
            args=dict(container.build.args),
            cache_from=container.build.cache_from,
            platform=job.task.platform.image,
        )
        for container in containers(job)
        if container.build is not None
    }


def env_files(job: ManifestJob) -> dict[str, str]:
    """Return the env file of each container that has one, relative to the workspace."""
    return {c.name: c.env_file for c in containers(job) if c.env_file is not None}


def _told_secrets(job: ManifestJob) -> Iterable[str]:
    """Warn of variables that look like secrets, since their values are in document and stack."""
    for container in containers(job):
        for name, value in container.variables.items():
            if isinstance(value, str) and value and looks_secret(name):
                yield (
                    f"variable {name!r} of {container.name} looks like a secret: its value can be "
                    "read in the stack and in documents; better name it under 'secrets'"
                )


def _check_exists(path: Path, job: Job, workspace: Workspace) -> None:
    if path.is_file():
        return
    jobs = workspace.jobs()
    hint = f"the workspace has: {', '.join(jobs)}" if jobs else "it has no scheduled jobs"
    raise InputError(
        f"the workspace has no job {job.name!r}",
        hint=did_you_mean(job.name, jobs, hint),
        place=workspace.shown(path),
    )


def _env_files(workspace: Workspace, job: ManifestJob) -> Iterable[Asset]:
    """List each env file once, with the containers that use it."""
    users: dict[str, list[str]] = {}
    for container, path in env_files(job).items():
        users.setdefault(path, []).append(container)
    for path, using in sorted(users.items()):
        digest = file_digest([workspace.read_bytes(workspace.inside(path), path)])
        key = names.env_file_key(PurePosixPath(path).name, digest)
        yield Asset(kind="envFile", sha256=digest, key=key, path=path, containers=tuple(using))


def _addons(workspace: Workspace, job: str) -> dict[str, str]:
    """Return the files of the addons folder by name; none if it has no template."""
    folder = workspace.folder(job, "addons")
    if not folder.is_dir():
        return {}
    found = sorted(p for p in folder.iterdir() if is_template(p.name) or p.name in PARAMETER_FILES)
    if not any(is_template(p.name) for p in found):
        return {}
    return {p.name: workspace.read_text(p) for p in found}


def _addon_assets(
    workspace: Workspace, job: str, texts: Mapping[str, str], addons: Addons | None
) -> tuple[Asset, ...]:
    """List the local files that the addons name, each with its digest."""
    problems, listed = ErrorCollector(), []
    for file in local_files(addons.text) if addons else ():
        with problems:
            digest = _addon_digest(workspace, file, f"copilot/{job}/addons", texts)
            key = names.addon_asset_key(job, digest)
            listed.append(
                Asset(kind="addonAsset", sha256=digest, key=key, path=file.path, zipped=file.zipped)
            )
    problems.raise_all()
    return tuple(listed)


def _addon_digest(
    workspace: Workspace, file: LocalFile, folder: str, texts: Mapping[str, str]
) -> str:
    """Return a file's digest; InputError with the place that names the file."""
    try:
        return assets.digest(workspace, file.path, zipped=file.zipped)
    except InputError as error:
        place = place_of(file, {f"{folder}/{name}": text for name, text in texts.items()})
        raise InputError(error.message, hint=error.hint, place=place) from None


def _controller() -> Asset:
    digest = archive.digest()
    return Asset(kind="controller", sha256=digest, key=names.controller_key(digest))


def _overrides(workspace: Workspace, job: str) -> Overrides:
    """Return the overrides; raise InputError if their folder has none that cjob knows."""
    folder = workspace.folder(job, "overrides")
    if not folder.is_dir():
        return Overrides()
    patches = folder / PATCHES
    if patches.is_file():
        text = workspace.read_text(patches)
        check_patches(text, workspace.shown(patches))
        return Overrides(patches=text or "[]\n")
    if (folder / CDK).is_file():
        return Overrides(cdk=workspace.shown(folder))
    raise InputError(
        f"the overrides folder has neither {PATCHES!r} nor {CDK!r}",
        hint="add one of them, or remove the folder",
        place=workspace.shown(folder),
    )
