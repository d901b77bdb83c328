"""A Docker daemon, or podman, as the engine, through Docker's API.

The daemon's address is that of DOCKER_HOST or of the current docker context. Reads the files of
build contexts. Errors become ServiceErrors.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

import docker
from docker import auth
from docker.context import ContextAPI
from docker.credentials.constants import PROGRAM_PREFIX
from docker.credentials.errors import StoreError
from docker.errors import APIError, ImageNotFound
from docker.utils import kwargs_from_env

from cjob.engines import build_failures, credential_helpers, docker_push
from cjob.engines.context import packed
from cjob.engines.credential_helpers import BoundedStore
from cjob.engines.engine import (
    BUILD_SILENCE_LIMIT_S,
    Built,
    ImageBuild,
    Login,
    Pushed,
    Report,
    normalize_platform,
)
from cjob.engines.errors import translating_errors
from cjob.engines.messages import StreamResult, follow_build
from cjob.reporting.errors import InputError
from cjob.reporting.printable import without_sequences

ECR_HELPER = "ecr-login"

CONNECT_S = 10
"""How long a daemon may take to answer a simple request."""

PUSH_SILENCE_LIMIT_S = 300
"""How long a push may take without progress."""

PUSH_TIMEOUT = "CJOB_PUSH_TIMEOUT"
STUCK_PUSH_HINT = (
    "check that the engine can reach the registry, then run the same command again, which "
    f"continues; {PUSH_TIMEOUT}=600 waits longer"
)


class DockerEngine:
    """An engine with Docker's API; each operation has a connection of its own."""

    def __init__(
        self,
        connection: Mapping[str, Any],
        *,
        push_silence_limit_s: int = PUSH_SILENCE_LIMIT_S,
        helper_s: float = credential_helpers.ANSWER_TIMEOUT_S,
        has_buildkit: bool = True,
    ) -> None:
        """Take the arguments of docker's client: address, TLS, version of the API.

        `helper_s` is how long a credential helper may take. Podman has no BuildKit.
        """
        self.has_buildkit = has_buildkit
        self._connection = connection
        self._push_silence_limit_s = push_silence_limit_s
        self._helper_s = helper_s

    def build(self, image_build: ImageBuild, report: Report) -> Built:
        """Build an image with the classic builder.

        If its cache returns an image for another platform, build again without the cache.
        """
        built = self._build(image_build, report, nocache=False)
        if image_build.platform and built.platform != normalize_platform(image_build.platform):
            report(f"the engine's cache has an image for {built.platform}, building without cache")
            built = self._build(image_build, report, nocache=True)
        return built

    def find(self, images: Iterable[str]) -> Built | None:
        """Return the first of these images that exists here, or None."""
        with (
            translating_errors("asking for the image", CONNECT_S),
            self._client(CONNECT_S) as client,
        ):
            for image in images:
                try:
                    return _built(client.inspect_image(image))
                except ImageNotFound:
                    continue
        return None

    def push(
        self, image: str, repository: str, tags: Sequence[str], login: Login, report: Report
    ) -> Pushed:
        """Push an image under every tag, in order."""
        doing, silence_limit_s = f'pushing to "{repository}"', self._push_silence_limit_s
        with (
            translating_errors(doing, silence_limit_s, STUCK_PUSH_HINT),
            self._client(silence_limit_s) as client,
        ):
            return docker_push.send(client, image, repository, tags, login, report)

    def about(self) -> str:
        """Return the name and version of the engine."""
        doing = "asking the container engine for its version"
        with translating_errors(doing, CONNECT_S), self._client(CONNECT_S) as client:
            found = client.version(api_version=False)
        name = (found.get("Platform") or {}).get("Name") or "Docker Engine"
        return without_sequences(f"{name} {found.get('Version', '')}".strip())

    def login(self, host: str) -> Login | None:
        """Return the login of docker's configuration if it uses ECR's credential helper, or None.

        Other helpers and stores may contain an expired token, left there by docker login.
        """
        program = f"{PROGRAM_PREFIX}{ECR_HELPER}"
        with translating_errors(f'signing in to "{host}" with {program}', CONNECT_S):
            is_left = auth.load_config().get_credential_store(host) == ECR_HELPER
            if not is_left or not shutil.which(program):
                return None
            try:
                found = BoundedStore(ECR_HELPER, self._helper_s).get(host)  # type: ignore[no-untyped-call]
                return Login(username=found["Username"], password=found["Secret"], host=host)
            except (KeyError, ValueError):
                raise StoreError(f"{program} returned no credentials") from None

    def _build(self, image_build: ImageBuild, report: Report, *, nocache: bool) -> Built:
        subject = f"building the image of container {image_build.container!r}"
        with (
            translating_errors(subject, BUILD_SILENCE_LIMIT_S),
            self._client(BUILD_SILENCE_LIMIT_S) as client,
            packed(image_build.context, image_build.dockerfile) as (archive, dockerfile),
        ):
            credential_helpers.make_optional(client._auth_configs, self._helper_s, report)  # noqa: SLF001 - as there
            wanted = {
                "fileobj": archive,
                "custom_context": True,
                "dockerfile": dockerfile,
                "target": image_build.target or None,
                "buildargs": dict(image_build.args),
                "cache_from": list(image_build.cache_from) or None,
                "platform": image_build.platform or None,
                "labels": dict(image_build.labels),
                "nocache": nocache,
            }
            result = _stream_build(client, image_build, wanted, report)
            if result.error or not result.image:
                raise build_failures.failure(image_build, result.error, result.tail)
            return _built(client.inspect_image(result.image))

    @contextmanager
    def _client(self, silence_limit_s: int) -> Iterator[Any]:
        with closing(docker.APIClient(**self._connection, timeout=silence_limit_s)) as client:
            yield client


def connect(environment: Mapping[str, str] = os.environ) -> DockerEngine:
    """Connect to the daemon that the environment's variables name.

    Raise ServiceError if it does not answer.
    """
    push_silence_limit_s = _seconds(environment)
    connection = _address(environment)
    where = f' at "{connection["base_url"]}"' if "base_url" in connection else ""
    with translating_errors(f"reaching the container engine{where}", CONNECT_S):
        connection |= {"use_ssh_client": True}
        with closing(docker.APIClient(**connection, version="auto", timeout=CONNECT_S)) as client:
            parts = client.version(api_version=False).get("Components") or ()
            is_podman = any("podman" in str(part.get("Name", "")).lower() for part in parts)
            found = {**connection, "version": client.api_version}
            return DockerEngine(
                found, push_silence_limit_s=push_silence_limit_s, has_buildkit=not is_podman
            )


def _stream_build(
    client: Any,  # noqa: ANN401 - docker's client has no types
    image_build: ImageBuild,
    wanted: Mapping[str, Any],
    report: Report,
) -> StreamResult:
    """Build and return the result; a build that the daemon refuses has a faulty Dockerfile."""
    always = {"rm": True, "forcerm": True, "decode": True, "timeout": BUILD_SILENCE_LIMIT_S}
    try:
        with closing(client.build(**wanted, **always)) as messages:
            return follow_build(messages, report)
    except APIError as error:
        if not error.is_client_error():
            raise
        raise build_failures.failure(
            image_build, without_sequences(str(error.explanation)), ()
        ) from error


def _seconds(environment: Mapping[str, str]) -> int:
    """Return how many seconds a push may take without progress."""
    text = environment.get(PUSH_TIMEOUT, "")
    if text and not (text.isdecimal() and int(text)):
        raise InputError(
            f"{PUSH_TIMEOUT}: {text!r} is not a number of seconds",
            hint=f"use: {PUSH_TIMEOUT}=600",
        )
    return int(text) if text else PUSH_SILENCE_LIMIT_S


def _built(found: Mapping[str, Any]) -> Built:
    return Built(
        id=found["Id"], platform=normalize_platform(f"{found['Os']}/{found['Architecture']}")
    )


def _address(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return address and TLS, of DOCKER_HOST, the named context or the default."""
    name = environment.get("DOCKER_CONTEXT", "")
    with translating_errors("reaching the container engine", CONNECT_S):
        if environment.get("DOCKER_HOST"):
            return {**kwargs_from_env(dict(environment))}
        context = ContextAPI.get_context(name or None)
    if context is None:
        raise InputError(
            f'there is no docker context "{name}"' if name else "the docker context is missing",
            hint="set DOCKER_HOST, or choose one of: docker context ls",
        )
    if context.name == "default":
        return {}
    address = {"base_url": context.Host}
    return {**address, "tls": context.TLSConfig} if context.TLSConfig else address
