"""Images that were built elsewhere: by a build service, another tool, or promoted from elsewhere.

Takes a Release and the images that the person named; gives the Release with these in `images`, and
tells which containers are left to be built. Pure.
"""

import json
import re
from collections.abc import Mapping

from cjob.document.models import Build, Image, Release, required
from cjob.document.records import replace
from cjob.reporting.errors import InputError

BY_DIGEST = re.compile(r"(?P<repository>[^\s@]+)@(?P<digest>sha256:[0-9a-f]{64})")

MAIN = ""
"""Stands for the main container, whose name is the job's, where the person named none."""


def by_digest(uri: str, place: str) -> Image:
    """Read `repository@sha256:…`; InputError for what could mean another image later."""
    found = BY_DIGEST.fullmatch(uri)
    if found is None:
        raise InputError(
            f"the image {uri!r} is not named by digest",
            hint="write repository@sha256:…; `docker buildx imagetools inspect` tells the digest",
            place=place,
        )
    return Image(repository=found["repository"], digest=found["digest"], uri=uri)


def from_metadata(text: str, place: str) -> Image:
    """Read what `docker buildx build --metadata-file` wrote.

    Of an image that was pushed it has the digest in the registry beside that of the configuration;
    else the only digest is the image's id on its engine.
    """
    try:
        told = json.loads(text)
        digest = str(told["containerimage.digest"])
        config = str(told.get("containerimage.config.digest", ""))
        name = str(told.get("image.name", "")).partition(",")[0]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(
            "this is no metadata of an image",
            hint="name the file that docker buildx build --metadata-file wrote",
            place=place,
        ) from None
    if config in ("", digest):
        return Image(id=digest)
    repository = _without_tag(name)
    if "/" not in repository:
        raise InputError(
            f"the metadata names no registry for the image ({name!r})",
            hint="build with -t REPOSITORY:TAG and --push, or take --image REPOSITORY@DIGEST",
            place=place,
        )
    return by_digest(f"{repository}@{digest}", place)


def named(release: Release, given: Mapping[str, Image]) -> Release:
    """Put the given images into `images`; InputError for a container that has no image to build."""
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
    """Return an image that can be pushed, or stands in a registry; InputError for any other."""
    if image.id:
        return image
    if not image.uri:
        raise unbuilt(container, f"images.{container}")
    return by_digest(image.uri, f"images.{container}")


def unbuilt(container: str, place: str) -> InputError:
    """Say of a container that it has no image yet."""
    return InputError(
        f"the image of container {container!r} was not built",
        hint="put cjob-build before this command, or name it with --image",
        place=place,
    )


def _without_tag(name: str) -> str:
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name
