"""`build`: how the image of the main container or of a sidecar is built.

Paths are relative to the workspace, joined and normalized as strings: whether a Dockerfile exists
is checked when it is built.
"""

import posixpath
from collections.abc import Mapping
from typing import NamedTuple

from cjob.document.records import EMPTY
from cjob.manifest.field_types import STRING, STRING_MAP, STRINGS, Field, Fields
from cjob.manifest.forms import OneOf, is_given
from cjob.manifest.tree import Items, Section
from cjob.yamlio.nodes import place

_DEFAULT_DOCKERFILE = "Dockerfile"


class ImageBuild(NamedTuple):
    """How an image is built; both paths are normalized and relative to the workspace."""

    context: str
    dockerfile: str
    target: str = ""
    args: Mapping[str, str] = EMPTY
    cache_from: tuple[str, ...] = ()


BUILD = Field(
    OneOf(
        first=Fields(
            "build",
            {
                "context": Field(STRING, "The build context; the Dockerfile's folder by default."),
                "dockerfile": Field(
                    STRING, "The path of the Dockerfile, relative to the workspace's root."
                ),
                "args": Field(STRING_MAP, "Build arguments by name."),
                "target": Field(STRING, "The build stage to build."),
                "cache_from": Field(STRINGS, "Images to use as cache sources."),
            },
        ),
        second=STRING,
        expected="a Dockerfile's path or a mapping with context, dockerfile, args, target, "
        "cache_from",
        hint="write 'build: Dockerfile', or its fields, one per line, below 'build:'",
    ),
    "The path of a Dockerfile, or the options of the build.",
)
LOCATION = Field(STRING, "An existing image, instead of a build.")


def is_built(image: Section) -> bool:
    """Return whether an image section asks for a build; an empty string does not."""
    build = image.get("build")
    return build is not None and is_given(build) and image.string("build") != ""


def image_build(image: Section) -> ImageBuild | None:
    """Return the paths and arguments of an image's build; None if it is not built.

    A Dockerfile without a context is built in its folder; a context without a Dockerfile is
    expected to contain one. If both are given, the Dockerfile is relative to the workspace, not to
    the context.
    """
    if not is_built(image):
        return None
    fields = image.section("build")
    dockerfile = image.string("build") or fields.string("dockerfile") or ""
    context = fields.string("context") or ""
    cache_from = fields.get("cache_from")
    return ImageBuild(
        dockerfile=_below_workspace(dockerfile or posixpath.join(context, _DEFAULT_DOCKERFILE)),
        context=_below_workspace(context or posixpath.dirname(dockerfile)),
        target=fields.string("target") or "",
        args=fields.strings("args"),
        cache_from=cache_from.strings() if isinstance(cache_from, Items) else (),
    )


def build_place(job: Section, container: str, key: str, file: str) -> str:
    """Return `file:line:column` of a key of a container's build, or of the build without it."""
    image = job.section("image")
    if container != job.string("name"):
        image = job.section("sidecars").section(container).section("image")
    build = image.get("build")
    node = build.node_at(key) if isinstance(build, Section) else image.node_at("build")
    return place(file, node)


def _below_workspace(path: str) -> str:
    return posixpath.normpath(f"./{path}")
