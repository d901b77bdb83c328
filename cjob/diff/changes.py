"""A comparison as a list of changes, for programs: operation, path, kind, old and new value.

Pure. The parts of a path are joined by dots, with list indexes in brackets; a key that is empty or
contains a dot or bracket is in brackets too, quoted as in JSON. Indexes count in the new list; only
the last index of a removal counts in the old list. Values are JSON with functions in long form, so
a path leads through `Fn::If` where the template may have `!If`.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple, TypedDict

from cjob.diff.categories import ADDONS, FUNCTION, OTHER, OWN_SECTIONS, category_of
from cjob.diff.intrinsics import GET_ATT, full_name, function_of
from cjob.diff.json_changes import json_changes
from cjob.diff.nodes import IGNORED, Node
from cjob.diff.paths import item, step
from cjob.diff.replacement import REPLACES, replacement
from cjob.diff.tree import Branch, Edit, Part, Redacted
from cjob.diff.values import plain, with_strings
from cjob.document.models import Change

ITEM_NAMES = ("Name", "Key", "PolicyName", "Sid", "Id", "SourceVolume")
"""Keys that name an item among the items of its list."""

_PROPERTY = re.compile(r"Resources\.[^.\[]+\.(?P<part>Type|Properties)(?:\.(?P<name>[^.\[]+)|$)")


def changes(comparison: Redacted, *, below: str = "") -> tuple[Change, ...]:
    """Return the changes in the order in which they are rendered.

    `below` is the beginning of all paths: `addons` for the addons' template.
    """
    found = _whole(comparison.whole) if comparison.whole else _parts(comparison.parts, "", None)
    return tuple(_change(comparison, one, below) for one in found)


def function_change(comparison: Redacted) -> Change | None:
    """Return the first change that only CloudFormation sees, in templates that compare as equal.

    `!Ref X` and `!Sub X` are equal to Copilot and to a reader, but not to CloudFormation; the same
    goes for a key Manifest outside of the template's metadata.
    """
    if comparison.same_text:
        return None
    old, new = _given(comparison.old), _given(comparison.new)
    place = _first_difference(old, new, "")
    if place is None:
        return None
    path, before, after = place
    where = _place(comparison, path)
    return Change(op="change", path=path, kind=FUNCTION, old=before, new=after, **where)


class _Found(NamedTuple):
    """An edit, its path, and the name of the innermost list item around it, if any."""

    path: str
    item: str | None
    edit: Edit


def _whole(edit: Edit) -> Iterator[_Found]:
    """Yield the sections of a document that exists on one side only."""
    root = edit.new or edit.old
    if root is None or root.id != "mapping":
        yield _Found("", None, edit)
        return
    for key, value in root.fields.items():
        one = Edit(key, value if edit.old else None, value if edit.new else None)
        yield _Found(step("", key), None, one)


def _parts(parts: tuple[Part, ...], path: str, within: str | None) -> Iterator[_Found]:
    for part in parts:
        if isinstance(part, Edit | Branch):
            here = item(path, part.index) if part.key is None else step(path, part.key)
            named = (_item_name(part) if part.key is None else None) or within
            if isinstance(part, Edit):
                yield _Found(here, named, part)
            elif _changed_as_one(part):
                yield _Found(here, named, Edit(part.key, part.old, part.new))
            else:
                name = full_name(part.old.tag) if part.old.id == part.new.id else ""
                yield from _parts(part.parts, step(here, name) if name else here, named)


def _item_name(part: Edit | Branch) -> str | None:
    """Return the name of a list item, if it has one."""
    node = part.new or part.old
    found = (node.fields.get(key) for key in ITEM_NAMES) if node and node.id == "mapping" else ()
    return next(
        (name.text for name in found if name and name.id == "scalar" and not name.tag), None
    )


def _changed_as_one(branch: Branch) -> bool:
    """Return whether no path leads into both values: different functions, or a GetAtt."""
    if function_of(branch.old) == function_of(branch.new) == GET_ATT:
        return True
    return branch.old.id == branch.new.id and branch.old.tag != branch.new.tag


def _change(comparison: Redacted, found: _Found, below: str) -> Change:
    path, name, edit = found
    where = _place(comparison, path)
    kind = category_of(path, where["type"])
    if below:
        kind = ADDONS if kind == OTHER or kind in OWN_SECTIONS else kind
        path = f"{below}{path}" if path[:1] in ("", "[") else f"{below}.{path}"
    if edit.old is None or edit.new is None:
        value = edit.new or edit.old
        plain_value = plain(value) if value else None
        if edit.old is None:
            return Change(op="add", path=path, item=name, kind=kind, new=plain_value, **where)
        return Change(op="remove", path=path, item=name, kind=kind, old=plain_value, **where)
    old, new = plain(edit.old), plain(edit.new)
    inner = json_changes(old, new)
    return Change(
        op="change", path=path, item=name, kind=kind, old=old, new=new, inside=inner, **where
    )


class _Place(TypedDict):
    """The fields of a change about its resource."""

    type: str
    replacement: str


def _place(comparison: Redacted, path: str) -> _Place:
    resource_type = _resource_type(comparison, path)
    found = _PROPERTY.match(path)
    replaces = ""
    if found and found["name"]:
        replaces = replacement(resource_type, found["name"])
    elif found:
        replaces = REPLACES if found["part"] == "Type" else replacement(resource_type, "")
    return {"type": resource_type, "replacement": replaces}


def _given(root: Node | None) -> object:
    """Return a template as CloudFormation reads it, without the copy of the manifest."""
    template = with_strings(root) if root else None
    if isinstance(template, dict) and isinstance(template.get("Metadata"), dict):
        metadata = {k: v for k, v in template["Metadata"].items() if k != IGNORED}
        return {**template, "Metadata": metadata}
    return template


def _first_difference(old: object, new: object, path: str) -> tuple[str, object, object] | None:
    """Return path, old and new value of the first difference between two values."""
    if old == new:
        return None
    inner: Iterator[tuple[str, object, object]] = iter(())
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        inner = ((step(path, key), old[key], new[key]) for key in old)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        inner = ((item(path, at), old[at], new[at]) for at in range(len(old)))
    found = (_first_difference(before, after, place) for place, before, after in inner)
    return next((one for one in found if one), (path, old, new))


def _resource_type(comparison: Redacted, path: str) -> str:
    section, _, rest = path.partition(".")
    if section != "Resources":
        return ""
    name = re.split(r"[.\[]", rest, maxsplit=1)[0]
    for root in (comparison.new, comparison.old):
        resource = _field(_field(root, "Resources"), name)
        if found := _field(resource, "Type"):
            return found.text
    return ""


def _field(node: Node | None, key: str) -> Node | None:
    return node.fields.get(key) if node else None
