"""What docker's client raises, told as an error that a person can act on."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

import requests
import urllib3
from docker.credentials.errors import StoreError
from docker.errors import APIError, DockerException

from cjob.reporting.errors import MORE_FILES, CjobError, InputError, ServiceError
from cjob.reporting.printable import without_sequences

NO_ENGINE_HINT = "start Docker, or set DOCKER_HOST to an engine that runs; `docker info` must work"
STUCK_HINT = "see what the engine waits for, and whether it still answers; then run this again"

TIMEOUTS = (requests.Timeout, urllib3.exceptions.TimeoutError)
CONNECTION_LOST = (ConnectionResetError, BrokenPipeError)
CONNECTION_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError)

_DENIED = re.compile(
    r"no basic auth credentials|authorization token has expired|pull access denied"
    r"|unauthorized|authorization failed|403 Forbidden|401 Unauthorized",
    re.IGNORECASE,
)
_REGISTRY = re.compile(
    r"https?://(?P<url>[^/\s\"]+)/v2/|from host (?P<host>\S+) failed"
    r"|\b(?P<ecr>\d+\.dkr\.ecr\.[\w.-]+\w)/"
)
_ECR = re.compile(r"\d+\.dkr\.ecr(?:-fips)?\.(?P<region>[\w-]+)\.amazonaws\.com(?:\.cn)?")


@contextmanager
def translating_errors(
    doing: str, silence_limit_s: float, stuck: str = STUCK_HINT
) -> Iterator[None]:
    """Turn what docker, requests and urllib3 raise inside into an error that names the work.

    `silence_limit_s` is for how long nothing need be heard, `stuck` what to do then.

    A stream that breaks or falls silent is raised raw by urllib3, past the other two, and a
    credential helper's failure by a class that stands alone.
    """
    try:
        yield
    except (APIError, StoreError, DockerException, *CONNECTION_ERRORS, OSError) as error:
        if isinstance(error, TIMEOUTS):
            message = f"{doing} failed: nothing was heard for {silence_limit_s:g} seconds"
            raise ServiceError(message, hint=stuck) from error
        raise _translated(doing, error) from error


def _translated(doing: str, error: Exception) -> CjobError:
    """Return the error to show; one that broke off says why, where the system told that."""
    if isinstance(error, APIError):
        said = without_sequences(str(error.explanation or error).replace("\n", " "))
        return ServiceError(
            f"{doing} failed: {said}", hint="the container engine refused it, for that reason"
        )
    if isinstance(error, StoreError):
        return ServiceError(
            f"{doing} failed: {without_sequences(str(error))}",
            hint="docker's config.json names a credential helper that does not work here",
        )
    cause = _system_error(error)
    if isinstance(error, CONNECTION_ERRORS) and (
        cause is None or isinstance(cause, CONNECTION_LOST)
    ):
        return ServiceError(
            f"{doing} failed: the container engine broke off",
            hint="did it stop? `docker info` must work; then run the same command again",
        )
    if isinstance(error, (DockerException, *CONNECTION_ERRORS)):
        hint = NO_ENGINE_HINT
        if isinstance(cause, PermissionError):
            hint = "be somebody who may use Docker's socket, as members of the group docker may"
        if cause and cause.errno == errno.EMFILE:
            hint = MORE_FILES
        reason = cause.strerror if cause else without_sequences(str(error))
        return ServiceError(f"{doing} failed: {reason}", hint=hint)
    return InputError(
        f"{doing} failed: {without_sequences(str(error))}",
        hint="cjob must be able to read that file",
    )


def _system_error(error: BaseException) -> OSError | None:
    """Find what the system said, beneath the classes that docker and urllib3 put around it."""
    seen: list[BaseException] = [error]
    for one in seen:
        if isinstance(one, OSError) and one.strerror and not isinstance(one, CONNECTION_ERRORS):
            return one
        inner = (*one.args, getattr(one, "reason", None), one.__cause__, one.__context__)
        seen += [i for i in inner if isinstance(i, BaseException) and i not in seen]
    return None


def login_hint(said: str) -> str:
    """Return the hint for a build that a registry refused its base image; empty for any other.

    Copilot signed in to the application's registry before it built.
    """
    found = _REGISTRY.search(said)
    if not found or not _DENIED.search(said):
        return ""
    host = found["url"] or found["host"] or found["ecr"]
    ecr = _ECR.fullmatch(host)
    if not ecr:
        return f"sign in to the base image's registry first: docker login {host}"
    return (
        "sign in to the base image's registry first: aws ecr get-login-password --region "
        f"{ecr['region']} | docker login --username AWS --password-stdin {host}"
    )
