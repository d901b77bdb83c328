"""Task sizes: AWS's table, as cfn-lint has it too, and what is suggested instead."""

import json
from importlib import resources
from itertools import product

import pytest
from manifest_samples import MINIMAL, load

from cjob.manifest.fargate import Size, problem

CPUS = [2**power for power in range(7, 18)]
MEMORIES = range(0, 262_145, 512)


def _offered_by_cfn_lint() -> set[tuple[int, int]]:
    """Return the sizes of the table that cfn-lint keeps for the same purpose."""
    path = "data/schemas/extensions/aws_ecs_taskdefinition/fargate_cpu_memory.json"
    schema = json.loads(resources.files("cfnlint").joinpath(path).read_text())
    sizes = set()
    for branch in schema["then"]["anyOf"]:
        cpu, memory = (branch["properties"][key]["then"] for key in ("Cpu", "Memory"))
        step = memory.get("multipleOf", 1)
        most = memory.get("maximum", 0)
        listed = memory.get("enum") or range(memory["minimum"], most + 1, step)
        sizes |= {(int(cpu["enum"][0]), one) for one in listed}
    return sizes


def test_the_table_is_that_of_aws() -> None:
    """Every size that cfn-lint knows is offered, and no other."""
    tried = set(product(CPUS, MEMORIES))
    offered = {size for size in tried if problem(Size(*size), windows=False) is None}
    assert offered == _offered_by_cfn_lint()


def test_windows_has_three_cpu_sizes() -> None:
    """A quarter and a half of a vCPU are too small for it, and 8 vCPUs too large."""
    tried = product(CPUS, MEMORIES)
    offered = {cpu for cpu, memory in tried if problem(Size(cpu, memory), windows=True) is None}
    assert offered == {1024, 2048, 4096}


@pytest.mark.parametrize(
    ("more", "place", "hint"),
    [
        ("cpu: 300\n", "m.yml:7:6", "cpu: 256 with memory: 512, or cpu: 512 with memory: 1024"),
        (
            "memory: 8192\ncpu: 256\n",
            "m.yml:8:6",
            "cpu: 256 with memory: 2048, or cpu: 1024 with memory: 8192",
        ),
        ("memory: 4096\n", "m.yml:7:9", "cpu: 512 with memory: 4096"),
        ("cpu: 0.25\n", "m.yml:7:6", "cpu: 256 with memory: 512"),
        ("cpu: 2\nmemory: 4096\n", "m.yml:7:6", "write CPU units (1024 for one vCPU): cpu: 2048"),
        ("cpu: 3\n", "m.yml:7:6", "cpu: 256 with memory: 512"),
        ("cpu:\n", "m.yml:7:5", "cpu: 256 with memory: 512"),
        ("cpu: 99999\nmemory: 999999\n", "m.yml:7:6", "cpu: 32768 with memory: 249856"),
        ("platform: windows/amd64\n", "m.yml:1:1", "cpu: 1024 with memory: 2048"),
        ("environments: {test: {cpu: 300}}\n", "m.yml:7:28", "cpu: 256 with memory: 512"),
    ],
)
def test_a_size_that_is_not_offered_renders_with_a_finding(
    more: str, place: str, hint: str
) -> None:
    """It has its place, and the nearest sizes that exist."""
    (found,) = load(MINIMAL + more).findings
    assert found.refused
    assert found.place == place
    assert "is not a task size that Fargate offers" in found.message
    assert hint in found.hint


@pytest.mark.parametrize(
    "more",
    ["", "cpu: 512\nmemory: 2048\n", "cpu: 32768\nmemory: 249856\n", "environments: {b: {cpu: 3}}"],
)
def test_a_size_that_is_offered_has_no_finding(more: str) -> None:
    """Only the environment that is deployed counts."""
    assert load(MINIMAL + more).findings == ()


def test_a_size_that_cannot_be_read_is_reported_once() -> None:
    """As the error that it is."""
    assert load(MINIMAL + "environments: {prod: {cpu: 1}}\n").findings == ()
