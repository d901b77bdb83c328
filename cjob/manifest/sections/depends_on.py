"""`depends_on` of all containers: rules about the order in which they start."""

import graphlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from yaml.nodes import Node

from cjob.document import names
from cjob.document.records import EMPTY
from cjob.manifest.field_types import Field
from cjob.manifest.report import Report, one_of, quoted
from cjob.manifest.sections.logging import routes_logs
from cjob.manifest.tree import Leaf, Section

_STATUSES = ("START", "COMPLETE", "SUCCESS", "HEALTHY")
_OF_ESSENTIAL = ("START", "HEALTHY")


class _Container(NamedTuple):
    """A container, whether it is essential, and the status it waits for in others."""

    essential: bool
    waits: dict[str, tuple[str, Node]]


FIELDS: Mapping[str, Field] = EMPTY


def statuses_can_be_reached(job: Section, report: Report) -> None:
    """Check that containers wait for statuses that ECS has and that can be reached."""
    containers = _containers(job)
    for container in containers.values():
        for other, (status, node) in container.waits.items():
            essential = other in containers and containers[other].essential
            if status.upper() not in _STATUSES:
                message = (
                    f"depends_on: {quoted(status)} is not a status of {quoted(other)} to wait for"
                )
                report.error(node, message, f"write {one_of([s.lower() for s in _STATUSES])}")
            elif essential and status.upper() not in _OF_ESSENTIAL:
                problem = f"is essential, so nothing can wait for its {quoted(status)}"
                message = f"depends_on: {quoted(other)} {problem}"
                statuses = one_of([s.lower() for s in _OF_ESSENTIAL])
                hint = f"write {statuses}, or 'essential: false' at the sidecar that ends"
                report.error(node, message, hint)


def containers_exist(job: Section, report: Report) -> None:
    """Check that containers wait for others of the task."""
    containers = _containers(job)
    known = ", ".join(sorted(containers))
    for container in containers.values():
        for other, (_, node) in container.waits.items():
            if other not in containers:
                message = f"depends_on: there is no container {quoted(other)}"
                report.error(node, message, f"the containers are {known}")


def no_dependency_cycle(job: Section, report: Report) -> None:
    """Check that no container waits for itself, directly or through others."""
    containers = _containers(job)
    graph = {name: container.waits.keys() for name, container in containers.items()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        # The first container of the cycle is repeated at its end; the next one waits for it.
        cycle: list[str] = error.args[1]
        _, node = containers[cycle[1]].waits[cycle[0]]
        if cycle[0] == cycle[1]:
            message = f"container {quoted(cycle[0])} waits for itself"
        else:
            members = ", ".join(sorted(set(cycle)))
            message = f"containers wait for each other in a cycle: {members}"
        report.error(node, message, "remove one of the depends_on lines")


def healthy_ones_have_health_checks(job: Section, report: Report) -> None:
    """Warn about a container without a health check that others wait for to be healthy."""
    containers = _containers(job)
    checked = {name for name, section in _sections(job) if _has_health_check(section)}
    for container in containers.values():
        for other, (status, node) in container.waits.items():
            if status.upper() == "HEALTHY" and other in containers and other not in checked:
                message = (
                    f"depends_on: {quoted(other)} has no health check and never becomes healthy"
                )
                where = "image.healthcheck" if other == job.string("name") else "healthcheck"
                report.warn(node, message, f"add '{where}' to it, or wait for its start")


RULES = (
    statuses_can_be_reached,
    containers_exist,
    no_dependency_cycle,
    healthy_ones_have_health_checks,
)


def _sections(job: Section) -> Iterator[tuple[str, Section]]:
    yield job.string("name") or "", job.section("image")
    yield from job.sections("sidecars")


def _has_health_check(section: Section) -> bool:
    check = section.section("healthcheck")
    return any(check.get(key) is not None for key in check.fields)


def _containers(job: Section) -> dict[str, _Container]:
    found = {
        job.string("name") or "": _Container(essential=True, waits=_waits(job.section("image")))
    }
    if routes_logs(job):
        found[names.FIRELENS] = _Container(essential=False, waits={})
    for name, sidecar in job.sections("sidecars"):
        essential = sidecar.boolean("essential") is not False
        found[name] = _Container(essential=essential, waits=_waits(sidecar))
    return found


def _waits(section: Section) -> dict[str, tuple[str, Node]]:
    return {
        name: (value.value, value.node)
        for name, value in sorted(section.section("depends_on").fields.items())
        if isinstance(value, Leaf) and isinstance(value.value, str)
    }
