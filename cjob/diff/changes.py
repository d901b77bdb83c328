"""A comparison as a list of changes, for programs: operation, path, kind, old and new value.

Pure. A path's parts are joined by dots, with list indexes in brackets; a key that has a dot, a
bracket or nothing in it stands in brackets too, quoted as in JSON. Indexes count in the new list,
save the last one of a removal, which counts in the old list. Values are plain JSON with functions
in full form, so a path leads through `Fn::If` where the template may have `!If`.
"""

import json
import re
from collections.abc import Iterator

from cjob.diff.intrinsics import GET_ATT, full_name, function_of
from cjob.diff.kinds import kind_of
from cjob.diff.nodes import Node
from cjob.diff.tree import Branch, Comparison, Edit, Part
from cjob.diff.values import plain
from cjob.release import Change

_BARE_KEY = re.compile(r'[^.\[\]"]+')


def changes(comparison: Comparison) -> tuple[Change, ...]:
    """List what differs, in the order in which it is told."""
    found = _whole(comparison.whole) if comparison.whole else _parts(comparison.parts, "")
    return tuple(_change(comparison, path, edit) for path, edit in found)


def step(path: str, key: str) -> str:
    """Give the path of a key below another path."""
    if not _BARE_KEY.fullmatch(key):
        return f"{path}[{json.dumps(key, ensure_ascii=False)}]"
    return f"{path}.{key}" if path else key


def _whole(edit: Edit) -> Iterator[tuple[str, Edit]]:
    """Take a document that is there on one side only as its sections."""
    root = edit.new or edit.old
    if root is None or root.kind != "map":
        yield "", edit
        return
    for key, value in root.fields.items():
        yield step("", key), Edit(key, value if edit.old else None, value if edit.new else None)


def _parts(parts: tuple[Part, ...], path: str) -> Iterator[tuple[str, Edit]]:
    for part in parts:
        if isinstance(part, Edit | Branch):
            here = f"{path}[{part.index}]" if part.key is None else step(path, part.key)
            if isinstance(part, Edit):
                yield here, part
            elif _changed_as_one(part):
                yield here, Edit(part.key, part.old, part.new)
            else:
                name = full_name(part.old.tag) if part.old.kind == part.new.kind else ""
                yield from _parts(part.parts, step(here, name) if name else here)


def _changed_as_one(branch: Branch) -> bool:
    """Tell whether no path leads into both values: another function, or GetAtt's one argument."""
    if function_of(branch.old) == function_of(branch.new) == GET_ATT:
        return True
    return branch.old.kind == branch.new.kind and branch.old.tag != branch.new.tag


def _change(comparison: Comparison, path: str, edit: Edit) -> Change:
    kind = kind_of(path, _resource_type(comparison, path))
    if edit.old is None or edit.new is None:
        value = edit.new or edit.old
        plain_value = plain(value) if value else None
        if edit.old is None:
            return Change(op="add", path=path, kind=kind, new=plain_value)
        return Change(op="remove", path=path, kind=kind, old=plain_value)
    return Change(op="change", path=path, kind=kind, old=plain(edit.old), new=plain(edit.new))


def _resource_type(comparison: Comparison, path: str) -> str:
    section, _, rest = path.partition(".")
    if section != "Resources":
        return ""
    name = re.split(r"[.\[]", rest, maxsplit=1)[0]
    for document in (comparison.new, comparison.old):
        resource = _field(_field(document.root, "Resources"), name)
        if found := _field(resource, "Type"):
            return found.text
    return ""


def _field(node: Node | None, key: str) -> Node | None:
    return node.fields.get(key) if node else None
