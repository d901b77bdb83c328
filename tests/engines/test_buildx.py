"""BuildKit as an engine: the real plugin, and a real daemon behind it."""

import gc
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import buildx_plugin
import daemons
import docker
import programs
import pytest

from cjob.engines import buildx
from cjob.engines.buildx import Buildx, arguments, mask
from cjob.engines.docker_api import connect
from cjob.engines.engine import BuildOptions, Built, ImageBuild, NoBuildxError, Secret
from cjob.reporting.errors import InputError, ServiceError

# docker-py leaves the sockets of refused and broken connections to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

ROOT = Path(__file__).resolve().parents[2]

TOKEN = "hunter22-of-the-test"
KEY = "-----BEGIN\nline one of it\n-----END\n"
PATH = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}


@pytest.fixture(autouse=True)
def _sockets_collected() -> Iterator[None]:
    """Collect them before another file's test could be blamed."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def dockerd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[daemons.Dockerd]:
    """Run one daemon for all tests of this file; nothing is pushed here."""
    running = daemons.start_dockerd(tmp_path_factory.mktemp("dockerd"), apart=True)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def environment(
    dockerd: daemons.Dockerd, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Return the variables that buildx is found with."""
    config = buildx_plugin.configured(tmp_path_factory.mktemp("docker") / "config")
    return {**PATH, **config, "DOCKER_HOST": dockerd.host}


Build = Callable[..., Built]


@pytest.fixture
def build(dockerd: daemons.Dockerd, environment: Mapping[str, str]) -> Build:
    """Return a function that builds an image with options and more variables."""

    def built(
        recipe: ImageBuild,
        report: Callable[[str], None] = print,
        options: BuildOptions = BuildOptions(),  # noqa: B008 - it is frozen
        **more: str,
    ) -> Built:
        buildx.check(options, environment)
        store = connect({"DOCKER_HOST": dockerd.host})
        return Buildx(store, options, {**environment, **more}).build(recipe, report)

    return built


@pytest.fixture
def recipe(tmp_path: Path) -> Callable[..., ImageBuild]:
    """Make recipes for a Dockerfile given by its lines; the context has busybox."""
    programs.needs("busybox")
    shutil.copy(shutil.which("busybox") or "", tmp_path / "busybox")

    def make(*lines: str, **rest: object) -> ImageBuild:
        (tmp_path / "Dockerfile").write_text("\n".join([*lines, ""]))
        values = {"container": "report", "context": tmp_path, **rest}
        return ImageBuild(**{"dockerfile": tmp_path / "Dockerfile", **values})  # type: ignore[arg-type]

    return make


def script(text: str, flags: str = "") -> str:
    """Return a RUN of a shell's script, in an image that has busybox alone."""
    return f"RUN {flags} " + json.dumps(["/busybox", "sh", "-c", text])


START = ("FROM scratch", "COPY busybox /busybox")


def test_git_is_not_started_in_the_context(
    build: Build, recipe: Callable[..., ImageBuild], tmp_path: Path
) -> None:
    """Files of a context may look like a repository, with commands in its configuration."""
    git = tmp_path / "bin/git"
    git.parent.mkdir()
    git.write_text(f"#!/bin/sh\ntouch '{tmp_path}/started'\n")
    git.chmod(0o755)

    build(recipe(*START), PATH=f"{git.parent}:{PATH['PATH']}")

    assert not (tmp_path / "started").exists()


def inspected(dockerd: daemons.Dockerd, image: str) -> tuple[dict[str, object], str]:
    """Ask the daemon for an image's configuration, and for all else that it keeps of it."""
    with closing(docker.APIClient(base_url=dockerd.host)) as client:
        found = client.inspect_image(image)  # type: ignore[no-untyped-call]
        return found["Config"], json.dumps([found, client.history(image)])  # type: ignore[no-untyped-call]


# Building


def test_an_image_is_built_and_loaded_with_labels_arguments_and_stage(
    build: Build, dockerd: daemons.Dockerd, recipe: Callable[..., ImageBuild], tmp_path: Path
) -> None:
    """The Dockerfile is outside of the context, and has a .dockerignore of its own."""
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "kept").write_text("x")
    (inner / "left").write_text("x")
    (tmp_path / "Dockerfile.dockerignore").write_text("left\n")
    lines = ("FROM scratch AS first", "ARG word", "LABEL said=$word", "COPY --chmod=644 . /")
    wanted = recipe(
        *(*lines, "FROM first", "LABEL said=no"),
        context=inner,
        target="first",
        args={"word": "a b"},
        labels={"who": "me"},
        cache_from=("127.0.0.1:9/none",),
    )
    told: list[str] = []
    built = build(wanted, told.append)
    config, _ = inspected(dockerd, built.id)
    assert config["Labels"] == {"said": "a b", "who": "me"}
    assert built.platform.startswith("linux/")
    with closing(docker.APIClient(base_url=dockerd.host)) as client:
        made = client.create_container(built.id, "x")
        exported = b"".join(client.export(made))
    assert (b"kept" in exported, b"left" in exported) == (True, False)
    assert any("exporting to image" in line for line in told)


def test_an_image_says_its_own_platform(build: Build, recipe: Callable[..., ImageBuild]) -> None:
    """BuildKit's cache keeps platforms apart."""
    lines = ("FROM scratch", "COPY busybox /")
    platforms = ("linux/amd64", "linux/arm64", "linux/x86_64")
    built = [build(recipe(*lines, platform=platform)).platform for platform in platforms]
    assert built == ["linux/amd64", "linux/arm64", "linux/amd64"]


def test_a_failed_step_is_an_error_in_the_dockerfile(
    build: Build, recipe: Callable[..., ImageBuild]
) -> None:
    """The error has BuildKit's last line, and the log's lines are reported."""
    lines: list[str] = []
    wanted = recipe(*START, script("echo it broke; exit 3"))
    with pytest.raises(InputError, match="image of container 'report' failed: ") as raised:
        build(wanted, lines.append)
    assert raised.value.message.endswith("exit code: 3")
    assert any("it broke" in line for line in lines)
    assert raised.value.hint == "fix the command in the Dockerfile; its last lines are above"


def test_a_flag_that_the_daemon_s_buildkit_is_too_old_for_is_told(
    build: Build, recipe: Callable[..., ImageBuild]
) -> None:
    """A Dockerfile can name a newer frontend, which is then fetched."""
    with pytest.raises(InputError, match=r"[Uu]nknown flag: nope") as raised:
        build(recipe("FROM scratch", "COPY --nope busybox /"))
    assert "# syntax=docker/dockerfile:1" in raised.value.hint


def test_secrets_reach_the_step_and_nothing_else(
    build: Build, dockerd: daemons.Dockerd, recipe: Callable[..., ImageBuild], tmp_path: Path
) -> None:
    """In a variable or a file, whose name may have a comma; the output of a step is masked."""
    file = tmp_path / "the,key"
    file.write_text(KEY)
    cat = "/busybox cat /run/secrets/token /run/secrets/key; /busybox wc -c /run/secrets/*"
    mounts = "--mount=type=secret,id=token --mount=type=secret,id=key"
    wanted = recipe("# comment", *START, script(cat, mounts))
    secrets = (
        Secret(id="token", variable="TOKEN", value=TOKEN),
        Secret(id="key", file=str(file), value=KEY),
    )
    told: list[str] = []
    built = build(wanted, told.append, BuildOptions(secrets=secrets), TOKEN=TOKEN)
    text = "\n".join(told)
    for length, name in ((len(TOKEN), "token"), (len(KEY), "key")):
        assert f" {length} /run/secrets/{name}" in text
    _, kept = inspected(dockerd, built.id)
    command = " ".join(arguments(wanted, BuildOptions(secrets=secrets), Path("m")))
    for piece in (TOKEN, "line one of it"):
        assert piece not in text
        assert piece not in kept
        assert piece not in command
    assert "***" in text


def test_what_a_failed_build_says_is_covered_too(
    build: Build, recipe: Callable[..., ImageBuild]
) -> None:
    """Its log, and the error that repeats the command."""
    lines: list[str] = []
    show = f"/busybox cat /run/secrets/token; : {TOKEN}; exit 1"
    wanted = recipe(*START, script(show, "--mount=type=secret,id=token"))
    options = BuildOptions(secrets=(Secret(id="token", variable="TOKEN", value=TOKEN),))
    with pytest.raises(InputError) as raised:
        build(wanted, lines.append, options, TOKEN=TOKEN)
    assert TOKEN not in "\n".join([raised.value.message, *lines])
    assert "***" in raised.value.message


def test_short_pieces_of_a_secret_are_not_covered() -> None:
    """They would cover half of the text; longer pieces go before those that are in them."""
    secret = Secret(id="a", variable="A", value="abcd\nabcdef\nx\n")
    assert mask("x abcdef abcd abc", [secret]) == "x *** *** abc"


class Nowhere:
    """A daemon that is another than the one that buildx loads into."""

    has_buildkit = True

    def find(self, images: object) -> None:
        """Have none of them."""
        del images


def test_an_image_that_was_loaded_elsewhere_is_told(
    environment: Mapping[str, str], recipe: Callable[..., ImageBuild]
) -> None:
    """It could not be pushed."""
    with pytest.raises(ServiceError, match="daemon does not have"):
        Buildx(Nowhere(), BuildOptions(), environment).build(recipe(*START), print)


# Ending early


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until something holds, for so long as a slow machine may take."""
    ends = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < ends, "it does not come about"
        time.sleep(0.02)


def still_there(marker: str) -> list[str]:
    """Return the commands of all processes that have this word."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if marker in command:
            found.append(" ".join(command))
    return found


def test_a_build_whose_report_raises_leaves_nothing_running(
    build: Build, recipe: Callable[..., ImageBuild]
) -> None:
    """A failure of another build ends buildx and the step in the daemon."""

    class Enough(Exception):  # noqa: N818 - it stands for whatever may be raised
        pass

    def report(line: str) -> None:
        if "begun" in line and "echo" not in line:
            wait_for(lambda: still_there("61234"))  # the shell says so before it is the sleep
            assert still_there(str(wanted.context)), "buildx"
            raise Enough

    wanted = recipe(*START, script("echo begun; exec /busybox sleep 61234"))
    with pytest.raises(Enough):
        build(wanted, report)
    ends = time.monotonic() + 10
    while still_there("61234") or still_there(str(wanted.context)):
        assert time.monotonic() < ends, "it still runs"
        time.sleep(0.05)


MANIFEST = """\
name: report
type: Scheduled Job
image:
  build: {first}
on:
  schedule: "@daily"
sidecars:
  log:
    image:
      build: {last}
"""

CLASSIC, MOUNTED = "Dockerfile", "Dockerfile.mounted"
STOP_S = 2


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Make a workspace whose job and sidecar are built by an engine each."""
    programs.needs("busybox")
    place = tmp_path / "workspace"
    (place / "copilot/report").mkdir(parents=True)
    (place / "copilot/.workspace").write_text("application: acme\n")
    text = MANIFEST.format(first=CLASSIC, last=MOUNTED)
    (place / "copilot/report/manifest.yml").write_text(text)
    shutil.copy(shutil.which("busybox") or "", place / "busybox")
    return place


@pytest.mark.parametrize(
    ("first", "last", "ending"),
    [
        (CLASSIC, MOUNTED, signal.SIGINT),
        (CLASSIC, CLASSIC, signal.SIGTERM),
        (MOUNTED, MOUNTED, signal.SIGINT),
    ],
)
def test_ctrl_c_stops_builds_by_either_engine_and_leaves_nothing_running(
    environment: Mapping[str, str],
    workspace: Path,
    first: str,
    last: str,
    ending: signal.Signals,
) -> None:
    """Within two seconds, and without a document; two identical builds are one."""
    text = MANIFEST.format(first=first, last=last)
    (workspace / "copilot/report/manifest.yml").write_text(text)
    marker = f"6{workspace.stat().st_ino}"
    for name, flags in ((CLASSIC, ""), (MOUNTED, "--mount=type=cache,target=/x")):
        run = script(f"echo begun; exec /busybox sleep {marker}", flags)
        (workspace / name).write_text("\n".join((*START, run, "")))
    with subprocess.Popen(
        [str(ROOT / "bin/cjob-build"), "-n", "report", "-e", "test"],
        cwd=workspace,
        env={**environment, "DOCKER_BUILDKIT": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        begun: set[str] = set()
        while len(begun) < len({first, last}):
            line = running.stderr.readline() if running.stderr else ""
            assert line, running.wait()
            if line.endswith("begun\n"):
                begun.add(line.partition(":")[0])
        try:
            wait_for(lambda: len(still_there(marker)) == len(begun))
            running.send_signal(ending)
            asked = time.monotonic()
            while still_there(marker) or still_there(str(workspace)) or running.poll() is None:
                assert time.monotonic() < asked + STOP_S, "it still runs"
                time.sleep(0.02)
        finally:
            running.kill()
        assert (running.returncode, running.stdout and running.stdout.read()) == (130, "")


def test_a_command_builds_on_the_current_context_and_keeps_secrets_to_itself(
    environment: Mapping[str, str], dockerd: daemons.Dockerd, workspace: Path, tmp_path: Path
) -> None:
    """Both engines find the same daemon; what is on stdout and stderr has no secret."""
    run = script("echo nothing secret", "--mount=type=secret,id=token")
    for name, lines in (("Dockerfile", START), ("Dockerfile.mounted", (*START, run))):
        (workspace / name).write_text("\n".join((*lines, "")))
    own = {k: v for k, v in environment.items() if k != "DOCKER_HOST"}
    own |= buildx_plugin.configured(tmp_path / "docker")
    own |= {"TOKEN": TOKEN, "DOCKER_BUILDKIT": "0"}
    where = ("--docker", f"host={dockerd.host}")
    for words in (("create", "private", *where), ("use", "private")):
        subprocess.run(["docker", "context", *words], env=own, check=True, capture_output=True)
    command = [str(ROOT / "bin/cjob-build"), "-n", "report", "-e", "test"]
    mixed = subprocess.run(command, cwd=workspace, env=own, capture_output=True, check=False)
    assert mixed.returncode == 0, mixed.stderr
    ids = {image["id"] for image in json.loads(mixed.stdout)["images"].values()}
    assert len(ids) == 2
    assert all(inspected(dockerd, one) for one in ids)
    shown = run.replace("echo nothing secret", "/busybox cat /run/secrets/token")
    (workspace / "Dockerfile.mounted").write_text("\n".join((*START, shown, "")))
    command += ["--secret", "id=token,env=TOKEN", "--log-format", "json"]
    done = subprocess.run(command, cwd=workspace, env=own, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"***" in done.stderr
    assert TOKEN.encode() not in done.stdout + done.stderr


# Builders


def test_a_builder_is_used_by_its_name(build: Build, recipe: Callable[..., ImageBuild]) -> None:
    """`default` is the daemon's own."""
    assert build(recipe(*START), print, BuildOptions(builder="default"))


def test_a_builder_that_is_not_there_is_told(environment: Mapping[str, str]) -> None:
    """Before anything is built."""
    with pytest.raises(InputError, match='has no builder "nope"'):
        buildx.check(BuildOptions(builder="nope"), environment)


def test_no_docker_and_no_plugin_are_told_with_what_to_install(tmp_path: Path) -> None:
    """Docker's own words differ from version to version."""
    with pytest.raises(NoBuildxError, match="the docker command is not installed") as raised:
        buildx.check(BuildOptions(), {"PATH": str(tmp_path)})
    assert "docker-buildx" in raised.value.hint
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\nexit 1\n")
    docker.chmod(0o755)
    with pytest.raises(NoBuildxError, match="buildx is not installed"):
        buildx.check(BuildOptions(), {"PATH": str(tmp_path)})


def test_podman_does_not_build_for_buildx() -> None:
    """Unless a builder is named that does."""

    class Podman(Nowhere):
        has_buildkit = False

    with pytest.raises(NoBuildxError, match="podman has no BuildKit"):
        buildx.check_store(Podman(), BuildOptions())
    buildx.check_store(Podman(), BuildOptions(builder="far"))
    buildx.check_store(Nowhere(), BuildOptions())


def test_buildx_is_the_default(environment: Mapping[str, str], workspace: Path) -> None:
    """As `docker build` does: a stage that the target does not need is not run."""
    run = script("exit 3")
    lines = (*START, run, "FROM scratch", "COPY busybox /busybox")
    (workspace / CLASSIC).write_text("\n".join((lines[0] + " AS unneeded", *lines[1:], "")))
    text = MANIFEST.format(first=CLASSIC, last=CLASSIC)
    (workspace / "copilot/report/manifest.yml").write_text(text)
    command = [str(ROOT / "bin/cjob-build"), "-n", "report", "-e", "test"]

    def status(*flags: str, **settings: str) -> tuple[int, str]:
        done = subprocess.run(
            [*command, *flags],
            cwd=workspace,
            env={**environment, **settings},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stderr

    assert status()[0] == 0
    for flags, settings in ((("--engine", "docker"), {}), ((), {"DOCKER_BUILDKIT": "0"})):
        code, told = status(*flags, **settings)
        assert (code, "returned a non-zero code: 3" in told) == (2, True), told
        assert "the classic builder also runs unneeded stages (unneeded)" in told


BUILDKITD = """\
[worker.oci]
enabled=true
snapshotter="native"
networkMode="host"
[worker.containerd]
enabled=false
"""


@pytest.fixture
def remote(
    dockerd: daemons.Dockerd, environment: Mapping[str, str], tmp_path: Path
) -> Iterator[str]:
    """Run BuildKit apart from the daemon, and give the name of the builder that leads there."""
    if not shutil.which("buildkitd"):
        pytest.skip("no buildkitd, of which Debian has no package")
    socket = dockerd.sockets / "buildkit.sock"
    (tmp_path / "buildkitd.toml").write_text(BUILDKITD)
    flags = ("--config", str(tmp_path / "buildkitd.toml"), "--root", str(tmp_path / "root"))
    with (tmp_path / "buildkitd.log").open("wb") as log:
        running = subprocess.Popen(
            ["unshare", "-nm", "buildkitd", *flags, "--addr", f"unix://{socket}"],
            stdout=log,
            stderr=log,
        )
    ends = time.monotonic() + daemons.READY_S
    while not socket.exists():
        assert time.monotonic() < ends, (tmp_path / "buildkitd.log").read_text()
        threading.Event().wait(0.05)
    command = ["docker", "buildx", "create", "--name", "far", "--driver", "remote"]
    subprocess.run([*command, f"unix://{socket}"], env=dict(environment), check=True)
    yield "far"
    running.terminate()
    running.wait(daemons.STOP_S)


def test_a_remote_builder_s_image_is_loaded_into_the_daemon(
    build: Build, dockerd: daemons.Dockerd, recipe: Callable[..., ImageBuild], remote: str
) -> None:
    """Its metadata names the manifest, too, which the daemon doesn't know."""
    options = BuildOptions(
        builder=remote, secrets=(Secret(id="token", variable="TOKEN", value=TOKEN),)
    )
    flags = "--mount=type=secret,id=token"
    wanted = recipe(*START, script("/busybox cat /run/secrets/token", flags), labels={"a": "b"})
    built = build(wanted, print, options, TOKEN=TOKEN)
    config, kept = inspected(dockerd, built.id)
    assert config["Labels"] == {"a": "b"}
    assert TOKEN not in kept
