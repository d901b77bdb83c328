"""Many jobs of one environment at once, each of which switches a part of it on.

The env controller's Lambda really runs, once for each job, and updates the environment's own stack.
Six jobs stand for the twenty that CJOB_CHECK_ALL asks for.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import effort
import pipelines
import pytest
import sandboxes
from pipelines import APP, ENV, Place, documents, name, on

from cjob.context import FEATURE_JOBS

JOBS = 20 if effort.ALL else 6

SHARED = """\
storage:
  volumes:
    kept: {path: /kept, efs: true}
"""
PRIVATE = "network: {vpc: {placement: private}}\n"


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sandboxes.Sandbox]:
    """Run a sandbox whose environment nobody else uses."""
    folder = tmp_path_factory.mktemp("apart") / "sandbox"
    sandboxes.prepare(folder)
    running = sandboxes.start(folder)
    yield running
    running.stop()


@pytest.fixture
def crowded(apart: sandboxes.Sandbox, tmp_path: Path) -> Place:
    """Return a workspace of that sandbox."""
    made = pipelines.make(tmp_path / "workspace", apart)
    return Place(root=made.root, sandbox=apart, settings=made.settings, limit_s=600)


def users(place: Place) -> dict[str, list[str]]:
    """Return the jobs that use each shared part of the environment."""
    stack = place.stacks.describe_stacks(StackName=f"{APP}-{ENV}")["Stacks"][0]
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    return {
        p["ParameterKey"]: sorted(filter(None, p["ParameterValue"].split(",")))
        for p in stack["Parameters"]
        if p["ParameterKey"] in ("EFSWorkloads", "NATWorkloads")
    }


def write(place: Place, prefix: str) -> list[str]:
    """Write jobs that use a shared part each, in turns."""
    jobs = [f"{prefix}{number:02}" for number in range(JOBS)]
    for number, job in enumerate(jobs):
        place.job(job, PRIVATE if number % 2 else SHARED)
    return jobs


def most_at_once(place: Place, jobs: list[str]) -> int:
    """Count how many jobs were at most at work on the environment at the same time."""
    moments: list[tuple[float, int]] = []
    for job in jobs:
        events = place.stacks.describe_stack_events(StackName=name(job))["StackEvents"]
        own = [e for e in events if e["LogicalResourceId"] == "EnvControllerAction"]
        times = [event["Timestamp"].timestamp() for event in own]
        moments += [(min(times), 1), (max(times), -1)]
    found = at_work = 0
    for _, step in sorted(moments):
        at_work += step
        found = max(found, at_work)
    return found


def test_all_jobs_of_an_environment_are_deployed_at_once(crowded: Place) -> None:
    """Few at a time where they update the environment, and no name gets lost."""
    jobs = write(crowded, "all")
    done = crowded.done("deploy", "--all", "-e", ENV, "--parallel", str(JOBS))
    assert [one["deployment"]["status"] for one in documents(done)] == ["CREATE_COMPLETE"] * JOBS
    found = users(crowded)
    assert [job for job in found["EFSWorkloads"] if job in jobs] == jobs[0::2]
    assert [job for job in found["NATWorkloads"] if job in jobs] == jobs[1::2]
    assert 1 < most_at_once(crowded, jobs) <= FEATURE_JOBS


def test_processes_that_know_nothing_of_each_other_lose_no_name(crowded: Place) -> None:
    """As `make -j` starts them: the controllers merge what the others wrote."""
    jobs = write(crowded, "own")
    with ThreadPoolExecutor(JOBS) as processes:
        ends = list(processes.map(lambda job: crowded.run("deploy", *on(job)), jobs))
    assert [done.returncode for done in ends] == [0] * JOBS, [done.stderr for done in ends]
    found = users(crowded)
    assert [job for job in found["EFSWorkloads"] if job in jobs] == jobs[0::2]
    assert [job for job in found["NATWorkloads"] if job in jobs] == jobs[1::2]
