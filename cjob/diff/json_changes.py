"""Differences inside strings of JSON, such as the definition of a state machine.

Pure. In a template such a string is one scalar; here its data is compared by dictdiffer.
"""

import json
from collections.abc import Iterator
from typing import Any, Never

from cjob.diff.paths import item, step
from cjob.document.models import JsonChange
from cjob.reporting.printable import visible


def json_changes(old: object, new: object) -> tuple[JsonChange, ...]:
    """Return what differs between two strings of JSON; empty for other values."""
    before, after = _structure(old), _structure(new)
    if before is None or after is None:
        return ()
    import dictdiffer  # noqa: PLC0415 - few changes are of such a text

    found = dictdiffer.diff(before, after, dot_notation=False)
    return tuple(
        inner for operation, where, what in found for inner in _inner(operation, where, what)
    )


def same_json(old: object, new: object) -> bool:
    """Return whether two values are strings of JSON with the same data."""
    before, after = _structure(old), _structure(new)
    return before is not None and before == after


def json_change_line(inner: JsonChange) -> str:
    """Return a difference inside a string of JSON as a line with its sign."""
    old, new = (json.dumps(value, ensure_ascii=False) for value in (inner.old, inner.new))
    signs = {"add": f"+ {inner.path}: {new}", "remove": f"- {inner.path}: {old}"}
    return visible(signs.get(inner.op, f"~ {inner.path}: {old} -> {new}"))


def _structure(value: object) -> object:
    """Return the data of a string of JSON, in a `Fn::Sub` or not; None if not an object or list."""
    if isinstance(value, dict) and list(value) == ["Fn::Sub"]:
        value = value["Fn::Sub"]
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(value, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> Never:
    raise ValueError(constant)


def _inner(operation: str, where: list[str | int], what: Any) -> Iterator[JsonChange]:  # noqa: ANN401 - as dictdiffer has it
    path = _path(where)
    if operation == "change":
        before, after = what
        yield JsonChange(op="change", path=path, old=before, new=after)
        return
    for key, value in what:
        here = _path([*where, key])
        if operation == "add":
            yield JsonChange(op="add", path=here, new=value)
        else:
            yield JsonChange(op="remove", path=here, old=value)


def _path(where: list[str | int]) -> str:
    path = ""
    for key in where:
        path = item(path, key) if isinstance(key, int) else step(path, key)
    return path
