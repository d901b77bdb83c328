"""In which order several jobs go through the stages."""

import threading
from pathlib import Path

import pytest

from cjob import pipeline
from cjob.context import RunContext
from cjob.document.models import Job, Release
from cjob.reporting.errors import ServiceError
from cjob.stages.build import build
from cjob.stages.push import push
from cjob.stages.runner import run


class Stages:
    """Stages that only record their calls; a job named `bad` cannot be built."""

    def __init__(self) -> None:
        """Start without a call."""
        self.calls: list[tuple[str, str]] = []
        self.failed = threading.Event()

    def build(self, release: Release, _context: RunContext) -> Release:
        """Record the call; the good job is built before the bad one fails."""
        self.calls.append(("build", release.job.name))
        if release.job.name == "bad":
            self.failed.wait(0.2)
            raise ServiceError("it broke")
        return release

    def push(self, release: Release, _context: RunContext) -> Release:
        """Record the call."""
        self.calls.append(("push", release.job.name))
        return release


def named(*names: str) -> list[Release]:
    """Return a Release for each name."""
    return [Release(job=Job(app="acme", env="test", name=name)) for name in names]


def context() -> RunContext:
    """Return a context without options, whose clients no test uses."""
    return RunContext(Path(), print)


def test_nothing_is_pushed_where_one_of_several_builds_fails() -> None:
    """Not even by a job that was ready long before."""
    stages = Stages()
    with pytest.raises(ServiceError, match="it broke"):
        run(named("good", "bad"), context(), (stages.build,), (stages.push,), jobs=2)
    assert sorted(stages.calls) == [("build", "bad"), ("build", "good")]


def test_everything_is_built_before_the_first_is_pushed() -> None:
    """Each of them still goes through both."""
    stages = Stages()
    wanted = named("a", "b", "c")
    done = run(wanted, context(), (stages.build,), (stages.push,), jobs=2)
    assert done == tuple(wanted)
    assert [stage for stage, _ in stages.calls] == ["build"] * 3 + ["push"] * 3


@pytest.mark.parametrize("phases", [pipeline.DEPLOY, pipeline.PACKAGE_UPLOAD])
def test_a_composite_builds_in_a_phase_before_it_pushes(phases: pipeline.Phases) -> None:
    """So one job's failed build keeps all jobs from being pushed."""
    building = [number for number, stages in enumerate(phases) if build in stages]
    pushing = [number for number, stages in enumerate(phases) if push in stages]
    assert len(building) == len(pushing) == 1
    assert building < pushing
