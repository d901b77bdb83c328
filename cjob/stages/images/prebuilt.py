"""Images that were built elsewhere: by a build service or another tool, or promoted.

Adds the images of `--image` and `--from-metadata` to a Release, and returns which containers are
still to be built. Pure.
"""

import json
import re
from collections.abc import Mapping

from cjob.document.models import Build, Image, Release, required
from cjob.document.records import replace
from cjob.reporting.errors import InputError

BY_DIGEST = re.compile(r"(?P<repository>[^\s@]+)@(?P<digest>sha256:[0-9a-f]{64})")

MAIN = ""
"""Means the main container, if the option names none."""


def by_digest(uri: str, place: str) -> Image:
    """Return the image of `repository@sha256:…`; raise InputError for a reference by tag."""
    found = BY_DIGEST.fullmatch(uri)
    if found is None:
        raise InputError(
            f"the image {uri!r} is not named by digest",
            hint="write repository@sha256:…; `docker buildx imagetools inspect` prints the digest",
            place=place,
        )
    return Image(repository=found["repository"], digest=found["digest"], uri=uri)


def from_metadata(text: str, place: str) -> Image:
    """Return the image in a file of `docker buildx build --metadata-file`.

    For a pushed image it has the digest in the registry and that of the configuration; otherwise
    the only digest is the image's id on its engine.
    """
    try:
        metadata = json.loads(text)
        digest = str(metadata["containerimage.digest"])
        config = str(metadata.get("containerimage.config.digest", ""))
        name = str(metadata.get("image.name", "")).partition(",")[0]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(
            "the file is not the metadata of an image",
            hint="pass the file that docker buildx build --metadata-file wrote",
            place=place,
        ) from None
    if config in ("", digest):
        return Image(id=digest)
    repository = _without_tag(name)
    if "/" not in repository:
        raise InputError(
            f"the metadata names no registry for the image ({name!r})",
            hint="build with -t REPOSITORY:TAG and --push, or pass --image REPOSITORY@DIGEST",
            place=place,
        )
    return by_digest(f"{repository}@{digest}", place)


def named(release: Release, given: Mapping[str, Image]) -> Release:
    """Return the Release with the given images; InputError for a container without a build."""
    if not given:
        return release
    builds = required(release.source, "source").builds
    images = dict(release.images or {})
    for container, image in given.items():
        name = container or release.job.name
        if name not in builds:
            known = ", ".join(builds) or "none"
            raise InputError(
                f"job {release.job.name!r} has no container {name!r} whose image is built",
                hint=f"containers with 'build' in the manifest: {known}",
            )
        images[name] = image
    return replace(release, images=images)


def to_build(release: Release, given: Mapping[str, Image]) -> dict[str, Build]:
    """Return the builds of containers that have no image from elsewhere."""
    images = named(release, given).images or {}
    there = {container or release.job.name for container in given}
    there.update(name for name, image in images.items() if image.uri and not image.id)
    builds = required(release.source, "source").builds
    return {name: build for name, build in builds.items() if name not in there}


def checked(container: str, image: Image) -> Image:
    """Return an image that was built or is in a registry; raise InputError for any other."""
    if image.id:
        return image
    if not image.uri:
        raise unbuilt(container, f"images.{container}")
    return by_digest(image.uri, f"images.{container}")


def unbuilt(container: str, place: str) -> InputError:
    """Return the error for a container that has no image yet."""
    return InputError(
        f"the image of container {container!r} was not built",
        hint="put cjob-build before this command, or pass its image with --image",
        place=place,
    )


def _without_tag(name: str) -> str:
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name
