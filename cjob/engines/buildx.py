"""Builds images with BuildKit, through the command `docker buildx`.

The command finds its daemon and builder by the same variables and contexts as for people. Images
are loaded into the daemon that pushes them. Secrets are passed as variables and files only.
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
    "install the package docker-buildx-plugin (Docker) or docker-buildx (Debian, Ubuntu); "
    "check it with: docker buildx version"
)

MASK = "***"
MIN_MASKED_LENGTH = 4
"""Shorter lines of a secret are likely to occur elsewhere."""

# Images are referenced by the digest of one manifest; attestations would add an index. For them
# buildx would also run git in the context, whose files may look like a repository with commands in
# its configuration.
SETTINGS = {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1", "BUILDX_GIT_INFO": "0", "BUILDX_GIT_LABELS": "0"}

# The daemon knows one of these as the image's id: the second one if it identifies images by their
# manifests, or if buildx reports no first.
ID_KEYS = ("containerimage.config.digest", "containerimage.digest")


class Store(Protocol):
    """The daemon that images are loaded into."""

    @property
    def has_buildkit(self) -> bool:
        """Whether the daemon has BuildKit itself."""

    def find(self, images: Iterable[str]) -> Built | None:
        """Return the first of these images that exists there, or None."""


class Buildx:
    """Builds with `docker buildx build`; each build is a process of its own."""

    def __init__(
        self,
        store: Store,
        options: BuildOptions,
        environment: Mapping[str, str],
        *,
        silence_limit_s: float = BUILD_SILENCE_LIMIT_S,
    ) -> None:
        """Take the daemon, the user's options, and the variables for buildx.

        A build that prints nothing for `silence_limit_s` is ended.
        """
        self._store = store
        self._silence_limit_s = silence_limit_s
        self._build_options = options
        self._environment = {**environment, **SETTINGS}

    def build(self, image_build: ImageBuild, report: Report) -> Built:
        """Build an image and load it into the daemon."""
        subject = f"building the image of container {image_build.container!r}"
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
                    f"{subject} failed: no output for {self._silence_limit_s:g} seconds",
                    hint="check what it waits for: a credential helper in docker's config.json, "
                    "the registry, or a command in the Dockerfile",
                ) from None
            if status:
                raise _failure(image_build, tuple(tail))
            written = json.loads(metadata.read_bytes())
        built = self._store.find(written[key] for key in ID_KEYS if key in written)
        if built is None:
            raise ServiceError(
                f"{subject} failed: the docker daemon does not have the image",
                hint="use the same DOCKER_HOST or docker context for buildx and cjob",
            )
        return built


def _failure(image_build: ImageBuild, tail: Sequence[str]) -> CjobError:
    """Return the error for a failed build, from BuildKit's last lines."""
    starts = [number for number, line in enumerate(tail) if line.startswith("ERROR: ")]
    said = " ".join(tail[starts[-1] if starts else -1 :])
    return build_failures.failure(image_build, said, tail, began="failed to solve" in said)


def check(options: BuildOptions, environment: Mapping[str, str]) -> None:
    """Raise NoBuildxError if buildx is not installed, InputError if it has no such builder."""
    if not shutil.which("docker", path=environment.get("PATH")):
        raise NoBuildxError("the docker command is not installed", hint=INSTALL_HINT)
    if not _answers(["version"], environment):
        raise NoBuildxError("docker buildx is not installed", hint=INSTALL_HINT)
    if options.builder and not _answers(["inspect", options.builder], environment):
        raise InputError(
            f'docker buildx has no builder "{options.builder}"',
            hint="list builders with: docker buildx ls",
        )


def version(environment: Mapping[str, str]) -> str:
    """Return the version of docker buildx; raise NoBuildxError if it is not installed."""
    check(BuildOptions(), environment)
    lines: list[str] = []
    processes.run(["docker", "buildx", "version"], Path("/"), environment, lines.append)
    words = without_sequences(" ".join(lines)).split()
    return words[1] if len(words) > 1 else " ".join(words)


def check_store(store: Store, options: BuildOptions) -> None:
    """Raise NoBuildxError for podman without a builder: buildx would build in the daemon."""
    if not (store.has_buildkit or options.builder):
        raise NoBuildxError(
            "podman has no BuildKit for docker buildx",
            hint="name a builder with --builder, or set DOCKER_HOST to a Docker daemon",
        )


def _answers(words: list[str], environment: Mapping[str, str]) -> bool:
    command = ["docker", "buildx", *words]
    return processes.run(command, Path("/"), environment, lambda _: None)[0] == 0


def arguments(image_build: ImageBuild, options: BuildOptions, metadata: Path) -> list[str]:
    """Return the command; of a secret it contains only the id, and the variable or file."""
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
    """Return a secret as buildx parses it: a line of CSV, as file names may contain commas."""
    place = f"src={secret.file}" if secret.file else f"env={secret.variable}"
    row = io.StringIO()
    csv.writer(row, lineterminator="").writerow([f"id={secret.id}", place])
    return row.getvalue()


def mask(line: str, secrets: Iterable[Secret]) -> str:
    """Return a line with the values of secrets masked, also single lines of them."""
    pieces = {piece.strip() for secret in secrets for piece in secret.value.splitlines()}
    for piece in sorted(pieces, key=len, reverse=True):
        if len(piece) >= MIN_MASKED_LENGTH:
            line = line.replace(piece, MASK)
    return line
