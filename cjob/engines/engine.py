"""What a container engine does for cjob, and the data that goes in and out.

Stages know engines by this alone. There are two that build: `docker`, the classic builder behind
Docker's API, and `buildx`, BuildKit behind its command. Nothing here acts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from cjob.reporting.errors import ServiceError

BuilderName = Literal["docker", "buildx"]

BUILD_SILENCE_LIMIT_S = 3600
"""How long a build may say nothing; a step of it may well be silent for long."""

Report = Callable[[str], None]
"""Takes a line for the person; what it raises ends the work that it was told of."""


@dataclass(frozen=True, kw_only=True)
class Secret:
    """What a build may read, and nobody else: a variable's value, or a file's (its absolute path).

    `value` is only for covering it in what the build says.
    """

    id: str
    variable: str = ""
    file: str = ""
    value: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class BuildOptions:
    """What the person asks of all builds; `builder` is one of buildx's, by name.

    `prefers` is the engine for an image that either of them can build.
    """

    engine: BuilderName | None = None
    prefers: BuilderName = "buildx"
    builder: str = ""
    secrets: tuple[Secret, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ImageBuild:
    """How one image is built, for which container; both paths are absolute.

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
    """An image on the engine that built it; `platform` is what it really is for."""

    id: str
    platform: str


@dataclass(frozen=True, kw_only=True)
class Login:
    """How to get into a registry; `host` has its port and no scheme."""

    username: str
    password: str = field(repr=False)
    host: str


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """An image in a registry; `unmoved` are tags that an immutable repository keeps elsewhere."""

    digest: str
    unmoved: tuple[str, ...] = ()


class NoBuildxError(ServiceError):
    """buildx isn't installed here; whoever wanted it can say what for."""


class Builder(Protocol):
    """Builds images; may be used by several threads at once."""

    def build(self, image_build: ImageBuild, report: Report) -> Built:
        """Build an image; raise InputError or ServiceError if that fails, by whose fault it is.

        The image may be for another platform than the recipe's: `Built` says so.
        """


Builders = Callable[[BuilderName], Builder]
"""Gives an engine that is ready; raises NoBuildxError, or ServiceError where it can't be used."""


class Engine(Protocol):
    """Sends images; may be used by several threads at once."""

    def login(self, host: str) -> Login | None:
        """Give what the engine's own configuration has for getting into ECR, where it has that."""

    def push(
        self, image: str, repository: str, tags: Sequence[str], login: Login, report: Report
    ) -> Pushed:
        """Send the image with this id under every tag, in order.

        Raise InputError if the engine has no such image, ServiceError if sending fails. In a
        repository with immutable tags the first tag has to be new, or the image's already.
        """


ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
"""Names of architectures that engines spell otherwise."""


def normalize_platform(platform: str) -> str:
    """Return `os/architecture` as engines spell it, without a variant."""
    system, _, rest = platform.lower().partition("/")
    architecture = rest.partition("/")[0]
    return f"{system}/{ARCHITECTURES.get(architecture, architecture)}"
