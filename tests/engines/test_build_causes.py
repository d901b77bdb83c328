"""The causes of failed builds, by real failures of the engines if they can be provoked here."""

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import buildx_plugin
import daemons
import pytest

from cjob.engines.build_failures import failure
from cjob.engines.buildx import Buildx
from cjob.engines.docker_api import connect
from cjob.engines.engine import Builder, BuildOptions, ImageBuild
from cjob.reporting.errors import CjobError, InputError, ServiceError

# docker-py leaves the sockets of refused connections to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

LIMIT = "You have reached your unauthenticated pull rate limit."


class Failing(BaseHTTPRequestHandler):
    """A registry that answers with the status in the image's name."""

    codes: ClassVar[Mapping[int, str]] = {429: "TOOMANYREQUESTS", 503: "UNAVAILABLE"}

    def do_GET(self) -> None:
        """Refuse every request."""
        name = self.path.split("/")[2] if self.path != "/v2/" else ""
        status = int(name) if name.isdecimal() else 200
        body = json.dumps({"errors": [{"code": self.codes.get(status), "message": LIMIT}]})
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="here"')
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body.encode())

    do_HEAD = do_GET  # noqa: N815 - http.server's name

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def failing() -> Iterator[str]:
    """Run such a registry, and return its host."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Failing) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


Failure = Callable[..., list[CjobError]]


@pytest.fixture
def failures(dockerd: daemons.Dockerd, tmp_path: Path) -> Failure:
    """Return a function that builds a Dockerfile with both engines, and returns the errors."""
    classic = connect({"DOCKER_HOST": dockerd.host})
    own = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "DOCKER_HOST": dockerd.host}
    config = buildx_plugin.configured(tmp_path / "docker")
    context = tmp_path / "context"
    context.mkdir()

    def error(builder: Builder, recipe: ImageBuild) -> CjobError:
        with pytest.raises((InputError, ServiceError)) as raised:
            builder.build(recipe, lambda _: None)
        return raised.value

    def errors(*lines: str) -> list[CjobError]:
        (context / "Dockerfile").write_text("\n".join([*lines, ""]))
        wanted = ImageBuild(container="report", context=context, dockerfile=context / "Dockerfile")
        return [
            error(one, wanted) for one in (classic, Buildx(classic, BuildOptions(), own | config))
        ]

    return errors


def test_a_credential_helper_that_hangs_ends_a_build_of_buildx(
    failing: str, dockerd: daemons.Dockerd, tmp_path: Path
) -> None:
    """It prints nothing, so the limit for silent builds ends it."""
    config = buildx_plugin.configured(tmp_path / "docker")
    helpers = {"credHelpers": {failing: "hanging"}}
    (tmp_path / "docker/config.json").write_text(json.dumps(helpers))
    program = tmp_path / "docker-credential-hanging"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\nexec sleep 600\n")
    program.chmod(0o755)
    (tmp_path / "Dockerfile").write_text(f"FROM {failing}/401/base:1\n")
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": "/nonexistent"}
    engine = connect({"DOCKER_HOST": dockerd.host})
    own = {**path, **config, "DOCKER_HOST": dockerd.host}
    builder = Buildx(engine, BuildOptions(), own, silence_limit_s=2)
    wanted = ImageBuild(container="report", context=tmp_path, dockerfile=tmp_path / "Dockerfile")
    with pytest.raises(ServiceError, match="no output for 2 seconds"):
        builder.build(wanted, lambda _: None)
    assert (tmp_path / "asked").exists()


def test_a_registry_s_pull_limit_is_named(failing: str, failures: Failure) -> None:
    """The hint is to log in, which raises the limit."""
    for error in failures(f"FROM {failing}/429/base:1"):
        assert "failed: the registry's pull limit is reached: " in error.message
        assert (error.status, "docker login 127.0.0.1" in error.hint) == (3, True)


def test_a_registry_that_fails_is_named(failing: str, failures: Failure) -> None:
    """The error is not in the input."""
    for error in failures(f"FROM {failing}/503/base:1"):
        assert "failed: the registry failed: " in error.message
        assert error.status == 3


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("FROM 127.0.0.1:9/base:1", "docker pull 127.0.0.1:9/base:1"),
        ("FROM registry.invalid/base:1", "docker pull registry.invalid/base:1"),
        ("FROM alpine:3", "alpine:3"),
    ],
)
def test_a_registry_that_cannot_be_reached_is_the_network_s(
    line: str, hint: str, failures: Failure
) -> None:
    """The connection is refused, or the host has no address."""
    for error in failures(line):
        assert "failed: the engine has no connection: " in error.message
        assert (error.status, error.hint.endswith(hint)) == (3, True), error.hint


def test_an_engine_without_a_network_is_not_the_dockerfile_s_fault(failures: Failure) -> None:
    """BuildKit starts no command without a network."""
    _, error = failures("FROM scratch", "COPY Dockerfile /", 'RUN ["/none"]')
    assert "failed: the engine has no network: " in error.message
    assert error.status == 3


@pytest.mark.parametrize(
    ("lines", "line"),
    [(("FROM scratch", "COPY absent /"), 0), (("FROM scratch", "FRM x"), 2), (("# nothing",), 0)],
)
def test_what_the_dockerfile_has_wrong_is_an_error_in_the_input(
    lines: tuple[str, ...], line: int, failures: Failure
) -> None:
    """A missing file, an unknown instruction, or an empty Dockerfile."""
    for error in failures(*lines):
        assert error.status == 2
        assert error.place.endswith(f"Dockerfile:{line}" if line else "")


RECIPE = ImageBuild(container="report", context=Path("/w"), dockerfile=Path("/w/Dockerfile"))
HUB = (
    "ERROR: failed to solve: alpine:3: failed to resolve source metadata for "
    "docker.io/library/alpine:3: failed to copy: httpReadSeeker: failed open: unexpected status "
    "code https://registry-1.docker.io/v2/library/alpine/manifests/sha256:1: 429 Too Many Requests"
    " - Server message: toomanyrequests: You have reached your pull rate limit."
)


@pytest.mark.parametrize(
    ("said", "status", "hint"),
    [
        (HUB, 3, "build FROM public.ecr.aws/docker/library/alpine:3"),
        ("toomanyrequests: Rate exceeded", 3, "build FROM public.ecr.aws/docker/library/NAME"),
        (
            (
                "ERROR: failed to solve: node:20: failed to do request: Head "
                '"https://registry-1.docker.io/v2/library/node/manifests/20": net/http: '
                "TLS handshake timeout"
            ),
            3,
            "docker pull node:20",
        ),
        (
            "ERROR: failed to solve: DeadlineExceeded: context deadline exceeded",
            3,
            "check the engine's network, DNS and proxy",
        ),
        (
            (
                'ERROR: failed to solve: process "/bin/sh -c curl nowhere" did not complete '
                "successfully: exit code: 6"
            ),
            2,
            "fix the command in the Dockerfile; its last lines are above",
        ),
        (
            "ERROR: failed to solve: nope:1: nope:1: not found",
            2,
            "check the image's name, tag and platform in the Dockerfile's FROM",
        ),
        (
            "manifest for busybox:nope not found: manifest unknown: manifest unknown",
            2,
            "check the image's name, tag and platform in the Dockerfile's FROM",
        ),
        ("ERROR: no space left on device", 3, "docker system prune"),
        ("ERROR: Cannot connect to the Docker daemon at unix:///x.", 3, "check with: docker info"),
        ("ERROR: failed to frobnicate", 3, "docker buildx ls"),
        ("ERROR: failed to solve: frobnicated", 2, "fix the Dockerfile"),
    ],
)
def test_the_words_of_other_versions_are_known(said: str, status: int, hint: str) -> None:
    """Messages of daemons and registries that can't be run in tests."""
    began = "ERROR" not in said or "solve" in said
    error = failure(RECIPE, said, (), began=began)
    assert (error.status, hint in error.hint) == (status, True), error.hint
    assert "failed to solve" not in error.message


EXIT = 'process "/bin/sh -c pip install x" did not complete successfully: exit code: 1'
SHOWN = ("Dockerfile:7", "-" * 20)


@pytest.mark.parametrize(
    ("tail", "status", "place"),
    [
        (("#5 1.2 Temporary failure in name resolution", f"#5 ERROR: {EXIT}", *SHOWN), 3, ""),
        (("Step 2/3 : RUN npm ci", "npm ERR! getaddrinfo EAI_AGAIN registry.example"), 3, ""),
        (("#5 1.2 curl: Could not resolve host: nowehre", f"#5 ERROR: {EXIT}"), 2, ""),
        (
            ("#4 1.2 Network is unreachable", "#5 1.2 no such module", f"#5 ERROR: {EXIT}", *SHOWN),
            2,
            "/w/Dockerfile:7",
        ),
        (("Step 1/2 : RUN a", "Network is unreachable", "Step 2/2 : RUN false"), 2, ""),
        ((), 2, ""),
    ],
)
def test_a_command_fails_by_the_network_only_if_its_own_output_has_that(
    tail: tuple[str, ...], status: int, place: str
) -> None:
    """A wrong host name, or the output of another step, is another cause."""
    error = failure(RECIPE, f"ERROR: failed to solve: {EXIT}", tail)
    assert (error.status, error.place) == (status, place)
    assert ("the engine has no network: " in error.message) == (status == 3)
