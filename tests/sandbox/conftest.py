"""Fixtures of the sandbox's tests."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
import sandboxes


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder to start a sandbox in, and stop what a test leaves running there."""
    place = tmp_path / "sandbox"
    sandboxes.prepare(place)
    yield place
    sandboxes.cjob_sandbox(place, "stop")


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sandboxes.Sandbox]:
    """Run one sandbox, without containers, for all tests that leave its own parts as they are."""
    place = tmp_path_factory.mktemp("shared") / "sandbox"
    sandboxes.prepare(place)
    running = sandboxes.start(place, "--job", "report", "--job", "tidy-up")
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def _clients_collected() -> Iterator[None]:
    """Collect boto3's clients, which close their connections no sooner, with the test's end."""
    yield
    gc.collect()
