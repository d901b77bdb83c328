"""Pushes an image to a registry through Docker's API.

The daemon pushes, and only layers that the registry does not have. The login is part of each
request and is not written to disk.
"""

import re
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from docker.errors import APIError, ImageNotFound

from cjob.engines.engine import Login, Pushed, Report
from cjob.engines.messages import StreamResult, follow_push
from cjob.reporting.errors import InputError, ServiceError
from cjob.reporting.printable import without_sequences

ATTEMPTS = 3
SERVER_ERROR = re.compile(r"unexpected HTTP status: 5\d\d")
"""The registry's answer after which a push is repeated."""

UNEXPLAINED = re.compile(r"error parsing HTTP (?P<status>\d+) response body: unexpected end of .*")
"""The daemon's message for a response without a body, as to a HEAD request."""

IMMUTABLE = "immutable"
"""Part of ECR's error for an existing tag in a repository with immutable tags."""

TOKEN_USER = "<token>"  # noqa: S105 - returned by credential helpers instead of a user name
NOT_FOUND = 404


def send(  # noqa: PLR0917 - image, destination and reporter
    client: Any,  # noqa: ANN401 - docker's client has no types
    image: str,
    repository: str,
    tags: Sequence[str],
    login: Login,
    report: Report,
) -> Pushed:
    """Push an image under every tag, in order; return the digest that the registry confirms.

    Raise InputError if the engine has no such image, ServiceError if the push fails. Once the image
    is in the registry, an immutable tag is not an error: a stack needs only the digest.
    """
    digest = ""
    unmoved = []
    for tag in tags:
        _tag(client, image, repository, tag)
        result = _push_with_retries(client, repository, tag, login, report)
        found = result.digest
        if IMMUTABLE in result.error.lower():
            found = _own_digest(client, image, repository, tag, login)
            if not found and digest:
                unmoved.append(tag)
                continue
        if result.error and not found:
            said = UNEXPLAINED.sub(
                r"the registry answered \g<status> without a message", result.error
            )
            raise ServiceError(f'pushing "{repository}:{tag}" failed: {said}', hint=_hint(said))
        _check_digest(f"{repository}:{tag}", digest, found)
        digest = found
    _confirm(client, repository, digest, login)
    return Pushed(digest=digest, unmoved=tuple(unmoved))


def _check_digest(name: str, before: str, found: str) -> None:
    if not found:
        raise ServiceError(
            f'the engine reported no digest after the push to "{name}"',
            hint="update the engine; cjob works with Docker 20.10 and podman 4.3 or newer",
        )
    if before not in ("", found):
        raise ServiceError(
            f'"{name}" has another digest than the tag before it: {found}, not {before}',
            hint="check that nothing else pushes there, then run the same command again",
        )


def _own_digest(
    client: Any,  # noqa: ANN401 - docker's client has no types
    image: str,
    repository: str,
    tag: str,
    login: Login,
) -> str:
    """Return the digest of an existing tag if it refers to this image, else an empty string."""
    try:
        found = client.inspect_distribution(f"{repository}:{tag}", _auth(login))
        digest = str(found["Descriptor"]["digest"])
        known = client.inspect_image(image).get("RepoDigests") or ()
    except APIError:
        return ""
    return digest if f"{repository}@{digest}" in known else ""


def _confirm(
    client: Any,  # noqa: ANN401 - docker's client has no types
    repository: str,
    digest: str,
    login: Login,
) -> None:
    """Check through the daemon that the registry has the digest, which the stack will refer to.

    Podman has no such request, and an identity that may push may not be allowed to read: then the
    digest that the registry reported during the push must be enough.
    """
    try:
        found = client.inspect_distribution(f"{repository}@{digest}", _auth(login))
    except APIError as error:
        if "manifest unknown" not in str(error.explanation).lower():
            return
        confirmed = ""
    else:
        confirmed = found["Descriptor"]["digest"]
    if confirmed != digest:
        raise ServiceError(
            f'the registry does not have what was pushed to "{repository}": it has '
            f"{without_sequences(confirmed) or 'nothing'} for {digest}",
            hint="run the same command again; if that does not help, check the registry",
        )


def _tag(client: Any, image: str, repository: str, tag: str) -> None:  # noqa: ANN401 - untyped
    try:
        client.tag(image, repository, tag)
    except ImageNotFound as error:
        raise InputError(
            f'this container engine has no image "{image}"',
            hint="push from the engine that built it, or run cjob-build again",
        ) from error


def _push_with_retries(
    client: Any,  # noqa: ANN401 - docker's client has no types
    repository: str,
    tag: str,
    login: Login,
    report: Report,
) -> StreamResult:
    """Push a tag; try again after a server error of the registry, which engines don't."""
    for _ in range(ATTEMPTS - 1):
        result = _push(client, repository, tag, login, report)
        if not SERVER_ERROR.search(result.error):
            return result
        report(f"{tag}: {result.error}; trying again")
    return _push(client, repository, tag, login, report)


def _push(
    client: Any,  # noqa: ANN401 - docker's client has no types
    repository: str,
    tag: str,
    login: Login,
    report: Report,
) -> StreamResult:
    messages = client.push(repository, tag=tag, stream=True, decode=True, auth_config=_auth(login))
    with closing(messages):
        return follow_push(messages, report)


def _auth(login: Login) -> dict[str, str]:
    if login.username == TOKEN_USER:
        return {"identitytoken": login.password, "serveraddress": login.host}
    return {"username": login.username, "password": login.password}


def _hint(error: str) -> str:
    text = error.lower()
    if "expired" in text:
        return "the registry's token has expired; run the same command again to get a new one"
    if "unauthorized" in text or "no basic auth" in text or "denied" in text:
        return "the registry refused the login; check that your credentials are for its account"
    if "403" in text:
        return (
            "allow ecr:BatchCheckLayerAvailability on that repository; "
            "list all permissions with: cjob iam push"
        )
    if "name unknown" in text or "does not exist" in text:
        return (
            "the repository was deleted, but its stack still has it; create it again: "
            "aws ecr create-repository --repository-name APPLICATION/JOB"
        )
    if IMMUTABLE in text:
        return "the repository's tags are immutable: use a new --tag"
    return (
        "check that the container engine can reach the registry; a new push continues "
        "where this one ended"
    )
