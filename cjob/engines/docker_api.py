"""A Docker daemon (or podman in its place) as the engine, spoken to through its API.

Takes the daemon's address from DOCKER_HOST, else from the current docker context. Touches that
daemon, and the files of a build's context. Whatever goes wrong there becomes a ServiceError.
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

from cjob.engines import causes, docker_push, helpers
from cjob.engines.context import packed
from cjob.engines.engine import SILENT_BUILD_S, Built, Login, Pushed, Recipe, Report, spelt
from cjob.engines.faults import told
from cjob.engines.helpers import BoundedStore
from cjob.engines.messages import Ending, follow_build
from cjob.reporting.errors import InputError
from cjob.reporting.printable import without_sequences

ECR_HELPER = "ecr-login"

CONNECT_S = 10
"""How long a daemon may take to answer a simple question."""

SILENT_PUSH_S = 300
"""How long a push may say nothing."""

PUSH_TIMEOUT = "CJOB_PUSH_TIMEOUT"
STUCK_PUSH_HINT = (
    "does the registry answer the engine? What was sent is kept: run the same command again; "
    f"{PUSH_TIMEOUT} gives it more seconds"
)


class DockerEngine:
    """An engine behind Docker's API; each piece of work has a connection of its own."""

    def __init__(
        self,
        connection: Mapping[str, Any],
        *,
        silent_push_s: int = SILENT_PUSH_S,
        helper_s: float = helpers.ANSWER_S,
        has_buildkit: bool = True,
    ) -> None:
        """Take what docker's client is made with: address, TLS, version of the API.

        `helper_s` is how long a credential helper may take. Podman has no BuildKit.
        """
        self.has_buildkit = has_buildkit
        self._connection = connection
        self._silent_push_s = silent_push_s
        self._helper_s = helper_s

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
        """Return the first of these ids that is one of an image here."""
        with told("asking for the image", CONNECT_S), self._client(CONNECT_S) as client:
            for image in images:
                try:
                    return _built(client.inspect_image(image))
                except ImageNotFound:
                    continue
        return None

    def push(
        self, image: str, repository: str, tags: Sequence[str], login: Login, report: Report
    ) -> Pushed:
        """Send the image with this id under every tag, in order."""
        doing, silent_s = f'pushing to "{repository}"', self._silent_push_s
        with told(doing, silent_s, STUCK_PUSH_HINT), self._client(silent_s) as client:
            return docker_push.send(client, image, repository, tags, login, report)

    def about(self) -> str:
        """Return which engine this is, and its version."""
        doing = "asking the container engine for its version"
        with told(doing, CONNECT_S), self._client(CONNECT_S) as client:
            found = client.version(api_version=False)
        name = (found.get("Platform") or {}).get("Name") or "Docker Engine"
        return without_sequences(f"{name} {found.get('Version', '')}".strip())

    def login(self, host: str) -> Login | None:
        """Return the login of docker's own configuration, where that leaves a registry to ECR's.

        Other helpers and stores may hold a token that ran out, as docker login leaves it there.
        """
        program = f"{PROGRAM_PREFIX}{ECR_HELPER}"
        with told(f'signing in to "{host}" with {program}', CONNECT_S):
            is_left = auth.load_config().get_credential_store(host) == ECR_HELPER
            if not is_left or not shutil.which(program):
                return None
            try:
                found = BoundedStore(ECR_HELPER, self._helper_s).get(host)  # type: ignore[no-untyped-call]
                return Login(username=found["Username"], password=found["Secret"], host=host)
            except (KeyError, ValueError):
                raise StoreError(f"{program} gave no credentials") from None

    def _build(self, recipe: Recipe, report: Report, *, nocache: bool) -> Built:
        subject = f'building the image of container "{recipe.container}"'
        with (
            told(subject, SILENT_BUILD_S),
            self._client(SILENT_BUILD_S) as client,
            packed(recipe.context, recipe.dockerfile) as (archive, dockerfile),
        ):
            helpers.be_optional(client._auth_configs, self._helper_s, report)  # noqa: SLF001 - as there
            wanted = {
                "fileobj": archive,
                "custom_context": True,
                "dockerfile": dockerfile,
                "target": recipe.target or None,
                "buildargs": dict(recipe.args),
                "cache_from": list(recipe.cache_from) or None,
                "platform": recipe.platform or None,
                "labels": dict(recipe.labels),
                "nocache": nocache,
            }
            ending = _followed(client, recipe, wanted, report)
            if ending.error or not ending.image:
                raise causes.failure(recipe, ending.error, ending.tail)
            return _built(client.inspect_image(ending.image))

    @contextmanager
    def _client(self, silent_s: int) -> Iterator[Any]:
        with closing(docker.APIClient(**self._connection, timeout=silent_s)) as client:
            yield client


def connect(environment: Mapping[str, str] = os.environ) -> DockerEngine:
    """Find the daemon that the environment's variables name, and see that it answers."""
    silent_push_s = _seconds(environment)
    connection = _address(environment)
    where = f' at "{connection["base_url"]}"' if "base_url" in connection else ""
    with told(f"reaching the container engine{where}", CONNECT_S):
        connection |= {"use_ssh_client": True}
        with closing(docker.APIClient(**connection, version="auto", timeout=CONNECT_S)) as client:
            parts = client.version(api_version=False).get("Components") or ()
            is_podman = any("podman" in str(part.get("Name", "")).lower() for part in parts)
            found = {**connection, "version": client.api_version}
            return DockerEngine(found, silent_push_s=silent_push_s, has_buildkit=not is_podman)


def _followed(
    client: Any,  # noqa: ANN401 - docker's client has no types
    recipe: Recipe,
    wanted: Mapping[str, Any],
    report: Report,
) -> Ending:
    """Build, and return how that ended; what the daemon refuses at once is the Dockerfile's."""
    always = {"rm": True, "forcerm": True, "decode": True, "timeout": SILENT_BUILD_S}
    try:
        with closing(client.build(**wanted, **always)) as messages:
            return follow_build(messages, report)
    except APIError as error:
        if not error.is_client_error():
            raise
        raise causes.failure(recipe, without_sequences(str(error.explanation)), ()) from error


def _seconds(environment: Mapping[str, str]) -> int:
    """Return for how long a push may say nothing."""
    text = environment.get(PUSH_TIMEOUT, "")
    if text and not (text.isdecimal() and int(text)):
        raise InputError(f"{PUSH_TIMEOUT} {text!r} is no number of seconds", hint="as in 600")
    return int(text) if text else SILENT_PUSH_S


def _built(found: Mapping[str, Any]) -> Built:
    return Built(id=found["Id"], platform=spelt(f"{found['Os']}/{found['Architecture']}"))


def _address(environment: Mapping[str, str]) -> dict[str, Any]:
    """Give address and TLS: DOCKER_HOST's, else of the context that is named, else the default."""
    name = environment.get("DOCKER_CONTEXT", "")
    with told("reaching the container engine", CONNECT_S):
        if environment.get("DOCKER_HOST"):
            return {**kwargs_from_env(dict(environment))}
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
