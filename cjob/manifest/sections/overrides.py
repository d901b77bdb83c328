"""`taskdef_overrides`: changes of the task definition; paths are checked, values kept as YAML."""

import re
from typing import NamedTuple

from yaml.nodes import Node, ScalarNode

from cjob.manifest.field_types import STRING, Anything, Field, Fields, ListOf
from cjob.manifest.report import Report, quoted
from cjob.manifest.tree import Section, Unreadable
from cjob.yamlio.nodes import NULL
from cjob.yamlio.reader import DEPTH_LIMIT

LIMIT = 5000
"""Overrides in a manifest: each is a search through the task definition."""

SEGMENT = re.compile(r"([a-zA-Z0-9_-]+)(?:\[([0-9]+|-)\])?")
"""One part of a path: a key, with an index if its value is a list."""

_FIXED = re.compile(r"Family|ContainerDefinitions\[[0-9]+\]\.Name")
_FORM = "write keys with dots between them, as in ContainerDefinitions[0].Ulimits[-].HardLimit"


class TaskOverride(NamedTuple):
    """One of `taskdef_overrides`: a checked path, its value as a YAML node, and its place.

    The place is the path's line and column, counted from 1; 0 if there is none.
    """

    path: str
    value: object
    line: int = 0
    column: int = 0


_OVERRIDE = Fields(
    "override",
    {
        "path": Field(
            STRING, "The path of the field, as in ContainerDefinitions[0].Ulimits[-].Name."
        ),
        "value": Field(Anything(), "The new value of the field."),
    },
)

FIELDS = {
    "taskdef_overrides": Field(
        ListOf(_OVERRIDE), "Changes to the task definition, each with a path and a value."
    )
}


def paths_can_be_followed(job: Section, report: Report) -> None:
    """Check that paths have keys and indices, and lead to nothing that other resources use."""
    count = len(job.items("taskdef_overrides") or ())
    if count > LIMIT:
        message = f"taskdef_overrides: {count} overrides, more than {LIMIT}"
        report.error(job.node_at("taskdef_overrides"), message, "override a whole mapping or list")
        return
    for override in job.section_list("taskdef_overrides"):
        path = override.string("path") or ""
        node = override.node_at("path")
        if isinstance(override.get("path"), Unreadable):
            continue
        if not path:
            report.error(node, "taskdef_overrides: 'path' is missing", _FORM)
        elif _FIXED.fullmatch(path):
            message = f"taskdef_overrides: {quoted(path)} cannot be overridden"
            report.error(node, message, "leave it out: other resources refer to it by this name")
        elif path.count(".") >= DEPTH_LIMIT:
            message = f"taskdef_overrides: {quoted(path)} has more than {DEPTH_LIMIT} keys"
            report.error(node, message, "no part of a task definition is that deep")
        else:
            odd = [part for part in path.split(".") if not SEGMENT.fullmatch(part)]
            if odd:
                message = (
                    f"taskdef_overrides: {quoted(path)} is not a valid path at {quoted(odd[0])}"
                )
                report.error(node, message, _FORM)


RULES = (paths_can_be_followed,)


def overrides(job: Section) -> tuple[TaskOverride, ...]:
    """Return the overrides in the manifest's order; a missing value is null."""
    return tuple(_override(override) for override in job.section_list("taskdef_overrides"))


def _override(override: Section) -> TaskOverride:
    mark = override.node_at("path").start_mark
    return TaskOverride(
        path=override.string("path") or "",
        value=_value(override),
        line=mark.line + 1,
        column=mark.column + 1,
    )


def _value(override: Section) -> Node:
    value = override.fields.get("value")
    if value is not None:
        return value.node
    return ScalarNode(NULL, "null", override.node.start_mark, override.node.end_mark)
