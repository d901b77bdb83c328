"""Translates the errors of docker's client into errors with a hint."""

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

NO_ENGINE_HINT = "start Docker, or set DOCKER_HOST to a running engine; check with: docker info"
STUCK_HINT = "check that the engine still answers, then run the same command again: docker info"

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
    """Turn what docker, requests and urllib3 raise inside into an error that names the operation.

    `silence_limit_s` is how long the engine may send nothing, `stuck` the hint for that.

    The errors of a broken or silent stream are urllib3's own, and a failed credential helper has an
    error class without a common base.
    """
    try:
        yield
    except (APIError, StoreError, DockerException, *CONNECTION_ERRORS, OSError) as error:
        if isinstance(error, TIMEOUTS):
            message = f"{doing} failed: no answer for {silence_limit_s:g} seconds"
            raise ServiceError(message, hint=stuck) from error
        raise _translated(doing, error) from error


def _translated(doing: str, error: Exception) -> CjobError:
    """Return the error to show, with the operating system's reason if there is one."""
    if isinstance(error, APIError):
        said = without_sequences(str(error.explanation or error).replace("\n", " "))
        return ServiceError(
            f"{doing} failed: {said}", hint="the container engine refused it for that reason"
        )
    if isinstance(error, StoreError):
        return ServiceError(
            f"{doing} failed: {without_sequences(str(error))}",
            hint="check the credential helper in docker's config.json",
        )
    cause = _system_error(error)
    if isinstance(error, CONNECTION_ERRORS) and (
        cause is None or isinstance(cause, CONNECTION_LOST)
    ):
        return ServiceError(
            f"{doing} failed: the container engine closed the connection",
            hint="check that it runs, then run the same command again: docker info",
        )
    if isinstance(error, (DockerException, *CONNECTION_ERRORS)):
        hint = NO_ENGINE_HINT
        if isinstance(cause, PermissionError):
            hint = "add your user to the group docker, which may use Docker's socket"
        if cause and cause.errno == errno.EMFILE:
            hint = MORE_FILES
        reason = cause.strerror if cause else without_sequences(str(error))
        return ServiceError(f"{doing} failed: {reason}", hint=hint)
    return InputError(
        f"{doing} failed: {without_sequences(str(error))}",
        hint="make the file readable for this user",
    )


def _system_error(error: BaseException) -> OSError | None:
    """Return the operating system's error inside those of docker and urllib3, or None."""
    seen: list[BaseException] = [error]
    for one in seen:
        if isinstance(one, OSError) and one.strerror and not isinstance(one, CONNECTION_ERRORS):
            return one
        inner = (*one.args, getattr(one, "reason", None), one.__cause__, one.__context__)
        seen += [i for i in inner if isinstance(i, BaseException) and i not in seen]
    return None


def login_hint(said: str) -> str:
    """Return the hint to log in if a registry refused the base image, else an empty string.

    Copilot logged in to the application's registry before it built.
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
