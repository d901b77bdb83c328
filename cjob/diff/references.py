"""Which resources a changed parameter replaces, because they refer to it.

Pure. A property refers to a parameter by `Ref` or `Sub`, in a branch of an `If`, or by an `If` with
a condition that depends on the parameter; the table of replacements says what its change does.
"""

import re
from collections.abc import Collection, Iterator

from cjob.diff import intrinsics
from cjob.diff.nodes import Node
from cjob.diff.replacement import DEPENDS, KEEPS, REPLACES, replacement
from cjob.diff.tree import Comparison
from cjob.document.models import Change
from cjob.document.records import replace

_CERTAINTY = ("", KEEPS, DEPENDS, REPLACES)
_SECTION = "parameters."
_IN_TEXT = re.compile(r"\$\{([^!{}]+)\}")


def with_replacements(comparison: Comparison, changes: Collection[Change]) -> tuple[Change, ...]:
    """Return the changes with what each parameter does to the resources that refer to it."""
    root = comparison.new.root
    return tuple(_through(root, change) if root else change for change in changes)


def _through(root: Node, change: Change) -> Change:
    if change.op != "change" or not change.path.startswith(_SECTION):
        return change
    parameter = change.path.removeprefix(_SECTION)
    found: dict[str, str] = {}
    for name, does in _referring(root, {parameter, *_conditions(root, parameter)}):
        found[name] = _surest(found.get(name, ""), does)
    replaced = {name: does for name, does in found.items() if does != KEEPS}
    return replace(change, replacement=_surest("", *found.values()), resources=replaced)


def _surest(*replacements: str) -> str:
    return max(replacements, key=_CERTAINTY.index)


def _conditions(root: Node, parameter: str) -> set[str]:
    """Return the conditions that depend on a parameter, directly or through others."""
    conditions = _fields(root, "Conditions")
    found, before = set[str](), -1
    while len(found) != before:
        before = len(found)
        names = {parameter, *found}
        found |= {name for name, node in conditions if _mentions(node, names)}
    return found


def _referring(root: Node, names: set[str]) -> Iterator[tuple[str, str]]:
    """Yield resource and replacement of each property that refers to one of the names."""
    for resource, node in _fields(root, "Resources"):
        of = node.fields.get("Type")
        for name, value in _fields(node, "Properties"):
            if of and _mentions(value, names):
                yield resource, replacement(of.text, name)


def _fields(node: Node, key: str) -> Collection[tuple[str, Node]]:
    found = node.fields.get(key)
    return found.fields.items() if found else ()


def _mentions(node: Node, names: set[str]) -> bool:
    """Return whether a value refers to a parameter or condition of one of these names.

    Parameters and conditions with the same name are not told apart.
    """
    function = intrinsics.function_of(node)
    given = intrinsics.argument(node) if function else node
    first = given.items[0] if given.id == "sequence" and given.items else given
    if function in ("Ref", "Condition", "If") and first.text in names:
        return True
    if function == "Sub" and not names.isdisjoint(_IN_TEXT.findall(first.text)):
        return True
    inner = node.fields.values() if node.id == "mapping" else node.items
    return any(_mentions(item, names) for item in inner)
