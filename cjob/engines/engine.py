"""The interface of container engines: protocols, and the data that goes in and out.

Stages know nothing else of engines. Two build images: `docker`, the classic builder of Docker's
API, and `buildx`, BuildKit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from cjob.reporting.errors import ServiceError

BuilderName = Literal["docker", "buildx"]

BUILD_SILENCE_LIMIT_S = 3600
"""How long a build may print nothing, since a step may take long."""

Report = Callable[[str], None]
"""Takes a line for the user; what it raises ends the operation."""


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A build secret: a variable, or a file (its absolute path).

    `value` is used only to mask it in the build's output.
    """

    id: str
    variable: str = ""
    file: str = ""
    value: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class BuildOptions:
    """The user's options for all builds; `builder` is the name of a buildx builder.

    `prefers` is the engine for images that both can build.
    """

    engine: BuilderName | None = None
    prefers: BuilderName = "buildx"
    builder: str = ""
    secrets: tuple[Secret, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ImageBuild:
    """How to build the image of a container; both paths are absolute.

    `platform` is `os/architecture`, or empty for the engine's own.
    """

    container: str
    context: Path
    dockerfile: Path
    target: str = ""
    args: Mapping[str, str] = field(default_factory=dict)
    cache_from: tuple[str, ...] = ()
    platform: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Built:
    """An image on the engine that built it; `platform` is the actual one."""

    id: str
    platform: str


@dataclass(frozen=True, kw_only=True)
class Login:
    """A login for a registry; `host` includes the port but no scheme."""

    username: str
    password: str = field(repr=False)
    host: str


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """An image in a registry; `unmoved` are immutable tags that refer to another image."""

    digest: str
    unmoved: tuple[str, ...] = ()


class NoBuildxError(ServiceError):
    """buildx is not installed; the caller adds what needs it."""


class Builder(Protocol):
    """Builds images; may be used by several threads at once."""

    def build(self, image_build: ImageBuild, report: Report) -> Built:
        """Build an image; raise InputError or ServiceError, depending on the cause, if that fails.

        The image may be for another platform than requested: see `Built`.
        """


Builders = Callable[[BuilderName], Builder]
"""Returns a connected engine; raises NoBuildxError, or ServiceError if it can't be used."""


class Engine(Protocol):
    """Pushes images; may be used by several threads at once."""

    def login(self, host: str) -> Login | None:
        """Return the login that the engine's own configuration has for ECR, or None."""

    def push(
        self, image: str, repository: str, tags: Sequence[str], login: Login, report: Report
    ) -> Pushed:
        """Push an image under every tag, in order.

        Raise InputError if the engine has no such image, ServiceError if the push fails. In a
        repository with immutable tags the first tag must be new, or refer to the image already.
        """


ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
"""Other names of architectures, with the ones that engines use."""


def normalize_platform(platform: str) -> str:
    """Return a platform as `os/architecture` with the names that engines use, without a variant."""
    system, _, rest = platform.lower().partition("/")
    architecture = rest.partition("/")[0]
    return f"{system}/{ARCHITECTURES.get(architecture, architecture)}"
