"""The Docker engine, with a real daemon and a real registry."""

import base64
import gc
import json
import os
import shutil
import signal
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import buildx_plugin
import daemons
import docker
import programs
import pytest

from cjob.engines.buildx import Buildx
from cjob.engines.docker_api import DockerEngine, connect
from cjob.engines.engine import BuildOptions, Built, ImageBuild, Login
from cjob.engines.errors import login_hint
from cjob.reporting.errors import InputError, ServiceError

PASSWORD = "right"

# docker-py leaves the sockets of refused and broken connections to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture(autouse=True)
def _sockets_collected() -> Iterator[None]:
    """Collect them before another file's test could be blamed."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[daemons.Registry]:
    """Run one registry, which asks for a password, for all tests of this file."""
    running = daemons.start_registry(tmp_path_factory.mktemp("registry"), PASSWORD)
    yield running
    running.stop()


@pytest.fixture
def engine(dockerd: daemons.Dockerd) -> DockerEngine:
    """Connect to the daemon as a command does."""
    return connect({"DOCKER_HOST": dockerd.host})


@pytest.fixture
def recipe(tmp_path: Path) -> Callable[..., ImageBuild]:
    """Make recipes for a Dockerfile given by its lines; the context has a file `hello`."""

    def make(*lines: str, **rest: object) -> ImageBuild:
        (tmp_path / "hello").write_text("hello")
        (tmp_path / "Dockerfile").write_text("\n".join([*lines, ""]))
        values = {"container": "report", "context": tmp_path, **rest}
        return ImageBuild(**{"dockerfile": tmp_path / "Dockerfile", **values})  # type: ignore[arg-type]

    return make


def inspected(dockerd: daemons.Dockerd, image: str) -> dict[str, object]:
    """Ask the daemon what it knows of an image."""
    with closing(docker.APIClient(base_url=dockerd.host)) as client:
        return client.inspect_image(image)  # type: ignore[no-any-return, no-untyped-call]


def quiet(_: str) -> None:
    """Ignore a line."""


# Building


def test_an_image_is_built_with_its_labels_and_lines_are_reported(
    engine: DockerEngine, dockerd: daemons.Dockerd, recipe: Callable[..., ImageBuild]
) -> None:
    """The id is the engine's, the platform that of the image."""
    lines: list[str] = []
    wanted = recipe("FROM scratch", "COPY hello /hello", labels={"a": "b"})
    built = engine.build(wanted, lines.append)
    found = inspected(dockerd, built.id)
    assert (found["Id"], found["Config"]["Labels"]) == (built.id, {"a": "b"})  # type: ignore[index]
    assert built.platform == f"{found['Os']}/{found['Architecture']}"
    assert lines[0] == "Step 1/3 : FROM scratch"
    assert not any("\n" in line for line in lines)


def test_stage_and_arguments_reach_the_builder(
    engine: DockerEngine, dockerd: daemons.Dockerd, recipe: Callable[..., ImageBuild]
) -> None:
    """Of two stages the named one is the image, made with the argument's value."""
    lines = ["FROM scratch AS first", "ARG word", "LABEL said=$word", "COPY hello /"]
    wanted = recipe(*lines, "FROM scratch", "COPY hello /b", target="first", args={"word": "hi"})
    found = inspected(dockerd, engine.build(wanted, quiet).id)
    assert found["Config"]["Labels"] == {"said": "hi"}  # type: ignore[index]


def test_the_dockerfile_may_stand_outside_the_context(
    engine: DockerEngine, recipe: Callable[..., ImageBuild], tmp_path: Path
) -> None:
    """Its path is not relative to the context."""
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "only").write_text("x")
    assert engine.build(recipe("FROM scratch", "COPY only /", context=inner), quiet).id


def test_what_is_ignored_stays_outside_and_a_named_image_is_a_cache(
    engine: DockerEngine,
    dockerd: daemons.Dockerd,
    recipe: Callable[..., ImageBuild],
    tmp_path: Path,
) -> None:
    """The context's .dockerignore counts; of `cache_from` a step is taken over."""
    (tmp_path / ".dockerignore").write_text("lef*\n")
    (tmp_path / "left").write_text("x")
    lines = ("FROM scratch", "COPY . /")
    first = engine.build(recipe(*lines), quiet)
    with closing(docker.APIClient(base_url=dockerd.host)) as client:
        exported = b"".join(client.export(client.create_container(first.id, "x")))
        client.tag(first.id, "kept", "1")
    assert (b"hello" in exported, b"left" in exported) == (True, False)
    told: list[str] = []
    assert engine.build(recipe(*lines, cache_from=("kept:1",)), told.append) == first
    assert " ---> Using cache" in told


def test_an_image_of_another_platform_is_not_taken_from_the_cache(
    engine: DockerEngine, recipe: Callable[..., ImageBuild]
) -> None:
    """The classic builder would give the first one again."""
    lines = ("FROM scratch", "COPY hello /hello")
    first = engine.build(recipe(*lines, platform="linux/x86_64"), quiet)
    second = engine.build(recipe(*lines, platform="linux/arm64"), quiet)
    assert (first.platform, second.platform) == ("linux/amd64", "linux/arm64")
    assert first.id != second.id


def test_an_image_that_can_only_be_of_another_platform_says_so(
    engine: DockerEngine, recipe: Callable[..., ImageBuild]
) -> None:
    """A Dockerfile may fix its platform; the stage refuses what would not run."""
    base = engine.build(recipe("FROM scratch", "COPY hello /", platform="linux/amd64"), quiet)
    wanted = recipe(f"FROM {base.id}", "LABEL a=b", platform="linux/arm64")
    assert engine.build(wanted, quiet).platform == "linux/amd64"


def test_an_image_is_found_by_one_of_its_ids(
    engine: DockerEngine, recipe: Callable[..., ImageBuild]
) -> None:
    """What the daemon has not is passed over."""
    built = engine.build(recipe("FROM scratch", "COPY hello /"), quiet)
    unknown = "sha256:" + "0" * 64
    assert engine.find([unknown, built.id]) == built
    assert engine.find([unknown]) is None


def test_a_dockerfile_with_bad_syntax_is_refused_with_its_line(
    engine: DockerEngine, recipe: Callable[..., ImageBuild]
) -> None:
    """It is the person's to fix, wherever the daemon noticed it."""
    wanted = recipe("FROM scratch", "FRM scratch")
    with pytest.raises(InputError, match="unknown instruction: FRM") as raised:
        engine.build(wanted, quiet)
    assert raised.value.place == f"{wanted.dockerfile}:2"


def test_a_failed_step_is_an_error_in_the_dockerfile(
    engine: DockerEngine, recipe: Callable[..., ImageBuild]
) -> None:
    """The error names it, and the log's lines are reported once."""
    lines: list[str] = []
    with pytest.raises(InputError) as raised:
        engine.build(recipe("FROM scratch", "COPY absent /"), lines.append)
    assert raised.value.message.startswith(
        "building the image of container 'report' failed: COPY failed: file not found"
    )
    assert "Step" not in raised.value.message
    assert lines.count("Step 2/2 : COPY absent /") == 1


def test_what_only_buildkit_can_do_is_told_as_such(
    engine: DockerEngine, recipe: Callable[..., ImageBuild]
) -> None:
    """The hint names what is not available here."""
    with pytest.raises(InputError, match="--mount option requires BuildKit") as raised:
        engine.build(recipe("FROM scratch", 'RUN --mount=type=secret,id=x ["/x"]'), quiet)
    assert "--engine buildx" in raised.value.hint


# The daemon


def test_no_daemon_is_told_with_what_to_do(tmp_path: Path) -> None:
    """DOCKER_HOST names a socket that isn't there."""
    where = f"unix://{tmp_path}/none.sock"
    with pytest.raises(ServiceError) as raised:
        connect({"DOCKER_HOST": where})
    assert raised.value.message == (
        f'reaching the container engine at "{where}" failed: No such file or directory'
    )
    assert "DOCKER_HOST" in raised.value.hint


def test_a_malformed_address_is_told(tmp_path: Path) -> None:
    """So is TLS without its certificates."""
    environment = {"DOCKER_HOST": "tcp://127.0.0.1:1", "DOCKER_CERT_PATH": str(tmp_path)}
    with pytest.raises(ServiceError, match="reaching the container engine failed"):
        connect(environment)
    with pytest.raises(ServiceError, match='reaching the container engine at "what is this" fail'):
        connect({"DOCKER_HOST": "what is this"})


def test_the_current_docker_context_is_used(
    dockerd: daemons.Dockerd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If DOCKER_HOST is not set; DOCKER_CONTEXT names another."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    daemons.context_folder(tmp_path, "private", dockerd.host)
    daemons.context_folder(tmp_path, "dead", f"unix://{tmp_path}/none.sock")
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": "private"}))
    assert connect({})
    with pytest.raises(ServiceError):
        connect({"DOCKER_CONTEXT": "dead"})
    with pytest.raises(InputError, match='there is no docker context "absent"'):
        connect({"DOCKER_CONTEXT": "absent"})
    assert connect({"DOCKER_CONTEXT": "dead", "DOCKER_HOST": dockerd.host})


class Podman(BaseHTTPRequestHandler):
    """By the answer of podman's service, which is not installed everywhere."""

    def do_GET(self) -> None:
        """Answer every question with the version."""
        engine = {"Name": "Podman Engine", "Version": "4.3.1"}
        body = json.dumps({"ApiVersion": "1.41", "Components": [engine]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def test_podman_is_known_by_its_version(engine: DockerEngine) -> None:
    """It has no BuildKit, which a Docker daemon has."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Podman) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        found = connect({"DOCKER_HOST": f"tcp://127.0.0.1:{server.server_port}"})
        server.shutdown()
    assert (found.has_buildkit, engine.has_buildkit) == (False, True)


# Pushing


@pytest.fixture
def built(engine: DockerEngine, recipe: Callable[..., ImageBuild]) -> Built:
    """Build an image."""
    return engine.build(recipe("FROM scratch", "COPY hello /hello"), quiet)


def login(registry: daemons.Registry, password: str = PASSWORD) -> Login:
    """Return the registry's user."""
    return Login(username="AWS", password=password, host=registry.address)


def registry_digest(registry: daemons.Registry, name: str, tag: str) -> str:
    """Ask the registry itself for the digest of a tag."""
    request = urllib.request.Request(
        f"http://{registry.address}/v2/{name}/manifests/{tag}",
        headers={
            "Accept": "application/vnd.docker.distribution.manifest.v2+json",
            "Authorization": "Basic " + base64.b64encode(f"AWS:{PASSWORD}".encode()).decode(),
        },
        method="HEAD",
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
        return str(answer.headers["Docker-Content-Digest"])


def test_every_tag_is_pushed_and_the_digest_is_the_registry_s(
    engine: DockerEngine, registry: daemons.Registry, built: Built
) -> None:
    """All tags of an image have one digest."""
    lines: list[str] = []
    repository = f"{registry.address}/acme/report"
    tags = ("latest", "1a2b3c4")
    digest = engine.push(built.id, repository, tags, login(registry), lines.append).digest
    assert [digest, digest] == [registry_digest(registry, "acme/report", tag) for tag in tags]
    assert any(line.startswith("1a2b3c4: digest: sha256:") for line in lines)


@pytest.fixture
def buildx(engine: DockerEngine, dockerd: daemons.Dockerd, tmp_path: Path) -> Buildx:
    """Build with BuildKit in the same daemon."""
    own = {"PATH": os.environ["PATH"], "DOCKER_HOST": dockerd.host}
    return Buildx(engine, BuildOptions(), own | buildx_plugin.configured(tmp_path / "docker"))


def test_what_buildx_built_is_pushed_as_any_other(
    engine: DockerEngine,
    buildx: Buildx,
    registry: daemons.Registry,
    recipe: Callable[..., ImageBuild],
) -> None:
    """It is in the same daemon; its digest is the registry's, which buildx could not know."""
    built = buildx.build(recipe("FROM scratch", "COPY --chmod=755 hello /hello"), quiet)
    repository = f"{registry.address}/acme/report"
    digest = engine.push(built.id, repository, ["x"], login(registry), quiet).digest
    assert digest == registry_digest(registry, "acme/report", "x") != built.id


def test_a_wrong_password_is_told(
    engine: DockerEngine, registry: daemons.Registry, built: Built
) -> None:
    """The registry's refusal, with a hint at credentials."""
    wrong = login(registry, "wrong")
    with pytest.raises(ServiceError, match="unauthorized: authentication required") as raised:
        engine.push(built.id, f"{registry.address}/acme/report", ["latest"], wrong, quiet)
    assert "credentials" in raised.value.hint
    assert "wrong" not in repr(wrong)


def test_a_base_image_that_needs_a_login_is_told_with_the_command(
    engine: DockerEngine,
    buildx: Buildx,
    registry: daemons.Registry,
    built: Built,
    recipe: Callable[..., ImageBuild],
) -> None:
    """Builds have what docker's own configuration has, and nothing is asked of AWS for them."""
    base = f"{registry.address}/acme/private"
    engine.push(built.id, base, ["v1"], login(registry), quiet)
    wanted = recipe(f"FROM {base}:v2", "COPY hello /again")
    for builder in (engine, buildx):
        with pytest.raises(ServiceError) as raised:
            builder.build(wanted, quiet)
        assert raised.value.hint.endswith(f"first: docker login {registry.address}")


ECR = "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn"


@pytest.mark.parametrize(
    "said",
    [
        f'Head "https://{ECR}/v2/acme/base/manifests/1": no basic auth credentials',
        (
            f"pull access denied for {ECR}/acme/base, repository does not exist or may require "
            "'docker login': denied: Your authorization token has expired."
        ),
        (
            f"failed to create LLB definition: pulling from host {ECR} failed with status code "
            "[manifests 1]: 401 Unauthorized"
        ),
        (
            f"ERROR: failed to solve: {ECR}/acme/base:1: unexpected status from HEAD request to "
            f"https://{ECR}/v2/acme/base/manifests/1: 401 Unauthorized"
        ),
    ],
)
def test_for_a_base_image_in_ecr_the_command_is_aws_own(said: str) -> None:
    """In whatever words the engine has it."""
    assert login_hint(said) == (
        "sign in to the base image's registry first: aws ecr get-login-password --region "
        f"cn-north-1 | docker login --username AWS --password-stdin {ECR}"
    )


@pytest.mark.parametrize(
    "said",
    [
        "COPY failed: file not found in build context or excluded by .dockerignore",
        f'Get "https://{ECR}/v2/": dial tcp: lookup {ECR}: no such host',
        "pull access denied for nowhere, repository does not exist or may require 'docker login'",
    ],
)
def test_other_failures_are_no_matter_of_a_login(said: str) -> None:
    """There is no hint to log in if that would not help."""
    assert login_hint(said) == ""


HELPER = """\
#!/bin/sh
read server
[ "$1" = get ] || exit 1
printf '{"ServerURL":"%s","Username":"AWS","Secret":"of %s"}' "$server" "$server"
"""


def test_ecrs_helper_is_asked_where_dockers_configuration_says_so(
    engine: DockerEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For the registry that it is named for, or all; other stores are left alone, as by Copilot."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    program = tmp_path / "docker-credential-ecr-login"

    def found(config: Mapping[str, object]) -> Login | None:
        (tmp_path / "config.json").write_text(json.dumps(config))
        return engine.login(ECR)

    named = {"credHelpers": {ECR: "ecr-login"}}
    assert found(named) is None, "it isn't installed, so AWS is asked for a token"
    program.write_text(HELPER)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    expected = Login(username="AWS", password=f"of {ECR}", host=ECR)
    assert [found(named), found({"credsStore": "ecr-login"})] == [expected, expected]
    assert found({"credHelpers": {"elsewhere": "ecr-login"}}) is None
    assert found({"credsStore": "desktop"}) is None
    assert found({}) is None
    for script in ("echo no such thing; exit 1", "echo {}", "echo nothing of the kind"):
        program.write_text(f"#!/bin/sh\n{script}\n")
        with pytest.raises(ServiceError, match=r"signing in to .* with docker-credential"):
            found(named)


def test_a_helper_that_hangs_is_not_waited_for_for_ever(
    dockerd: daemons.Dockerd,
    recipe: Callable[..., ImageBuild],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A push needs its credentials; a build reports it, and goes without them."""
    config, program = tmp_path / "docker", tmp_path / "docker/docker-credential-ecr-login"
    config.mkdir()
    (config / "config.json").write_text(json.dumps({"credHelpers": {ECR: "ecr-login"}}))
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setenv("DOCKER_CONFIG", str(config))
    monkeypatch.setenv("PATH", f"{config}:{os.environ['PATH']}")
    engine = DockerEngine({"base_url": dockerd.host, "version": "1.41"}, helper_s=0.2)
    with pytest.raises(ServiceError, match=r"docker-credential-ecr-login did not answer for 0\.2"):
        engine.login(ECR)
    lines: list[str] = []
    assert engine.build(recipe("FROM scratch", "COPY hello /"), lines.append).id
    [warning] = [line for line in lines if line.startswith("warning: ")]
    assert "no credentials from docker-credential-ecr-login: " in warning


class Uploading(BaseHTTPRequestHandler):
    """A daemon that looks into a folder while a context is being sent."""

    folder: ClassVar[Path]
    seen: ClassVar[list[Path]]

    def do_POST(self) -> None:
        """Look, take the context, and refuse it."""
        self.seen.extend(self.folder.iterdir())
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(400)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def test_a_context_has_no_file_that_could_stay(
    recipe: Callable[..., ImageBuild], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the process ends while it is sent."""
    Uploading.folder, Uploading.seen = tmp_path / "tmp", []
    Uploading.folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(Uploading.folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), Uploading) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        address = f"tcp://127.0.0.1:{server.server_port}"
        engine = DockerEngine({"base_url": address, "version": "1.41"})
        with pytest.raises(InputError):
            engine.build(recipe("FROM scratch"), quiet)
        server.shutdown()
    assert Uploading.seen == []


def test_a_registry_that_is_down_is_told(
    engine: DockerEngine, built: Built, tmp_path: Path
) -> None:
    """The engine could not connect."""
    gone = daemons.start_registry(tmp_path)
    gone.stop()
    with pytest.raises(ServiceError, match="connection refused") as raised:
        engine.push(built.id, f"{gone.address}/acme/report", ["latest"], login(gone), quiet)
    assert "reach the registry" in raised.value.hint


def test_a_frozen_registry_does_not_hold_the_push_for_ever(
    dockerd: daemons.Dockerd, built: Built, tmp_path: Path
) -> None:
    """Silence is an error after a bounded time."""
    frozen = daemons.start_registry(tmp_path)
    impatient = DockerEngine({"base_url": dockerd.host, "version": "1.41"}, push_silence_limit_s=1)
    frozen.running.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(ServiceError, match="no answer for 1 seconds"):
            impatient.push(
                built.id, f"{frozen.address}/acme/report", ["latest"], login(frozen), quiet
            )
    finally:
        frozen.running.send_signal(signal.SIGCONT)
        frozen.stop()


def test_an_image_of_another_engine_is_refused(
    engine: DockerEngine, registry: daemons.Registry
) -> None:
    """Its id is valid on the engine that built it."""
    unknown = "sha256:" + "0" * 64
    with pytest.raises(InputError, match="has no image") as raised:
        engine.push(unknown, f"{registry.address}/a/b", ["latest"], login(registry), quiet)
    assert "push from the engine that built it" in raised.value.hint


# What breaks in the middle


@pytest.fixture
def slow(recipe: Callable[..., ImageBuild], tmp_path: Path) -> ImageBuild:
    """Return a recipe whose last step speaks once and then sleeps for a minute."""
    programs.needs("busybox")
    shutil.copy(shutil.which("busybox") or "", tmp_path / "busybox")
    script = "echo begun; sleep 1; echo still; sleep 60"
    run = json.dumps(["/busybox", "sh", "-c", script.replace("sleep", "/busybox sleep")])
    return recipe("FROM scratch", "COPY busybox /busybox", f"RUN {run}")


def test_a_build_whose_report_raises_is_cancelled(
    engine: DockerEngine, dockerd: daemons.Dockerd, slow: ImageBuild
) -> None:
    """After a failure of another build the daemon stops the running step."""

    class Enough(Exception):  # noqa: N818 - it stands for whatever may be raised
        pass

    def report(line: str) -> None:
        if line == "still":
            raise Enough

    with pytest.raises(Enough):
        engine.build(slow, report)
    ends = time.monotonic() + 20
    with closing(docker.APIClient(base_url=dockerd.host)) as client:
        while client.containers():
            assert time.monotonic() < ends, "the step still runs"
            time.sleep(0.1)
