"""BuildKit as an engine, by way of the command `docker buildx`: what the classic builder can't do.

Takes recipes, and what the person wishes. Starts that command, which reads a build's context and
finds its daemon and builder by the same variables and contexts as for people. What is built is
loaded into the daemon that images are pushed from. Secrets reach it by variables and files alone.
"""

import csv
import io
import json
import shutil
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from cjob.concurrency import processes
from cjob.engines import build_failures
from cjob.engines.engine import (
    BUILD_SILENCE_LIMIT_S,
    BuildOptions,
    Built,
    ImageBuild,
    NoBuildxError,
    Report,
    Secret,
)
from cjob.engines.messages import TAIL
from cjob.reporting.errors import CjobError, InputError, ServiceError
from cjob.reporting.printable import without_sequences

INSTALL_HINT = (
    "install it: the package docker-buildx-plugin of Docker, docker-buildx of Debian and Ubuntu; "
    "`docker buildx version` must work"
)

MASK = "***"
MIN_MASKED_LENGTH = 4
"""Shorter pieces of a secret would cover what isn't one."""

# Images are named by the digest of one manifest; an attestation would put an index before it.
# For the attestation buildx would also run git in the context, whose files may look to git like a
# repository with commands in its configuration.
SETTINGS = {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1", "BUILDX_GIT_INFO": "0", "BUILDX_GIT_LABELS": "0"}

# Of these the daemon knows one as the image's id. The second is the id where no first is told,
# but for a daemon that names images by their manifests.
ID_KEYS = ("containerimage.config.digest", "containerimage.digest")


class Store(Protocol):
    """The daemon that images are loaded into."""

    @property
    def has_buildkit(self) -> bool:
        """Whether it builds with BuildKit itself."""

    def find(self, images: Iterable[str]) -> Built | None:
        """Return the first of these ids that is one of an image there."""


class Buildx:
    """BuildKit behind `docker buildx build`; each build is a process of its own."""

    def __init__(
        self,
        store: Store,
        options: BuildOptions,
        environment: Mapping[str, str],
        *,
        silence_limit_s: float = BUILD_SILENCE_LIMIT_S,
    ) -> None:
        """Take where images are loaded to, what is wished, and the variables that buildx sees.

        A build may say nothing for `silence_limit_s`.
        """
        self._store = store
        self._silence_limit_s = silence_limit_s
        self._build_options = options
        self._environment = {**environment, **SETTINGS}

    def build(self, image_build: ImageBuild, report: Report) -> Built:
        """Build an image, and load it into the daemon."""
        subject = f'building the image of container "{image_build.container}"'
        tail: deque[str] = deque(maxlen=TAIL)

        def line(text: str) -> None:
            tail.append(without_sequences(mask(text, self._build_options.secrets)))
            report(tail[-1])

        with tempfile.TemporaryDirectory(prefix="cjob-") as folder:
            metadata = Path(folder) / "metadata.json"
            command = arguments(image_build, self._build_options, metadata)
            try:
                status, _ = processes.run(
                    command,
                    image_build.context,
                    self._environment,
                    line,
                    silence_limit_s=self._silence_limit_s,
                )
            except processes.OutputTimeoutError:
                raise ServiceError(
                    f"{subject} failed: nothing was heard for {self._silence_limit_s:g} seconds",
                    hint="find what it waits for: a credential helper of docker's config.json, the "
                    "registry, or a command in the Dockerfile",
                ) from None
            if status:
                raise _failure(image_build, tuple(tail))
            translating_errors = json.loads(metadata.read_bytes())
        built = self._store.find(
            translating_errors[key] for key in ID_KEYS if key in translating_errors
        )
        if built is None:
            raise ServiceError(
                f"{subject} gave an image that the docker daemon does not have",
                hint="buildx loads it into the daemon of DOCKER_HOST or of the docker context; "
                "they must be the same for both",
            )
        return built


def _failure(image_build: ImageBuild, tail: Sequence[str]) -> CjobError:
    """Return the error of a build that failed; BuildKit writes its own error last."""
    starts = [number for number, line in enumerate(tail) if line.startswith("ERROR: ")]
    said = " ".join(tail[starts[-1] if starts else -1 :])
    return build_failures.failure(image_build, said, tail, began="failed to solve" in said)


def check(options: BuildOptions, environment: Mapping[str, str]) -> None:
    """Raise NoBuildxError where it isn't installed, and InputError for a builder it hasn't."""
    if not shutil.which("docker", path=environment.get("PATH")):
        raise NoBuildxError("there is no docker command here", hint=INSTALL_HINT)
    if not _answers(["version"], environment):
        raise NoBuildxError("docker buildx is not installed here", hint=INSTALL_HINT)
    if options.builder and not _answers(["inspect", options.builder], environment):
        raise InputError(
            f'docker buildx has no builder "{options.builder}"',
            hint="`docker buildx ls` lists them, `docker buildx create` makes one",
        )


def version(environment: Mapping[str, str]) -> str:
    """Return the version of docker buildx; NoBuildxError if it is not installed."""
    check(BuildOptions(), environment)
    lines: list[str] = []
    processes.run(["docker", "buildx", "version"], Path("/"), environment, lines.append)
    words = without_sequences(" ".join(lines)).split()
    return words[1] if len(words) > 1 else " ".join(words)


def check_store(store: Store, options: BuildOptions) -> None:
    """Raise NoBuildxError for podman: without a builder's name, buildx builds in the daemon."""
    if not (store.has_buildkit or options.builder):
        raise NoBuildxError(
            "podman has no BuildKit for docker buildx",
            hint="name a builder with --builder, or set DOCKER_HOST to a Docker daemon",
        )


def _answers(words: list[str], environment: Mapping[str, str]) -> bool:
    command = ["docker", "buildx", *words]
    return processes.run(command, Path("/"), environment, lambda _: None)[0] == 0


def arguments(image_build: ImageBuild, options: BuildOptions, metadata: Path) -> list[str]:
    """Return the whole command; of a secret only its id and its place are in it."""
    return [
        *("docker", "buildx", "build", "--progress", "plain", "--load"),
        *("--metadata-file", str(metadata)),
        *_option("--builder", options.builder),
        *_option("--target", image_build.target),
        *_option("--platform", image_build.platform),
        *_options("--cache-from", image_build.cache_from),
        *_options("--build-arg", _pairs(image_build.args)),
        *_options("--label", _pairs(image_build.labels)),
        *_options("--secret", map(_secret, options.secrets)),
        *("--file", str(image_build.dockerfile), str(image_build.context)),
    ]


def _option(name: str, value: str) -> list[str]:
    return [name, value] if value else []


def _options(name: str, values: Iterable[str]) -> Iterator[str]:
    for value in values:
        yield from (name, value)


def _pairs(values: Mapping[str, str]) -> Iterator[str]:
    return (f"{key}={value}" for key, value in sorted(values.items()))


def _secret(secret: Secret) -> str:
    """Write it as buildx reads it: fields of CSV, for the sake of commas in a file's name."""
    place = f"src={secret.file}" if secret.file else f"env={secret.variable}"
    row = io.StringIO()
    csv.writer(row, lineterminator="").writerow([f"id={secret.id}", place])
    return row.getvalue()


def mask(line: str, secrets: Iterable[Secret]) -> str:
    """Return a line without what is secret in it: a value, or a line of one that has several."""
    pieces = {piece.strip() for secret in secrets for piece in secret.value.splitlines()}
    for piece in sorted(pieces, key=len, reverse=True):
        if len(piece) >= MIN_MASKED_LENGTH:
            line = line.replace(piece, MASK)
    return line
