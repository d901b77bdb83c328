"""Match images: find which images of a job are deployed already, without a push.

Reads the registry. An image that was built is compared by its id: the digest of its configuration,
which its manifest in the registry names, or of the manifest itself for engines with such a store.
One that was not built matches if the tag of the clean checkout's commit names the deployed digest.
If the registry refuses to answer, the image is not compared; that is not an error.
"""

from collections.abc import Callable
from typing import Protocol

from cjob.concurrency.pool import Checkpoint, run_all
from cjob.context import RunContext
from cjob.diff.stacks import deployed_image
from cjob.document.models import Image, Release, Revision, required
from cjob.document.records import replace
from cjob.document.snapshot import StackSnapshot
from cjob.reporting.errors import ServiceError
from cjob.reporting.progress import Reporter, info
from cjob.stages.build import commit_tag
from cjob.stages.read_stack import snapshot

AT_ONCE = 8


class Contents(Protocol):
    """The registry, as far as it knows what pushed images consist of."""

    def config(self, repository: str, digest: str) -> str:
        """Return the digest of an image's configuration, empty if it has none.

        Raise ServiceError if the registry refuses to answer.
        """

    def tagged(self, repository: str, tag: str) -> str:
        """Return the digest that a tag names, empty if there is no such tag.

        Raise ServiceError if the registry refuses to answer.
        """


def match_deployed_images(release: Release, context: RunContext) -> Release:
    """Return the Release with the digests of images that are deployed already."""
    if not release.images and not (release.source and release.source.builds):
        return release
    deployed = snapshot(release, context)
    registry = context.registry(required(release.target, "target"))
    matched = match_images(release, deployed, registry, context.reporter(release.job))
    return replace(matched, snapshot=deployed)


def match_images(
    release: Release, live: StackSnapshot, contents: Contents, report: Reporter
) -> Release:
    """Return the Release with digests for deployed images, and with those marked that differ."""
    repository = required(release.target, "target").repositories.get(release.job.name, "")
    builds = release.source.builds if release.source else {}
    images = {**dict.fromkeys(builds, Image()), **(release.images or {})}

    def piece(container: str, image: Image) -> Callable[[Checkpoint], Image]:
        deployed = deployed_image(live, release.job.name, container)

        def look(_: Checkpoint) -> Image:
            if image.uri:  # pushed, or from elsewhere: it is compared by its name
                return image
            try:
                if image.id:
                    return recognised(image, deployed, repository, contents)
                return unbuilt(container, release, deployed, contents) if live.exists else image
            except ServiceError as error:
                report(info(f"the image of {container} is not compared: {error}"))
                return image

        return look

    found = run_all([piece(*one) for one in images.items()], AT_ONCE) if images else []
    known = {name: one for name, one in zip(images, found, strict=True) if one != Image()}
    return replace(release, images=known) if known else release


def recognised(image: Image, deployed: str, repository: str, contents: Contents) -> Image:
    """Compare a built image with the deployed one of its container, if there is one."""
    digest = deployed.removeprefix(f"{repository}@")
    if digest == deployed:  # of no repository of the job's, or not by digest: a push changes it
        return replace(image, differs=True)
    if image.id != digest:
        config = contents.config(repository, digest)
        if not config:
            return image
        if config != image.id:
            return replace(image, differs=True)
    return replace(image, repository=repository, digest=digest, uri=deployed)


def unbuilt(container: str, release: Release, deployed: str, contents: Contents) -> Image:
    """Return the deployed image if it is that of the checked-out commit, else an empty one.

    An image that is deployed by a tag, or from elsewhere, differs: a push names another.
    """
    repository = required(release.target, "target").repositories.get(release.job.name, "")
    digest = deployed.removeprefix(f"{repository}@")
    if digest == deployed:
        return Image(differs=True)
    revision: Revision | None = required(release.source, "source").revision
    if revision is None or revision.dirty:
        return Image()
    if contents.tagged(repository, commit_tag(container, release.job.name, revision)) != digest:
        return Image()
    return Image(repository=repository, digest=digest, uri=deployed)
