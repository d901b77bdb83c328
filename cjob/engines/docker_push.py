"""Sending an image to a registry through Docker's API.

Takes a client of the daemon; the daemon sends, and only the layers that the registry lacks.
Nothing that gets it in is written anywhere: the login goes with each request.
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
"""A push is tried so often where the registry answers so: nothing is wrong with the image."""

UNEXPLAINED = re.compile(r"error parsing HTTP (?P<status>\d+) response body: unexpected end of .*")
"""How the daemon puts an answer that has no text, as those to questions of existence."""

IMMUTABLE = "immutable"
"""In ECR's answer for a tag that exists, in a repository whose tags cannot be moved."""

TOKEN_USER = "<token>"  # noqa: S105 - what credential helpers say in place of a user's name
NOT_FOUND = 404


def send(  # noqa: PLR0917 - what goes where, and who is told
    client: Any,  # noqa: ANN401 - docker's client has no types
    image: str,
    repository: str,
    tags: Sequence[str],
    login: Login,
    report: Report,
) -> Pushed:
    """Send an image under every tag, in order; its digest is the one that the registry confirms.

    Raise InputError if the engine has no such image, ServiceError if sending fails. Once the image
    is in the registry, a tag that cannot be moved is no failure: a stack needs the digest alone.
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
                r"the registry answered \g<status>, without a word", result.error
            )
            raise ServiceError(f'pushing "{repository}:{tag}" failed: {said}', hint=_hint(said))
        _check_digest(f"{repository}:{tag}", digest, found)
        digest = found
    _confirm(client, repository, digest, login)
    return Pushed(digest=digest, unmoved=tuple(unmoved))


def _check_digest(name: str, before: str, found: str) -> None:
    if not found:
        raise ServiceError(
            f'the engine told no digest of what it pushed to "{name}"',
            hint="update the engine; cjob works with Docker 20.10 and podman 4.3 or newer",
        )
    if before not in ("", found):
        raise ServiceError(
            f'"{name}" got another digest than the tag before it: {found}, not {before}',
            hint="does something else push there at the same time? run the same command again",
        )


def _own_digest(
    client: Any,  # noqa: ANN401 - docker's client has no types
    image: str,
    repository: str,
    tag: str,
    login: Login,
) -> str:
    """Return the digest that a tag has already, if the engine knows it as this image's."""
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
    """Ask the registry, through the daemon, for what was pushed; a stack will name it so.

    Podman's service has no such question, and who may push may not be allowed to ask: then the
    digest that the registry gave during the push has to do.
    """
    try:
        found = client.inspect_distribution(f"{repository}@{digest}", _auth(login))
    except APIError as error:
        if "manifest unknown" not in str(error.explanation).lower():
            return
        translating_errors = ""
    else:
        translating_errors = found["Descriptor"]["digest"]
    if translating_errors != digest:
        raise ServiceError(
            f'the registry does not have what was pushed to "{repository}": it has '
            f"{without_sequences(translating_errors) or 'nothing'} for {digest}",
            hint="run the same command again; if that does not help, look at the registry",
        )


def _tag(client: Any, image: str, repository: str, tag: str) -> None:  # noqa: ANN401 - untyped
    try:
        client.tag(image, repository, tag)
    except ImageNotFound as error:
        raise InputError(
            f'this container engine has no image "{image}"',
            hint="an image's id is valid on the engine that built it; push from there, "
            "or run cjob-build again here",
        ) from error


def _push_with_retries(
    client: Any,  # noqa: ANN401 - docker's client has no types
    repository: str,
    tag: str,
    login: Login,
    report: Report,
) -> StreamResult:
    """Push a tag, and again where the registry failed of itself, which the engine does not do."""
    for _ in range(ATTEMPTS - 1):
        result = _push(client, repository, tag, login, report)
        if not SERVER_ERROR.search(result.error):
            return result
        report(f"{tag}: {result.error}; sending it again")
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
        return "the registry's token ran out; run the same command again, which gets a new one"
    if "unauthorized" in text or "no basic auth" in text or "denied" in text:
        return "the registry refused the login; are your credentials those of its account?"
    if "403" in text:
        return (
            "may these credentials ask for layers of that repository "
            "(ecr:BatchCheckLayerAvailability)? cjob iam push lists all rights that it takes"
        )
    if "name unknown" in text or "does not exist" in text:
        return (
            "the repository was deleted, though its stack still lists it; make it again by that "
            "name: aws ecr create-repository --repository-name APPLICATION/JOB"
        )
    if IMMUTABLE in text:
        return "the repository's tags are immutable: give a --tag that is not in use"
    return (
        "can the container engine reach the registry from where it runs? "
        "What was sent is kept for the next run"
    )
