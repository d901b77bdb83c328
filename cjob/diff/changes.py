"""A comparison as a list of changes, for programs: operation, path, kind, old and new value.

Pure. A path's parts are joined by dots, with list indexes in brackets; a key that has a dot, a
bracket or nothing in it stands in brackets too, quoted as in JSON. Indexes count in the new list,
save the last one of a removal, which counts in the old list. Values are plain JSON with functions
in full form, so a path leads through `Fn::If` where the template may have `!If`.
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
"""Keys by which templates tell the items of a list from each other."""

_PROPERTY = re.compile(r"Resources\.[^.\[]+\.(?P<part>Type|Properties)(?:\.(?P<name>[^.\[]+)|$)")


def changes(comparison: Redacted, *, below: str = "") -> tuple[Change, ...]:
    """List what differs, in the order in which it is told.

    `below` is what all paths begin with: `addons` for the template of the addons.
    """
    found = _whole(comparison.whole) if comparison.whole else _parts(comparison.parts, "", None)
    return tuple(_change(comparison, one, below) for one in found)


def function_change(comparison: Redacted) -> Change | None:
    """Return the one change of templates that read alike, but call another function somewhere.

    `!Ref X` and `!Sub X` are no difference to people and to Copilot, and two things to
    CloudFormation; so is a key Manifest, other than the copy that templates carry of a manifest.
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
    """An edit, its path, and the name of the innermost list item that it is in, if any."""

    path: str
    item: str | None
    edit: Edit


def _whole(edit: Edit) -> Iterator[_Found]:
    """Take a document that is there on one side only as its sections."""
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
    """Return the name that a list item has among the others, if it has one."""
    node = part.new or part.old
    found = (node.fields.get(key) for key in ITEM_NAMES) if node and node.id == "mapping" else ()
    return next(
        (name.text for name in found if name and name.id == "scalar" and not name.tag), None
    )


def _changed_as_one(branch: Branch) -> bool:
    """Return whether no path leads into both values: another function, or GetAtt's one argument."""
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
    """What a change says of the resource that it is in."""

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
    """Return a template as CloudFormation takes it, without the copy of the manifest."""
    template = with_strings(root) if root else None
    if isinstance(template, dict) and isinstance(template.get("Metadata"), dict):
        metadata = {k: v for k, v in template["Metadata"].items() if k != IGNORED}
        return {**template, "Metadata": metadata}
    return template


def _first_difference(old: object, new: object, path: str) -> tuple[str, object, object] | None:
    """Return path, old and new value of the first place where two values differ."""
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
