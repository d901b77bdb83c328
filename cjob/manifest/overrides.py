"""The rules of `taskdef_overrides`: their paths are checked, their values kept as they are.

Takes merged trees, gives the model's TaskOverrides. Touches nothing.
"""

import re

from yaml.nodes import Node, ScalarNode

from cjob.manifest.model import TaskOverride
from cjob.manifest.report import Report, quoted
from cjob.manifest.tree import Section, Unreadable
from cjob.yamlio import yaml12

RULES_LIMIT = 5000
"""Each rule looks for its place in the task definition."""

SEGMENT = re.compile(r"([a-zA-Z0-9_-]+)(?:\[([0-9]+|-)\])?")
"""One part of a path: a key, and the index behind the key of a list."""

_FIXED = re.compile(r"Family|ContainerDefinitions\[[0-9]+\]\.Name")
_FORM = "write keys with dots between them, as in ContainerDefinitions[0].Ulimits[-].HardLimit"


def override_paths_can_be_followed(job: Section, report: Report) -> None:
    """Require paths of keys and indices, none that leads to what other things depend on."""
    count = len(job.items("taskdef_overrides") or ())
    if count > RULES_LIMIT:
        message = f"'taskdef_overrides' has {count} rules, more than {RULES_LIMIT}"
        report.fault(job.node_at("taskdef_overrides"), message, "override a whole map or list")
        return
    for rule in job.listed("taskdef_overrides"):
        path = rule.text("path") or ""
        node = rule.node_at("path")
        if isinstance(rule.at("path"), Unreadable):
            continue
        if not path:
            report.fault(node, "a rule of 'taskdef_overrides' has no 'path'", _FORM)
        elif _FIXED.fullmatch(path):
            message = f"{quoted(path)} can't be overridden"
            report.fault(node, message, "other resources refer to it by that name")
        elif path.count(".") >= yaml12.DEPTH_LIMIT:
            message = f"the path {quoted(path)} has more than {yaml12.DEPTH_LIMIT} keys"
            report.fault(node, message, "no part of a task definition is that deep")
        else:
            odd = [part for part in path.split(".") if not SEGMENT.fullmatch(part)]
            if odd:
                message = f"the path {quoted(path)} can't be followed at {quoted(odd[0])}"
                report.fault(node, message, _FORM)


def overrides(job: Section) -> tuple[TaskOverride, ...]:
    """Return the rules in the manifest's order; a missing value is null."""
    return tuple(_rule(rule) for rule in job.listed("taskdef_overrides"))


def _rule(rule: Section) -> TaskOverride:
    mark = rule.node_at("path").start_mark
    return TaskOverride(
        path=rule.text("path") or "",
        value=_value(rule),
        line=mark.line + 1,
        column=mark.column + 1,
    )


def _value(rule: Section) -> Node:
    value = rule.fields.get("value")
    if value is not None:
        return value.node
    return ScalarNode(yaml12.NULL, "null", rule.node.start_mark, rule.node.end_mark)
