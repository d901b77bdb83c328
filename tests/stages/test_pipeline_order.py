"""In which order several jobs go through the stages."""

import threading
from pathlib import Path

import pytest

from cjob import pipeline
from cjob.context import Collaborators
from cjob.document.models import Job, Release
from cjob.pipeline import Choices, Stages
from cjob.reporting.errors import ServiceError


class Noted(Stages):
    """Stages that only note what they are asked for; a job named `bad` can't be built."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__(Collaborators(Path(), print), Choices())
        self.noted: list[tuple[str, str]] = []
        self.failed = threading.Event()

    def build(self, release: Release) -> Release:
        """Note it; the good one is there sooner than the bad one has failed."""
        self.noted.append(("build", release.job.name))
        if release.job.name == "bad":
            self.failed.wait(0.2)
            raise ServiceError("it broke")
        return release

    def push(self, release: Release) -> Release:
        """Note it."""
        self.noted.append(("push", release.job.name))
        return release


def named(*names: str) -> list[Release]:
    """Return a Release for each name."""
    return [Release(job=Job(app="acme", env="test", name=name)) for name in names]


def test_nothing_is_pushed_where_one_of_several_builds_fails() -> None:
    """Not even by a job that was ready long before."""
    stages = Noted()
    with pytest.raises(ServiceError, match="it broke"):
        pipeline.run(named("good", "bad"), stages, ("build", "push"), 2)
    assert sorted(stages.noted) == [("build", "bad"), ("build", "good")]


def test_everything_is_built_before_the_first_is_pushed() -> None:
    """Each of them still goes through both."""
    stages = Noted()
    wanted = named("a", "b", "c")
    assert pipeline.run(wanted, stages, ("build", "push"), 2) == tuple(wanted)
    assert [stage for stage, _ in stages.noted] == ["build"] * 3 + ["push"] * 3
