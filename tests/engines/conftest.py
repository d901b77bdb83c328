"""One daemon for all tests that push, or that build without RUN."""

from collections.abc import Iterator

import daemons
import pytest


@pytest.fixture(scope="session")
def dockerd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[daemons.Dockerd]:
    """Run a daemon."""
    running = daemons.start_dockerd(tmp_path_factory.mktemp("dockerd"))
    yield running
    running.stop()
