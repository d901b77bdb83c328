"""The demo, run as a person runs it: with a real daemon, and what it leaves when it ended."""

import ast
import fcntl
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import daemons
import docker
import pytest
import sandboxes

# docker-py leaves the sockets of streams to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

GONE_S = 10
DEMO = Path(__file__).resolve().parents[2] / "bin" / "demo"

STEPS = [
    "$ cjob sandbox start",
    "$ cjob deploy -n report -e test",
    "report: deployed (CREATE_COMPLETE)",
    "$ cjob-build -n report -e test | cjob-push | cjob-render | cjob-diff > plan.json",
    "$ cjob-apply < plan.json",
    "report: nothing to change (CREATE_COMPLETE)",
    "$ cjob package -n report -e test --diff",
    '                      +   Value: "info"',
    "$ cjob deploy -n report -e test --diff --yes",
    '                      +   Value: "info"',
    "report: deployed (UPDATE_COMPLETE)",
    "$ cjob deploy -n report -e test",
    "report: nothing to change (UPDATE_COMPLETE)",
    "$ cjob package -n report -e test --output-dir ./infrastructure",
    "$ ls ./infrastructure",
    "COPILOT_APPLICATION_NAME=demo",
    "LOG_LEVEL=info",
    "$ cjob sandbox stop",
    "Try next:",
]


@dataclass(frozen=True)
class Home:
    """An empty home folder, with a folder for temporary files and a cache with the sandbox."""

    folder: Path

    @property
    def cache(self) -> Path:
        """Where the demo keeps the sandbox between runs."""
        return self.folder / ".cache" / "cjob" / "demo"

    def start(self, docker_host: str) -> subprocess.Popen[str]:
        """Start the demo with nothing set but what every login has."""
        return subprocess.Popen(
            [DEMO],
            env={
                "HOME": str(self.folder),
                "PATH": os.environ["PATH"],
                "TMPDIR": str(self.folder / "tmp"),
                "DOCKER_HOST": docker_host,
            },
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def left(self) -> list[str]:
        """Return what a demo left for good; what was killed may take a moment to be gone."""
        until = time.monotonic() + GONE_S
        while (found := self._found()) and time.monotonic() < until:
            time.sleep(0.1)
        return found

    def _found(self) -> list[str]:
        """Return the processes with this home, and files but those to be kept."""
        mark = f"HOME={self.folder}".encode()
        found = []
        for variables in Path("/proc").glob("[0-9]*/environ"):
            try:
                if mark in variables.read_bytes().split(b"\0"):
                    found.append(variables.parent.name)
            except OSError:  # it has ended, or is another user's
                continue
        found += map(str, (self.folder / "tmp").iterdir())
        kept = ("venv-", "install.log", "server.log")
        return found + [str(p) for p in self.cache.iterdir() if not p.name.startswith(kept)]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a home whose cache shares the tests' one installation of the sandbox."""
    made = Home(tmp_path / "home")
    (made.folder / "tmp").mkdir(parents=True)
    sandboxes.prepare(made.cache)
    return made


@pytest.fixture
def dockerd() -> Iterator[daemons.Dockerd]:
    """Run a daemon with nothing in it."""
    with tempfile.TemporaryDirectory(prefix="cjob-test-") as folder:
        running = daemons.start_dockerd(Path(folder))
        yield running
        running.stop()


def test_every_step_does_what_it_should_and_nothing_is_left(
    home: Home, dockerd: daemons.Dockerd
) -> None:
    """Deployed both ways, changed, compared as on the page, run, and removed with its images."""
    running = home.start(dockerd.host)
    printed, _ = running.communicate(timeout=120)
    assert running.returncode == 0, printed

    lines = iter(printed.splitlines())
    assert [step for step in STEPS if step not in lines] == []  # each after the one before
    assert not [line for line in printed.splitlines() if line.startswith("{")]
    assert "\x1b" not in printed
    assert home.left() == []
    with closing(docker.DockerClient(base_url=dockerd.host)) as engine:
        assert engine.containers.list(all=True) == []
        assert engine.images.list(all=True) == []


def test_a_demo_that_is_cancelled_removes_what_it_started(home: Home) -> None:
    """Here without a daemon, and in the midst of its commands."""
    printed = ""
    with home.start(sandboxes.NO_DOCKER) as running:
        assert running.stdout
        for line in running.stdout:
            printed += line
            if line.startswith("$ cjob-apply"):
                running.send_signal(signal.SIGTERM)
    assert running.returncode == 130, printed
    assert "No Docker daemon reaches the sandbox" in printed
    assert "report: deployed (CREATE_COMPLETE)" in printed
    assert printed.endswith("the sandbox is stopped\ndemo: interrupted\n")
    assert home.left() == []


def test_a_second_demo_leaves_the_first_alone(home: Home) -> None:
    """Their sandboxes would share a folder, so the second says what is the matter, and ends."""
    descriptor = os.open(home.cache, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    running = home.start(sandboxes.NO_DOCKER)
    printed, _ = running.communicate(timeout=60)
    os.close(descriptor)
    assert (running.returncode, printed) == (1, f"demo: another demo runs in '{home.cache}'\n")


def test_an_old_python_understands_enough_to_be_told() -> None:
    """What it can't parse would be a syntax error instead of the hint."""
    parsed = ast.parse(DEMO.read_text(), feature_version=(3, 7))
    checks = [i for i, node in enumerate(parsed.body) if isinstance(node, ast.If)]
    imports = [i for i, node in enumerate(parsed.body) if isinstance(node, ast.ImportFrom)]
    assert checks[0] < imports[0]
