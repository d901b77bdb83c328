"""Fixtures of the runs from end to end: one sandbox and one daemon for all of them."""

import gc
import json
import shutil
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import call_by_call
import calls_proxy
import daemons
import pipelines
import pytest
import sandboxes
from scripted_runs import Script


@pytest.fixture(scope="session")
def dockerd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[daemons.Dockerd | None]:
    """Run one daemon, where there is the program; tests that build ask for it themselves."""
    if shutil.which("dockerd") is None:
        yield None
        return
    running = daemons.start_dockerd(tmp_path_factory.mktemp("dockerd"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def cloud(
    dockerd: daemons.Dockerd | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sandboxes.Sandbox]:
    """Run one sandbox, which denies what AWS denies, and whose tasks run on the daemon."""
    folder = tmp_path_factory.mktemp("cloud") / "sandbox"
    sandboxes.prepare(folder)
    host = dockerd.host if dockerd else sandboxes.NO_DOCKER
    jobs = ("--job", "full", "--job", "built")
    running = sandboxes.start(folder, "--strict", *jobs, docker_host=host)
    yield running
    running.stop()


@pytest.fixture
def place(cloud: sandboxes.Sandbox, tmp_path: Path) -> pipelines.Place:
    """Return an empty workspace of the sandbox's application."""
    return pipelines.make(tmp_path / "workspace", cloud)


@pytest.fixture
def proxy(cloud: sandboxes.Sandbox) -> Iterator[calls_proxy.Proxy]:
    """Yield a proxy before the sandbox."""
    with calls_proxy.running(cloud.endpoint) as running:
        yield running


@pytest.fixture
def points(place: pipelines.Place) -> list[call_by_call.Point]:
    """Record what calls a deployment makes."""
    call_by_call.prepare(place, [("update", "warm")])  # sends what all jobs share
    return [
        point
        for scenario in call_by_call.SCENARIOS
        for point in call_by_call.recorded(place, scenario)
    ]


@pytest.fixture
def script(place: pipelines.Place) -> Script:
    """Return what says what the attempts of a job do."""
    folder = place.sandbox.folder / "scripts"
    folder.mkdir(exist_ok=True)

    def write(job: str, attempts: Mapping[str, object] | None = None, **every: object) -> None:
        text = json.dumps({"every": every, "attempts": attempts or {}})
        (folder / f"{pipelines.name(job)}.json").write_text(text)

    return write


@pytest.fixture
def job(place: pipelines.Place) -> str:
    """Deploy a job, and return its name."""
    made = f"run-{uuid.uuid4().hex[:8]}"
    place.job(made)
    place.done("deploy", *pipelines.on(made))
    return made


@pytest.fixture
def retried(place: pipelines.Place) -> str:
    """Deploy a job with a retry, and return its name."""
    made = f"retried-{uuid.uuid4().hex[:8]}"
    place.job(made, "retries: 1\n")
    place.done("deploy", *pipelines.on(made))
    return made


@pytest.fixture(autouse=True)
def _clients_collected() -> Iterator[None]:
    """Collect boto3's clients, which close their connections no sooner, with the test's end."""
    yield
    gc.collect()
