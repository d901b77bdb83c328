"""A comparison as text, one difference on a line.

Pure. Each line begins with a sign (`~`, `+`, `-`); what is added or removed is printed as YAML.
"""

from collections.abc import Callable, Iterator
from typing import TypeAlias

from cjob.diff.json_changes import json_change_line, json_changes, same_json
from cjob.diff.nodes import Node
from cjob.diff.printing import document_text, entry_text, item_text
from cjob.diff.tree import Branch, Edit, Part, Redacted, Unchanged
from cjob.diff.values import plain
from cjob.document.models import Change
from cjob.reporting.printable import visible

Line: TypeAlias = tuple[int, str]
"""A line of the text: its indentation and its content."""


def render(comparison: Redacted, *, within_json: bool = False) -> str:
    """Return the text of a comparison; empty if nothing differs.

    With `within_json`, strings of JSON are printed as what differs inside them, not in full.
    """
    if comparison.whole:
        lines = _whole(comparison.whole)
    else:
        edit = _json_or_full if within_json else _edit
        lines = (line for part in comparison.parts for line in _part(part, 0, edit))
    return visible("".join(f"{' ' * indent}{text}\n" for indent, text in lines))


def function_text(change: Change) -> str:
    """Return the line for a function that changed while its argument stayed the same."""
    old, new = _function(change.old), _function(change.new)
    values = "(changed)" if old == new else f"{old} -> {new}"
    return f"~ {visible(change.path)}: {values}\n"


def _function(value: object) -> str:
    if isinstance(value, dict) and len(value) == 1:
        return visible(str(next(iter(value))))
    return "(no function)"


def _whole(edit: Edit) -> Iterator[Line]:
    if edit.new:
        yield from _signed("+", document_text(edit.new), 0)
    elif edit.old:
        yield from _signed("-", document_text(edit.old), 0)


Show: TypeAlias = Callable[[Edit, int], Iterator[Line]]
"""A function that yields the lines of an edit at an indentation."""


def _part(part: Part, indent: int, edit: Show) -> Iterator[Line]:
    if isinstance(part, Unchanged):
        plural = "" if part.count == 1 else "s"
        yield indent, f"({part.count} unchanged item{plural})"
    elif isinstance(part, Branch):
        if part.key is None:
            yield indent, "~ - (changed item)"
        else:
            yield indent, f"~ {visible(part.key)}:"
        for inner in part.parts:
            yield from _part(inner, indent + (2 if part.key is None else 4), edit)
    else:
        yield from edit(part, indent)


def _json_or_full(edit: Edit, indent: int) -> Iterator[Line]:
    """Yield what differs inside two strings of JSON, or the edit of other values in full."""
    if edit.old is None or edit.new is None or edit.old.tag != edit.new.tag:
        yield from _edit(edit, indent)
        return
    old, new = plain(edit.old), plain(edit.new)
    name = "- (changed item)" if edit.key is None else f"{visible(edit.key)}:"
    if inner := json_changes(old, new):
        yield indent, f"~ {name}"
        for one in inner:
            yield indent + 4, json_change_line(one)
    elif same_json(old, new):
        yield indent, f"~ {name} (the same JSON in another layout)"
    else:
        yield from _edit(edit, indent)


def _edit(edit: Edit, indent: int) -> Iterator[Line]:
    if edit.old and edit.new and edit.old.id == edit.new.id:
        name = "-" if edit.key is None else visible(edit.key) + ":"
        before, after = (document_text(n).removesuffix("\n") for n in (edit.old, edit.new))
        yield from _signed("~", f"{name} {before} -> {after}", indent)
        return
    if edit.old:
        yield from _signed("-", _yaml(edit.key, edit.old), indent)
    if edit.new:
        yield from _signed("+", _yaml(edit.key, edit.new), indent)


def _yaml(key: str | None, value: Node) -> str:
    return item_text(value) if key is None else entry_text(key, value)


def _signed(sign: str, text: str, indent: int) -> Iterator[Line]:
    for line in text.rstrip("\n").split("\n"):
        yield indent, f"{sign} {line}"
