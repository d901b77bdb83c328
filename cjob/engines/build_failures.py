"""Why a build failed: the registry's pull limit, the network, the engine, or the Dockerfile.

Takes what the engine said, returns the error to show: an InputError if the person's files have to
change, otherwise a ServiceError. Touches nothing.
"""

import itertools
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from cjob.engines.engine import ImageBuild
from cjob.engines.errors import login_hint
from cjob.reporting.errors import CjobError, InputError, ServiceError

MIRROR = "public.ecr.aws/docker/library"
"""Where AWS has Docker Hub's official images, with a far higher limit."""

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
"""What programs print that find no network, or no DNS; a wrong host name has other words."""

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
    """A cause: how engines put it, what to do, what it is called, and whose fault it is.

    It is not this one if its hint is empty.
    """

    said: re.Pattern[str]
    hint: Hint
    name: str = ""
    is_input: bool = False


def failure(
    image_build: ImageBuild, said: str, tail: Sequence[str], *, began: bool = True
) -> CjobError:
    """Return the error for a failed build.

    `said` is the engine's own error, `tail` the last lines of the build. A build that never `began`
    is not the Dockerfile's fault unless that is certain.
    """
    subject = f'building the image of container "{image_build.container}"'
    shown = _PREFIX.sub("", said, count=1) or "it ended without an image"
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
    """Return the line of the Dockerfile that the engine shows for a failure, 0 without one."""
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
    """Return what the step that failed has printed."""
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
    pull = f": `docker pull {base}` must work" if base not in ("", "scratch") else ""
    return f"check the engine's network, DNS and proxy{pull}"


def _base(said: str, tail: Sequence[str]) -> str:
    """Return the base image that was being pulled, as far as the engine said which."""
    for text in (said, *reversed(tail)):
        found = _BASE.search(text)
        if found:
            return str(next(filter(None, found.groups())))
    return ""


def _always(hint: str) -> Hint:
    return lambda _said, _tail: hint


def _named(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


# In this order: a step's own output may say anything.
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
        _always("make room where the engine keeps its images: docker system prune"),
    ),
    _Cause(
        _named(r"network bridge not found|network \S+ not found"),
        _always("start the engine with a network, which RUN needs, or use --engine docker"),
        "the engine has no network: ",
    ),
    _Cause(
        _named("cannot connect to the docker daemon|error during connect"),
        _always("start Docker, or set DOCKER_HOST to an engine that runs; `docker info` must work"),
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
        _always("wait for the registry to work again; then run the same command again"),
        "the registry failed: ",
    ),
    _Cause(_NETWORK, _network_hint, "the engine has no connection: "),
    _Cause(
        _named("requires BuildKit"),
        _always("build it with --engine buildx, or do without what only BuildKit has"),
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
_UNKNOWN = _Cause(_ANY, _always("the build's log is above; see the builders: docker buildx ls"))
