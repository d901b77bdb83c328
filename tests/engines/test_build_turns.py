"""How many builds run at once, whatever number of jobs they are for."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cjob.engines.engine import Built, Recipe, Report
from cjob.engines.turns import InTurn

TURNS = 2
RECIPE = Recipe(container="report", context=Path("/"), dockerfile=Path("/Dockerfile"))


class Crowd:
    """A builder that counts the builds at work, and ends none before another one waits."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self.lock = threading.Lock()
        self.waiting = threading.Event()
        self.now = self.most = 0

    def build(self, _recipe: Recipe, _report: Report) -> Built:
        """Wait until somebody else has to."""
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        assert self.waiting.wait(20)
        with self.lock:
            self.now -= 1
        return Built(id="sha256:1", platform="linux/amd64")

    def heard(self, text: str) -> None:
        """Take what is told of a build."""
        if text == "waiting for other builds":
            self.waiting.set()


def test_no_more_builds_run_than_there_are_turns() -> None:
    """Those that wait say so, and all are done in the end."""
    crowd = Crowd()
    builder = InTurn(crowd, threading.BoundedSemaphore(TURNS))
    with ThreadPoolExecutor(6) as threads:
        builds = [threads.submit(builder.build, RECIPE, crowd.heard) for _ in range(6)]
        assert [build.result(timeout=30).id for build in builds] == ["sha256:1"] * 6
    assert crowd.most == TURNS


def test_a_build_that_is_given_up_gives_its_turn_back() -> None:
    """Whatever ended it."""
    builder = InTurn(Crowd(), threading.BoundedSemaphore(1))

    def refuse(_: str) -> None:
        raise KeyboardInterrupt

    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            builder.build(RECIPE, refuse)
