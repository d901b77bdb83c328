"""What ECS takes of a task definition: sizes of Fargate, references to images.

Takes a resolved stack, returns findings. Touches nothing.
"""

import re
from collections.abc import Iterator, Mapping

from cjob.checks.resolved import Resolved
from cjob.manifest import fargate, references
from cjob.reporting.findings import Finding

_TASK = "AWS::ECS::TaskDefinition"
_PER_UNIT = 1024
_VCPUS = re.compile(r"((?:[0-9]+\.|\.)?[0-9]+) *vcpu", re.IGNORECASE)
_GIGABYTES = re.compile(r"((?:[0-9]+\.|\.)?[0-9]+) *gb", re.IGNORECASE)


def sizes(stack: Resolved) -> Iterator[Finding]:
    """Yield findings for sizes that Fargate does not offer."""
    for name, task in stack.properties(_TASK):
        cpu, memory = _number(task.get("Cpu"), _VCPUS), _number(task.get("Memory"), _GIGABYTES)
        on_fargate = "FARGATE" in _items(task, "RequiresCompatibilities")
        if cpu is None or memory is None or not on_fargate:
            continue
        size = fargate.Size(cpu, memory)
        problem = fargate.problem(size, windows=_family(task).startswith("WINDOWS"))
        if problem:
            yield problem._replace(place=f"Resources.{name}.Properties.Cpu")


def images(stack: Resolved) -> Iterator[Finding]:
    """Yield findings for image references that are not valid."""
    for name, task in stack.properties(_TASK):
        for index, container in enumerate(_items(task, "ContainerDefinitions")):
            if not isinstance(container, Mapping) or _is_unpushed(container, stack):
                continue
            image = container.get("Image")
            if isinstance(image, str) and (problem := references.problem(image)):
                place = f"Resources.{name}.Properties.ContainerDefinitions[{index}].Image"
                yield problem._replace(place=place)


def _is_unpushed(container: Mapping[str, object], stack: Resolved) -> bool:
    return f"Image:{container.get('Name')}" in stack.missing


def _number(value: object, unit: re.Pattern[str]) -> int | None:
    """Return a size as ECS reads it, with or without a unit, or None if it is not a size."""
    text = value if isinstance(value, str) else ""
    if re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    found = unit.fullmatch(text)
    return round(float(found[1]) * _PER_UNIT) if found else None


def _items(task: Mapping[str, object], key: str) -> list[object]:
    found = task.get(key)
    return found if isinstance(found, list) else []


def _family(task: Mapping[str, object]) -> str:
    platform = task.get("RuntimePlatform")
    family = platform.get("OperatingSystemFamily") if isinstance(platform, Mapping) else ""
    return family if isinstance(family, str) else ""
