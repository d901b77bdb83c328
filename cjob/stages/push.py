"""Push: push images to the registry, and the stack's files to the artifact bucket.

Touches the engine, the registry and the bucket, and reads the workspace. Objects have keys made
from their content, so only missing ones are sent. A job that builds no image touches no engine and
no registry.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import IO, Protocol

from cjob.checks.assets import check_key
from cjob.concurrency.pool import Checkpoint, run_all
from cjob.context import RunContext
from cjob.document.models import Artifacts, Asset, Image, Release, Source, Target, required
from cjob.document.records import dataclass, replace
from cjob.engines.engine import Engine, Login
from cjob.env_controller import archive
from cjob.reporting.errors import InputError
from cjob.reporting.progress import Reporter, info, part, warning
from cjob.stages.build import LATEST, check_tags, without_latest
from cjob.stages.images import prebuilt
from cjob.stages.images.repository import create_repository
from cjob.stages.render import check_rendered, render
from cjob.template.render import addons_template
from cjob.workspace import assets
from cjob.workspace.find import Files

AT_ONCE = 8

ZIP = "application/zip"
YAML = "application/yaml"
BYTES = "application/octet-stream"


class Registry(Protocol):
    """The registry of an environment's images."""

    def login(self, repository: str) -> Login:
        """Return an engine's login; raise ServiceError if AWS denies it."""


class ObjectStore(Protocol):
    """The artifact bucket."""

    def exists(self, key: str) -> bool:
        """Return whether there is an object under the key."""

    def put(self, key: str, body: bytes | IO[bytes], content_type: str) -> None:
        """Upload an object."""


@dataclass(frozen=True, kw_only=True)
class Upload:
    """An object to upload."""

    key: str
    body: bytes | IO[bytes]
    content_type: str


def push(release: Release, context: RunContext) -> Release:
    """Push images and send files; name the images by digest, and add `artifacts`.

    The repository is created if it is missing and `--create-repository` is given.
    """
    options, report = context.options, context.reporter(release.job)
    release = prebuilt.named(release, options.images)
    check_rendered(render(release, context))
    is_built = any(image.id for image in (release.images or {}).values())
    if options.create_repository and is_built:
        release = create_repository(
            release,
            context.application,
            context.directory,
            report,
            context.creating_repositories,
        )
    target = required(release.target, "target")
    return upload(
        release,
        engine=context.engine,
        registry=context.registry(target),
        store=context.bucket(target),
        files=context.files(release),
        report=report,
        latest=options.latest,
    )


def upload(  # noqa: PLR0917 - each is another place that is written to or read from
    release: Release,
    engine: Callable[[], Engine],
    registry: Registry,
    store: ObjectStore,
    files: Files,
    report: Reporter,
    *,
    latest: bool = True,
) -> Release:
    """Return the Release with digests in `images`, and `artifacts`; without `latest` no tag moves.

    Raises InputError for a file that changed since load, an image of another engine, or a job
    without a repository, and ServiceError if engine, registry or bucket refuse.
    """
    source, target = required(release.source, "source"), required(release.target, "target")
    images = required(release.images, "images") if source.builds else (release.images or {})
    images = {name: prebuilt.checked(name, image) for name, image in images.items()}
    for name in source.builds:
        if name not in images:
            raise prebuilt.unbuilt(name, "images")
    own = {name: image for name, image in images.items() if image.id}
    if not latest:
        own = {name: without_latest(name, release.job.name, own[name]) for name in own}
    for name, image in own.items():
        check_tags(name, image.tags)
    repository = repository_of(release, target) if own else ""

    def send_images(_: Checkpoint) -> None:
        images.update(_push_images(own, repository, engine, registry, report))

    with ExitStack() as opened:
        wanted = uploads(release, source, target, files, opened)
        sending = [_sending(store, upload, report) for upload in wanted]
        run_all([send_images, *sending] if own else sending, AT_ONCE)
    keys = tuple(sorted(upload.key for upload in wanted))
    artifacts = Artifacts(bucket=target.artifact_bucket, keys=keys)
    return replace(release, images=images, artifacts=artifacts)


def uploads(
    release: Release, source: Source, target: Target, files: Files, opened: ExitStack
) -> list[Upload]:
    """Return what the stack needs in the bucket, each object once; InputError if a file changed.

    Closing `opened` closes the files.
    """
    for asset in source.assets:
        check_key(asset, release.job)
    found = [_upload(asset, files, opened) for asset in source.assets]
    nested = addons_template(release.job, source, target)
    if nested:
        text, key = nested
        found.append(Upload(key=key, body=text.encode(), content_type=YAML))
    return list({upload.key: upload for upload in found}.values())


def _upload(asset: Asset, files: Files, opened: ExitStack) -> Upload:
    """Read an asset again; raise InputError if it is no longer what load found."""
    if asset.kind == "controller":
        digest, subject, zipped = archive.digest(), "the env controller's code", True
        body: bytes | IO[bytes] = archive.archive()
    else:
        digest, body = assets.read(files, asset.path, zipped=asset.zipped)
        opened.enter_context(body)
        subject = f"the file {asset.path!r}"
        zipped = asset.zipped or files.inside(asset.path).is_dir()
    if digest != asset.sha256:
        raise InputError(
            f"{subject} is not what it was when the document was made",
            hint="start again with cjob-build -n NAME -e ENV, in this workspace",
        )
    return Upload(key=asset.key, body=body, content_type=ZIP if zipped else BYTES)


def _sending(store: ObjectStore, upload: Upload, report: Reporter) -> Callable[[Checkpoint], None]:
    def send(checkpoint: Checkpoint) -> None:
        checkpoint()
        if not store.exists(upload.key):
            checkpoint()
            store.put(upload.key, upload.body, upload.content_type)
            report(info(f"sent {upload.key}"))

    return send


def repository_of(release: Release, target: Target) -> str:
    """Return the job's repository; raise InputError if it has none."""
    name = release.job.name
    if not target.repositories.get(name):
        raise InputError(
            f"application {release.job.app!r} has no image repository for job {name!r}",
            hint="create it with --create-repository (of cjob push and cjob deploy), or with "
            f"copilot job init --name {name}",
        )
    return target.repositories[name]


def _push_images(
    images: Mapping[str, Image],
    repository: str,
    engine: Callable[[], Engine],
    registry: Registry,
    report: Reporter,
) -> dict[str, Image]:
    """Push each image with its tags to the job's repository; return the images with digests.

    Containers that share an image push it once. It goes to the host of the login, and is named by
    the repository's own address.
    """
    ready = engine()
    login = ready.login(repository.partition("/")[0]) or registry.login(repository)
    place = at_host(repository, login.host)

    def piece(containers: list[str]) -> Callable[[Checkpoint], str]:
        def send(checkpoint: Checkpoint) -> str:
            tags = [tag for name in containers for tag in images[name].tags]
            # `latest` comes last: it never names an image whose other tags are missing.
            tags.sort(key=lambda tag: tag.endswith(LATEST))
            with part(report, "push", containers[0], "pushing the image") as piece:

                def line(text: str) -> None:
                    checkpoint()
                    piece.line(text)

                pushed = ready.push(images[containers[0]].id, place, tags, login, line)
                piece.line(f"pushed {pushed.digest}", "done")
            if pushed.unmoved:
                names = ", ".join(pushed.unmoved)
                report(warning(f"tag {names} not moved: the repository's tags are immutable"))
            return pushed.digest

        return send

    sharing: dict[str, list[str]] = {}
    for name, image in images.items():
        sharing.setdefault(image.id, []).append(name)
    sent = run_all([piece(containers) for containers in sharing.values()], AT_ONCE)
    digests = dict(zip(sharing, sent, strict=True))
    return {name: _named(image, repository, digests[image.id]) for name, image in images.items()}


def _named(image: Image, repository: str, digest: str) -> Image:
    """Return an image with its digest; one that matches the deployed image keeps its name."""
    if image.uri.startswith(f"{repository}@"):
        return image
    uri = f"{repository}@{digest}"
    return replace(image, repository=repository, digest=digest, uri=uri, differs=False)


def at_host(repository: str, host: str) -> str:
    """Return the repository's address at the host that the login is for."""
    return f"{host}/{repository.partition('/')[2]}"
