"""How many builds run at once, however many jobs they are for."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cjob.concurrency.slots import Slots
from cjob.engines.build_slots import LimitedBuilder
from cjob.engines.engine import Built, ImageBuild, Report

SLOTS = 2
IMAGE_BUILD = ImageBuild(container="report", context=Path("/"), dockerfile=Path("/Dockerfile"))


class Crowd:
    """A builder that counts running builds, and finishes none before another one waits."""

    def __init__(self) -> None:
        """Start without builds."""
        self.lock = threading.Lock()
        self.waiting = threading.Event()
        self.now = self.most = 0

    def build(self, _recipe: ImageBuild, _report: Report) -> Built:
        """Wait until another build has to wait."""
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        assert self.waiting.wait(20)
        with self.lock:
            self.now -= 1
        return Built(id="sha256:1", platform="linux/amd64")

    def report(self, text: str) -> None:
        """Note that a build waits."""
        if text == "waiting for other builds":
            self.waiting.set()


def test_no_more_builds_run_than_there_are_slots() -> None:
    """Those that wait report that, and all of them succeed."""
    crowd = Crowd()
    builder = LimitedBuilder(crowd, Slots(SLOTS))
    with ThreadPoolExecutor(6) as threads:
        builds = [threads.submit(builder.build, IMAGE_BUILD, crowd.report) for _ in range(6)]
        assert [build.result(timeout=30).id for build in builds] == ["sha256:1"] * 6
    assert crowd.most == SLOTS


def test_a_build_that_fails_frees_its_slot() -> None:
    """The next build can start, whatever ended the one before."""
    builder = LimitedBuilder(Crowd(), Slots(1))

    def refuse(_: str) -> None:
        raise KeyboardInterrupt

    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            builder.build(IMAGE_BUILD, refuse)
