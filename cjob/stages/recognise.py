"""Recognise: find out without a push which of the built images are deployed already.

Takes a Release with `images` and the live side; asks the registry that it is handed what the
deployed images are made of. An image's id on its engine is the digest of its configuration, which
its manifest in the registry names; engines that keep images as registries do give the manifest's.
What can't be found out is left as it was: a registry that won't tell is no failure.
"""

from collections.abc import Callable
from typing import Protocol

from cjob.errors import ServiceError
from cjob.live import Live
from cjob.parallel import Checkpoint, run_all
from cjob.plain import replace
from cjob.progress import Tell, note
from cjob.release import Image, Release, required
from cjob.stages.diff import deployed_image

AT_ONCE = 8


class Contents(Protocol):
    """Where it is known what pushed images are made of."""

    def config(self, repository: str, digest: str) -> str:
        """Give the digest of an image's configuration, empty for what has none.

        Raise ServiceError where that isn't told.
        """


def recognise(release: Release, live: Live, contents: Contents, tell: Tell) -> Release:
    """Name those images by digest that are deployed already, and mark those that are others."""
    images = release.images or {}
    target = required(release.target, "target")

    def piece(container: str, image: Image) -> Callable[[Checkpoint], Image]:
        deployed = deployed_image(live, release.job.name, container)
        repository = target.repositories.get(release.job.name, "")

        def look(_: Checkpoint) -> Image:
            try:
                return recognised(image, deployed, repository, contents)
            except ServiceError as error:
                tell(note(f"the image of {container} is not compared: {error}"))
                return image

        return look

    found = run_all([piece(*one) for one in images.items()], AT_ONCE)
    return replace(release, images=dict(zip(images, found, strict=True)))


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
