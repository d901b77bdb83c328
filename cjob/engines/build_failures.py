"""Finds out why a build failed: the registry's pull limit, the network, the engine, the Dockerfile.

Pure: takes the engine's messages, returns an InputError if the user's files must change, otherwise
a ServiceError.
"""

import itertools
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from cjob.engines.engine import ImageBuild
from cjob.engines.errors import login_hint
from cjob.reporting.errors import CjobError, InputError, ServiceError

MIRROR = "public.ecr.aws/docker/library"
"""AWS's mirror of Docker Hub's official images, with a much higher limit."""

_STEP = re.compile(
    r"returned a non-zero code: \d+|did not complete successfully: exit code: \d+"
    r"|executor failed running .*: exit code: \d+",
    re.DOTALL,
)
_OFFLINE = re.compile(
    r"network is unreachable|temporary failure in name resolution|eai_again"
    r"|temporary error \(try again later\)",
    re.IGNORECASE,
)
"""Printed by programs without a network or DNS; for a wrong host name they print other texts."""

_LIMIT = re.compile(
    r"toomanyrequests|too many requests|\bstatus(?: code)?:? 429\b|\brate limit|rate exceeded",
    re.IGNORECASE,
)
_NETWORK = re.compile(
    r"connection refused|connection reset|no such host|network is unreachable|no route to host"
    r"|i/o timeout|tls handshake timeout|client\.timeout|deadline exceeded|server misbehaving"
    r"|failure in name resolution|could not resolve|bad address|eai_again|unexpected eof",
    re.IGNORECASE,
)
_ABSENT = re.compile(
    r"manifest unknown|manifest for \S+ not found|repository does not exist|: not found$"
    r"|no match for platform|does not match the specified platform",
    re.IGNORECASE | re.MULTILINE,
)
_BASE = re.compile(
    r"load metadata for (?P<loaded>[\w./:@-]+?):?$|failed to solve: (?P<solved>[\w./:@-]+): "
    r"|: FROM (?:--\S+ )?(?P<step>\S+)"
)
_HUB = re.compile(r"(?:docker\.io/)?(?:library/)?(?P<official>[a-z0-9][\w.-]*(?::[\w.-]+)?)")
_ANY = re.compile("")
_PREFIX = re.compile(
    r"(?:ERROR: |failed to solve: |rpc error: code = \w+ desc = "
    r"|failed to solve with frontend [\w.]+: |failed to create LLB definition: )*"
)


Hint = Callable[[str, Sequence[str]], str]


class _Cause(NamedTuple):
    """A cause: the engines' texts for it, the hint, its name, and whether it is the user's input.

    The cause does not apply if its hint is empty.
    """

    said: re.Pattern[str]
    hint: Hint
    name: str = ""
    is_input: bool = False


def failure(
    image_build: ImageBuild, said: str, tail: Sequence[str], *, began: bool = True
) -> CjobError:
    """Return the error for a failed build.

    `said` is the engine's error, `tail` the last lines of the build. For a build that never `began`
    the Dockerfile is blamed only if that is certain.
    """
    subject = f"building the image of container {image_build.container!r}"
    shown = _PREFIX.sub("", said, count=1) or "there is no image"
    for cause in (*_CAUSES, _DOCKERFILE if began else _UNKNOWN):
        hint = cause.hint(said, tail) if cause.said.search(said) else ""
        if hint:
            message, line = f"{subject} failed: {cause.name}{shown}", _line(said, tail)
            if not cause.is_input:
                return ServiceError(message, hint=hint)
            return InputError(
                message, hint=hint, place=f"{image_build.dockerfile}:{line}" * bool(line)
            )
    raise AssertionError("the last cause matches everything")


def _line(said: str, tail: Sequence[str]) -> int:
    """Return the line of the Dockerfile that the engine names, 0 if it names none."""
    parsed = re.search(r"parse error (?:on )?line (\d+)", said)
    if parsed:
        return int(parsed[1])
    for name, rule in itertools.pairwise(tail):
        found = re.fullmatch(r"\S+:(\d+)", name)
        if found and re.fullmatch(r"-{8,}", rule):
            return int(found[1])
    return 0


def _offline_hint(_said: str, tail: Sequence[str]) -> str:
    if not any(_OFFLINE.search(line) for line in _output(tail)):
        return ""
    return "a command could not reach the network: check the engine's network, DNS and proxy"


def _output(tail: Sequence[str]) -> list[str]:
    """Return the output of the failed step."""
    output: list[str] = []
    for line in tail:
        if re.match(r"Step \d+/\d+ : ", line):
            output = []
        output.append(line)
    failed = [found[1] for line in tail if (found := re.match(r"(#\d+ )ERROR", line))]
    return [line for line in output if line.startswith(failed[-1])] if failed else output


def _limit_hint(said: str, tail: Sequence[str]) -> str:
    base = _base(said, tail)
    host, slash, _ = base.partition("/")
    if slash and ("." in host or ":" in host) and host != "docker.io":
        return f"sign in to get a higher limit: docker login {host}; or try again later"
    official = _HUB.fullmatch(base)
    mirrored = f"{MIRROR}/{official['official']}" if official else f"{MIRROR}/NAME"
    return f"sign in to get a higher limit: docker login; or build FROM {mirrored}"


def _network_hint(said: str, tail: Sequence[str]) -> str:
    base = _base(said, tail)
    pull = f": docker pull {base}" if base not in ("", "scratch") else ""
    return f"check the engine's network, DNS and proxy{pull}"


def _base(said: str, tail: Sequence[str]) -> str:
    """Return the base image that was being pulled, empty if the engine does not name it."""
    for text in (said, *reversed(tail)):
        found = _BASE.search(text)
        if found:
            return str(next(filter(None, found.groups())))
    return ""


def _always(hint: str) -> Hint:
    return lambda _said, _tail: hint


def _named(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


# The order matters: a step's output may contain any text.
_CAUSES = (
    _Cause(_STEP, _offline_hint, "the engine has no network: "),
    _Cause(
        _STEP,
        _always("fix the command in the Dockerfile; its last lines are above"),
        is_input=True,
    ),
    _Cause(_LIMIT, _limit_hint, "the registry's pull limit is reached: "),
    _Cause(_ANY, lambda said, _tail: login_hint(said)),
    _Cause(
        _named("no space left on device"),
        _always("free space for the engine's images: docker system prune"),
    ),
    _Cause(
        _named(r"network bridge not found|network \S+ not found"),
        _always("start the engine with a network, which RUN needs, or use --engine docker"),
        "the engine has no network: ",
    ),
    _Cause(
        _named("cannot connect to the docker daemon|error during connect"),
        _always("start Docker, or set DOCKER_HOST to a running engine; check with: docker info"),
    ),
    _Cause(
        _named("permission denied while trying to connect"),
        _always("add your user to the group docker, or set DOCKER_HOST to an engine of yours"),
    ),
    _Cause(
        _named("x509:|http response to https client"),
        _always("the engine does not trust the registry: add its certificate to the engine"),
    ),
    _Cause(
        _named(
            r"\b50[0234] (?:internal|bad gateway|service un|gateway)|status(?: code)?:? 50[0234]"
        ),
        _always("run the same command again when the registry works"),
        "the registry failed: ",
    ),
    _Cause(_NETWORK, _network_hint, "the engine has no connection: "),
    _Cause(
        _named("requires BuildKit"),
        _always("build it with --engine buildx, or remove what only BuildKit supports"),
        is_input=True,
    ),
    _Cause(
        _named("unknown flag"),
        _always(
            "this BuildKit is too old for that flag, or it is misspelled: start the Dockerfile "
            "with `# syntax=docker/dockerfile:1`, or use a newer BuildKit with --builder"
        ),
        is_input=True,
    ),
    _Cause(
        _named(
            "failed to (?:compute cache key|calculate checksum)|file not found in build context"
        ),
        _always("check that the file is in the build context, and not in its .dockerignore"),
        is_input=True,
    ),
    _Cause(
        _ABSENT,
        _always("check the image's name, tag and platform in the Dockerfile's FROM"),
        is_input=True,
    ),
)
_DOCKERFILE = _Cause(_ANY, _always("fix the Dockerfile; the build's log is above"), is_input=True)
_UNKNOWN = _Cause(_ANY, _always("the build's log is above; list builders with: docker buildx ls"))
