"""Build: each image that the job's containers need, on a container engine, becomes `images`.

Takes a Release with `source` and the workspace's folder; touches the engines that it is handed, and
only if there is something to build. No AWS: an image gets its repository when it is pushed.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from cjob.engines.engine import Builder, Builders, Built, NoBuildxError, Wishes, spelt
from cjob.errors import ServiceError
from cjob.parallel import Checkpoint, run_all
from cjob.plain import NOTHING, replace
from cjob.progress import Tell, part, warning
from cjob.release import Image, Release, Revision, Source, required
from cjob.stages import prebuilt
from cjob.stages.recipes import Plan, place, plans

LATEST = "latest"

# Where the manifest names no platform, tasks run on this one.
DEFAULT_PLATFORM = "linux/amd64"


def build(
    release: Release,
    builders: Builders,
    workspace_root: Path,
    tell: Tell,
    wishes: Wishes = Wishes(),  # noqa: B008 - it is frozen
    *,
    given: Mapping[str, Image] = NOTHING,
) -> Release:
    """Fill `images`; containers that are built alike share one image, those given are not built.

    Raise InputError for what can't be built, and ServiceError for an engine that isn't there,
    before anything is built; ServiceError where a build fails, which ends the others.
    """
    source = required(release.source, "source")
    builds = prebuilt.to_build(release, given)
    there = prebuilt.named(release, given).images or {}
    kept = {name: there[name] for name in source.builds if name not in builds}
    wanted = plans(release, builds, workspace_root, wishes)
    ready = {plan.kind: _ready(builders, plan, release) for plan in wanted}

    def piece(plan: Plan) -> Callable[[Checkpoint], Built]:
        return lambda checkpoint: _build(ready[plan.kind], plan, tell, checkpoint)

    results = run_all([piece(plan) for plan in wanted], limit=len(wanted))
    built = {
        name: one for plan, one in zip(wanted, results, strict=True) for name in plan.containers
    }
    made = {name: Image(id=one.id, platform=one.platform) for name, one in built.items()}
    images = {name: made.get(name) or kept[name] for name in source.builds}
    tagged = {
        name: replace(image, tags=tags(name, release.job.name, source)) if image.id else image
        for name, image in images.items()
    }
    return replace(release, images=tagged)


def tags(container: str, job: str, source: Source) -> tuple[str, ...]:
    """Give the tags of a container's image; all images of a job live in one repository.

    `--tag` is for the main container alone; the others go by the commit.
    """
    commit = revision_tag(source.revision)
    if container == job:
        given = (LATEST, source.tag or commit)
    else:
        given = (f"{container}-{LATEST}", f"{container}-{commit}" if commit else "")
    return tuple(dict.fromkeys(tag for tag in given if tag))


def revision_tag(revision: Revision | None) -> str:
    """Give the tag for the commit, marked where the tree differs from it; empty without git."""
    if revision is None:
        return ""
    return f"{revision.commit}-dirty" if revision.dirty else revision.commit


def _ready(builders: Builders, plan: Plan, release: Release) -> Builder:
    """Give the engine of a plan; the error without one says what needs it, and where."""
    container = plan.containers[0]
    try:
        return builders(plan.kind)
    except NoBuildxError as error:
        if not plan.need:
            raise
        told = f'building the image of container "{container}" needs buildx, for {plan.need}'
        raise NoBuildxError(
            f"{told}: {error.message}",
            place=plan.place or place(release, container),
            hint=error.hint,
        ) from error
    except ServiceError as error:
        error.place = error.place or place(release, container)
        raise


def _build(builder: Builder, plan: Plan, tell: Tell, checkpoint: Checkpoint) -> Built:
    """Build an image; one for another platform than asked for is never given."""
    wanted = plan.recipe
    with part(tell, "build", wanted.container, "building the image") as piece:

        def line(text: str) -> None:
            checkpoint()
            piece.line(text)

        built = builder.build(wanted, line)
        if wanted.platform and built.platform != spelt(wanted.platform):
            raise ServiceError(
                f'the image of container "{wanted.container}" is for {built.platform}, '
                f"and {spelt(wanted.platform)} was asked for",
                hint="the Dockerfile's base image must exist for the manifest's platform",
            )
        checkpoint()
        piece.line(f"built {built.id}", "done")
    if not wanted.platform and built.platform != DEFAULT_PLATFORM:
        text = f"the image of {wanted.container} is for {built.platform}, and the task runs on "
        tell(warning(f"{text}{DEFAULT_PLATFORM}; say `platform` in the manifest"))
    return built
