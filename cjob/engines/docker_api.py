"""A Docker daemon (or podman in its place) as the engine, spoken to through its API.

Takes the daemon's address from DOCKER_HOST, else from the current docker context. Touches that
daemon, and the files of a build's context. Whatever goes wrong there becomes a ServiceError.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

import docker
import requests
import urllib3
from docker.context import ContextAPI
from docker.errors import APIError, DockerException, ImageNotFound
from docker.utils import kwargs_from_env

from cjob.engines.engine import Built, Login, Recipe, Report, spelt
from cjob.engines.messages import Ending, follow_build, follow_push, plain
from cjob.errors import InputError, ServiceError

CONNECT_S = 10
"""How long a daemon may take to answer a simple question."""

SILENT_BUILD_S = 3600
SILENT_PUSH_S = 300
"""How long a build or a push may say nothing; a step of a build may well be silent for long."""

ATTEMPTS = 3
FAILED_OF_ITSELF = re.compile(r"unexpected HTTP status: 5\d\d")
"""A push is tried so often where the registry answers so: nothing is wrong with the image."""

NO_ENGINE_HINT = "start Docker, or set DOCKER_HOST to an engine that runs; `docker info` must work"


class DockerEngine:
    """An engine behind Docker's API; each piece of work has a connection of its own."""

    def __init__(
        self,
        connection: Mapping[str, Any],
        *,
        silent_build_s: int = SILENT_BUILD_S,
        silent_push_s: int = SILENT_PUSH_S,
    ) -> None:
        """Take what docker's client is made with: address, TLS, version of the API."""
        self._connection = connection
        self._silent_build_s = silent_build_s
        self._silent_push_s = silent_push_s

    def build(self, recipe: Recipe, report: Report) -> Built:
        """Build an image with the classic builder.

        It takes images of another platform from its cache: then once more without it.
        """
        built = self._build(recipe, report, nocache=False)
        if recipe.platform and built.platform != spelt(recipe.platform):
            report(f"the engine's cache gave an image for {built.platform}, building without it")
            built = self._build(recipe, report, nocache=True)
        return built

    def find(self, images: Iterable[str]) -> Built | None:
        """Give the first of these ids that is one of an image here."""
        with _told("asking for the image"), self._client(CONNECT_S) as client:
            for image in images:
                try:
                    return _built(client.inspect_image(image))
                except ImageNotFound:
                    continue
        return None

    def push(
        self, image: str, repository: str, tags: Sequence[str], login: Login, report: Report
    ) -> str:
        """Send the image with this id under every tag, and give its digest in the registry."""
        digest = ""
        with _told(f'pushing to "{repository}"'), self._client(self._silent_push_s) as client:
            for tag in tags:
                _tag(client, image, repository, tag)
                ending = _push_until_taken(client, repository, tag, login, report)
                if ending.error:
                    raise ServiceError(
                        f'pushing "{repository}:{tag}" failed: {ending.error}',
                        hint=_push_hint(ending.error),
                    )
                digest = ending.digest or digest
        if not digest:
            raise ServiceError(
                f'the engine told no digest of what it pushed to "{repository}"',
                hint="update the engine; cjob works with Docker 20.10 and podman 4.3 or newer",
            )
        return digest

    def _build(self, recipe: Recipe, report: Report, *, nocache: bool) -> Built:
        subject = f'building the image of container "{recipe.container}"'
        with _told(subject), self._client(self._silent_build_s) as client:
            messages = client.build(
                path=str(recipe.context),
                dockerfile=str(recipe.dockerfile),
                target=recipe.target or None,
                buildargs=dict(recipe.args),
                cache_from=list(recipe.cache_from) or None,
                platform=recipe.platform or None,
                labels=dict(recipe.labels),
                nocache=nocache,
                rm=True,
                forcerm=True,
                decode=True,
                timeout=self._silent_build_s,
            )
            with closing(messages):
                ending = follow_build(messages, report)
            if ending.error or not ending.image:
                raise ServiceError(
                    " | ".join([f"{subject} failed: {_cause(ending)}", *ending.tail]),
                    hint=_build_hint(ending.error),
                )
            return _built(client.inspect_image(ending.image))

    @contextmanager
    def _client(self, silent_s: int) -> Iterator[Any]:
        with closing(docker.APIClient(**self._connection, timeout=silent_s)) as client:
            yield client


def connect(environment: Mapping[str, str] = os.environ) -> DockerEngine:
    """Find the daemon that the environment's variables name, and see that it answers."""
    with _told("reaching the container engine"):
        connection = {**_address(environment), "use_ssh_client": True}
        with closing(docker.APIClient(**connection, version="auto", timeout=CONNECT_S)) as client:
            client.ping()
            return DockerEngine({**connection, "version": client.api_version})


def _built(found: Mapping[str, Any]) -> Built:
    return Built(id=found["Id"], platform=spelt(f"{found['Os']}/{found['Architecture']}"))


def _address(environment: Mapping[str, str]) -> dict[str, Any]:
    """Give address and TLS: DOCKER_HOST's, else of the context that is named, else the default."""
    if environment.get("DOCKER_HOST"):
        return {**kwargs_from_env(dict(environment))}
    name = environment.get("DOCKER_CONTEXT", "")
    context = ContextAPI.get_context(name or None)
    if context is None:
        raise InputError(
            f'there is no docker context "{name}"' if name else "the docker context is missing",
            hint="see `docker context ls`, or set DOCKER_HOST",
        )
    if context.name == "default":
        return {}
    address = {"base_url": context.Host}
    return {**address, "tls": context.TLSConfig} if context.TLSConfig else address


def _tag(client: Any, image: str, repository: str, tag: str) -> None:  # noqa: ANN401 - untyped
    try:
        client.tag(image, repository, tag)
    except ImageNotFound as error:
        raise InputError(
            f'this container engine has no image "{image}"',
            hint="an image's id is valid on the engine that built it; push from there, "
            "or run cjob-build again here",
        ) from error


def _push_until_taken(
    client: Any,  # noqa: ANN401 - docker's client has no types
    repository: str,
    tag: str,
    login: Login,
    report: Report,
) -> Ending:
    """Push a tag, and again where the registry failed of itself, which the engine does not do."""
    for _ in range(ATTEMPTS - 1):
        ending = _push(client, repository, tag, login, report)
        if not FAILED_OF_ITSELF.search(ending.error):
            return ending
        report(f"{tag}: {ending.error}; sending it again")
    return _push(client, repository, tag, login, report)


def _push(
    client: Any,  # noqa: ANN401 - docker's client has no types
    repository: str,
    tag: str,
    login: Login,
    report: Report,
) -> Ending:
    messages = client.push(
        repository,
        tag=tag,
        stream=True,
        decode=True,
        auth_config={"username": login.username, "password": login.password},
    )
    with closing(messages):
        return follow_push(messages, report)


def _cause(ending: Ending) -> str:
    return ending.error or "it ended without an image"


def _build_hint(error: str) -> str:
    if "requires BuildKit" in error:
        return "build it with --engine buildx, or do without what only BuildKit has"
    return "the last lines of the build tell where; put the Dockerfile right"


def _push_hint(error: str) -> str:
    text = error.lower()
    if "unauthorized" in text or "no basic auth" in text or "denied" in text:
        return "the registry refused the login; are your credentials those of its account?"
    if "name unknown" in text or "does not exist" in text:
        return "the registry has no such repository; is the job initialised in this application?"
    if "immutable" in text:
        return "the repository's tags can't be moved; allow that, or give another --tag"
    return "can the container engine reach the registry from where it runs?"


@contextmanager
def _told(doing: str) -> Iterator[None]:
    """Turn what docker, requests and urllib3 raise inside into an error that names the work.

    A stream that breaks or falls silent is raised raw by urllib3, past the other two.
    """
    try:
        yield
    except APIError as error:
        said = plain(str(error.explanation or error).replace("\n", " "))
        raise ServiceError(
            f"{doing} failed: {said}", hint="the container engine refused it, for that reason"
        ) from error
    except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
        raise ServiceError(
            f"{doing} failed: the container engine fell silent",
            hint="see whether the engine and the registry still answer, then try again",
        ) from error
    except (DockerException, requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise ServiceError(f"{doing} failed: {plain(str(error))}", hint=NO_ENGINE_HINT) from error
    except OSError as error:
        raise InputError(
            f"{doing} failed: {plain(str(error))}", hint="cjob must be able to read that file"
        ) from error
