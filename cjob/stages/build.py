"""Build: build the images of the job's containers, which become `images`.

Touches container engines, and only if there is something to build. Calls no AWS: an image gets its
repository when it is pushed.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cjob.concurrency.pool import Checkpoint, run_all
from cjob.context import RunContext
from cjob.document.models import Image, Release, Revision, Source, required
from cjob.document.records import EMPTY, replace
from cjob.engines.engine import (
    Builder,
    Builders,
    BuildOptions,
    Built,
    NoBuildxError,
    normalize_platform,
)
from cjob.reporting.errors import CjobError, InputError, ServiceError
from cjob.reporting.progress import Reporter, part, warning
from cjob.stages.images import prebuilt
from cjob.stages.images.plans import Plan, place, plans
from cjob.workspace.find import Files

LATEST = "latest"

# The platform of tasks if the manifest names none.
DEFAULT_PLATFORM = "linux/amd64"


def build(release: Release, context: RunContext) -> Release:
    """Add `images`: build those that were not built elsewhere."""
    return build_images(
        release,
        context.builder,
        context.files(release),
        context.reporter(release.job),
        context.build_options,
        given=context.options.images,
        latest=context.options.latest,
    )


def build_images(
    release: Release,
    builders: Builders,
    files: Files,
    report: Reporter,
    options: BuildOptions = BuildOptions(),  # noqa: B008 - it is frozen
    *,
    given: Mapping[str, Image] = EMPTY,
    latest: bool = True,
) -> Release:
    """Return the Release with `images`; containers with the same build share one image.

    Images in `given` are not built. Raises InputError for a build that is not possible and
    ServiceError for a missing engine, before anything is built; either if a build fails, which
    stops the others.
    """
    source = required(release.source, "source")
    builds = prebuilt.to_build(release, given)
    there = prebuilt.named(release, given).images or {}
    kept = {name: there[name] for name in source.builds if name not in builds}
    named = {name: tags(name, release.job.name, source, latest=latest) for name in source.builds}
    for name in builds:
        check_tags(name, named[name])
    wanted = plans(release, builds, files, options)
    ready = [_ready(builders, plan, release, report) for plan in wanted]

    def piece(plan: Plan, builder: Builder) -> Callable[[Checkpoint], Built]:
        return lambda checkpoint: _build(builder, plan, files.root, report, checkpoint)

    results = run_all(list(map(piece, wanted, ready)), limit=len(wanted))
    built = {
        name: one for plan, one in zip(wanted, results, strict=True) for name in plan.containers
    }
    made = {name: Image(id=one.id, platform=one.platform) for name, one in built.items()}
    images = {name: made.get(name) or kept[name] for name in source.builds}
    tagged = {
        name: replace(image, tags=named[name]) if image.id else image
        for name, image in images.items()
    }
    return replace(release, images=tagged)


def tags(container: str, job: str, source: Source, *, latest: bool = True) -> tuple[str, ...]:
    """Return the tags of a container's image; all images of a job are in one repository.

    `--tag` is for the main container only; the others are tagged with the commit. Without `latest`
    no tag moves from image to image.
    """
    commit = commit_tag(container, job, source.revision)
    if container == job:
        given = (LATEST if latest else "", source.tag or commit)
    else:
        moving = f"{container}-{LATEST}" if latest else ""
        given = (moving, commit)
    return tuple(dict.fromkeys(tag for tag in given if tag))


def commit_tag(container: str, job: str, revision: Revision | None) -> str:
    """Return the tag of a container's image for the commit, or an empty string without git."""
    commit = revision_tag(revision)
    return f"{container}-{commit}" if commit and container != job else commit


def without_latest(container: str, job: str, image: Image) -> Image:
    """Return a built image without the tag that moves."""
    moving = LATEST if container == job else f"{container}-{LATEST}"
    return replace(image, tags=tuple(tag for tag in image.tags if tag != moving))


def check_tags(container: str, tags: Sequence[str]) -> None:
    """Raise InputError for an image that cannot be pushed, since it has no tag."""
    if not tags:
        raise InputError(
            f"the image of container {container!r} has no tag",
            hint="build in a git checkout, whose commit is a tag, or leave out --no-latest; "
            "--tag names one for the main container",
        )


def revision_tag(revision: Revision | None) -> str:
    """Return the tag for the commit, with `-dirty` if the tree differs; empty without git."""
    if revision is None:
        return ""
    return f"{revision.commit}-dirty" if revision.dirty else revision.commit


def _ready(builders: Builders, plan: Plan, release: Release, report: Reporter) -> Builder:
    """Return a plan's builder; if there is none, the error names what needs it, and where."""
    container = plan.containers[0]
    kind = plan.kind
    try:
        if plan.is_flexible:
            try:
                return builders("buildx")
            except NoBuildxError:
                kind = "docker"
        builder = builders(kind)
    except NoBuildxError as error:
        if not plan.need:
            raise
        subject = f"building the image of container {container!r} needs buildx, for {plan.need}"
        raise NoBuildxError(
            f"{subject}: {error.message}",
            place=plan.place or place(release, container),
            hint=error.hint,
        ) from error
    except ServiceError as error:
        error.place = error.place or place(release, container)
        raise
    if kind == "docker":
        _warn_of_classic(plan, report)
    return builder


def _warn_of_classic(plan: Plan, report: Reporter) -> None:
    """Warn if the classic builder does not do what `docker build` does today."""
    subject = f"image of {plan.containers[0]}: the classic builder"
    if plan.recipe.cache_from:
        images = ", ".join(plan.recipe.cache_from)
        report(warning(f"{subject} does not pull cache_from ({images}); install docker buildx"))
    if plan.unneeded:
        stages = ", ".join(plan.unneeded)
        report(warning(f"{subject} also runs unneeded stages ({stages}); install docker buildx"))


def _build(
    builder: Builder, plan: Plan, root: Path, report: Reporter, checkpoint: Checkpoint
) -> Built:
    """Build an image; raise ServiceError if its platform is not the one that was asked for."""
    wanted = plan.recipe
    with part(report, "build", wanted.container, "building the image") as piece:

        def line(text: str) -> None:
            checkpoint()
            piece.line(text)

        try:
            built = builder.build(wanted, line)
        except CjobError as error:
            error.place = error.place.removeprefix(f"{root}/")
            raise
        if wanted.platform and built.platform != normalize_platform(wanted.platform):
            raise ServiceError(
                f"the image of container {wanted.container!r} is for {built.platform}, "
                f"and {normalize_platform(wanted.platform)} was asked for",
                hint="the Dockerfile's base image must exist for the manifest's platform",
            )
        checkpoint()
        piece.line(f"built {built.id}", "done")
    if not wanted.platform and built.platform != DEFAULT_PLATFORM:
        text = f"the image of {wanted.container} is for {built.platform}, and the task runs on "
        report(warning(f"{text}{DEFAULT_PLATFORM}; set `platform` in the manifest"))
    return built
