"""What changes lead to, found by another tool: dictdiffer applies them, and takes them back.

Only the order is ours: what is further out comes first, and in a list removals from its end, then
additions from its start, since an index of a removal counts in the old list and any other in the
new one.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import dictdiffer

from cjob.document.models import Change

JSON = Any  # values of JSON, of whatever shape
Steps = list[str | int]
Step = tuple[str, Steps, Any]  # as dictdiffer has it: an operation, where, and with what

_STEP = re.compile(r'\.?(?:\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.\[\]"]+))')
_ORDER = ("remove", "add", "change")


def forwards(changes: Iterable[Change], old: JSON) -> JSON:
    """Return what the old value becomes."""
    return dictdiffer.patch(_ordered(changes), old)


def backwards(changes: Iterable[Change], new: JSON) -> JSON:
    """Return what the new value was."""
    return dictdiffer.patch([*dictdiffer.swap(_ordered(changes))][::-1], new)


def steps(path: str) -> Steps:
    """Return the keys and indexes of a path."""
    return list(_steps(path))


def _steps(path: str) -> Iterator[str | int]:
    at = 0
    while at < len(path):
        step = _STEP.match(path, at)
        assert step, path
        index, quoted, bare = step.groups()
        yield int(index) if index else json.loads(quoted) if quoted else bare
        at = step.end()


def _ordered(changes: Iterable[Change]) -> list[Step]:
    def key(change: tuple[Change, Steps]) -> tuple[int, int, int]:
        one, where = change
        index = where[-1] if isinstance(where[-1], int) else 0
        return len(where), _ORDER.index(one.op), -index if one.op == "remove" else index

    return [_step(*one) for one in sorted(((c, steps(c.path)) for c in changes), key=key)]


def _step(change: Change, where: Steps) -> Step:
    *above, last = where
    if change.op == "change":
        return "change", where, (change.old, change.new)
    return change.op, above, [(last, change.new if change.op == "add" else change.old)]
