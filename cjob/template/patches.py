"""Changes to the finished template: `taskdef_overrides`, and YAML patches.

Both work on the template's YAML nodes, so that functions and quotes stay as they were written.
Nothing is changed unless all paths are valid.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import yaml

from cjob.manifest.sections.overrides import SEGMENT, TaskOverride
from cjob.reporting.errors import ErrorCollector, InputError
from cjob.reporting.suggestions import did_you_mean
from cjob.yamlio import nodes, reader
from cjob.yamlio.nodes import MAP, NULL, SEQ, STR, copied, find, height, put, text_of
from cjob.yamlio.reader import DEPTH_LIMIT

PATCHES_LIMIT = 5000
"""Each patch walks the template."""

SHOWN = 20
"""The most keys that are listed if one is missing."""

_INDEX = re.compile(r"[0-9]+")
_OPERATIONS = ("add", "remove", "replace")
_PATCHES_NOTE = "Changed by the YAML patches of the job's overrides."


class _DeadEndError(Exception):
    """A path leads nowhere; the message says where it ends, the hint what exists there."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def override_task(template: yaml.Node, rules: Sequence[TaskOverride], file: str) -> None:
    """Apply `taskdef_overrides`, in order, to the task definition in a template.

    The paths were checked before. Raises InputErrors, with line and index in the manifest `file`,
    for all paths that lead nowhere.
    """
    task = find(find(find(template, "Resources"), "TaskDefinition"), "Properties")
    found = ErrorCollector()
    for index, rule in enumerate(rules):
        value = rule.value if isinstance(rule.value, yaml.Node) else yaml.ScalarNode(NULL, "")
        with found:
            try:
                _override(task, SEGMENT.findall(rule.path), copied(value))
            except _DeadEndError as error:
                raise InputError(
                    f"taskdef_overrides[{index}]: path '{rule.path}': {error.args[0]}",
                    hint="containers count from 0: the main one, the log router, sidecars by name",
                    place=f"{file}:{rule.line}:{rule.column}",
                ) from None
    found.raise_all()


def _override(node: yaml.Node | None, path: Sequence[tuple[str, str]], value: yaml.Node) -> None:
    """Set the value at the end of a path; what is missing on the way is created."""
    for depth, (key, index) in enumerate(path):
        if isinstance(node, yaml.ScalarNode):
            return  # Copilot ignores such a path, and jobs with one are deployed
        if not isinstance(node, yaml.MappingNode):
            raise _DeadEndError(f"the parent of '{key}' is not a mapping")
        last = depth == len(path) - 1
        if not index:
            node = _step(node, key, value if last else None)
        else:
            node = _step_into_list(node, key, index, value if last else None)


def _step(node: yaml.MappingNode, key: str, value: yaml.Node | None) -> yaml.Node:
    """Return the value of a key: the one given, which is set, or a new mapping if it is missing."""
    found = find(node, key)
    if value is None and found is not None:
        return found
    new = value if value is not None else _map()
    put(node, key, new)
    return new


def _step_into_list(
    node: yaml.MappingNode, key: str, index: str, value: yaml.Node | None
) -> yaml.Node:
    """Return an item of the list at a key; `-` adds one."""
    items = find(node, key)
    if items is None:
        if value is None and index != "-":
            raise _DeadEndError(f"there is no list '{key}'")
        items = yaml.SequenceNode(SEQ, [], flow_style=False)
        put(node, key, items)
        index = "-"
    if isinstance(items, yaml.ScalarNode) and index == "-":
        return items  # Copilot ignores it too
    if not isinstance(items, yaml.SequenceNode):
        raise _DeadEndError(f"'{key}' is not a list")
    new = value if value is not None else _map()
    if index == "-":
        items.flow_style = False if not items.value else items.flow_style
        items.value.append(new)
        return new
    if not _is_within(index, len(items.value)):
        raise _DeadEndError(f"the list '{key}' has {len(items.value)} items, so no [{index}]")
    if value is not None:
        items.value[int(index)] = value
    found: yaml.Node = items.value[int(index)]
    return found


def _map() -> yaml.MappingNode:
    return yaml.MappingNode(MAP, [], flow_style=False)


class Patch(NamedTuple):
    """One operation of `cfn.patches.yml`: `pointer` holds the path's keys, `place` its line."""

    operation: str
    path: str
    pointer: tuple[str, ...]
    value: yaml.Node | None
    label: str
    place: str


def check_patches(text: str, file: str) -> tuple[Patch, ...]:
    """Parse a file of patches; raise InputErrors with line and index of all malformed ones."""
    root = reader.compose(text, file)
    if root is None:
        return ()
    if not isinstance(root, yaml.SequenceNode):
        raise InputError(
            f"'{file}' must be a list of patches",
            hint="start each patch with '- op:', then path and value",
            place=nodes.place(file, root),
        )
    if len(root.value) > PATCHES_LIMIT:
        raise InputError(
            f"{len(root.value)} patches, more than {PATCHES_LIMIT}",
            hint="patch the mapping or list around them: a value can be a mapping or a list",
            place=nodes.place(file, root),
        )
    found = ErrorCollector()
    patches: list[Patch] = []
    for index, node in enumerate(root.value):
        with found:
            patches.append(_patch(node, index, file))
    found.raise_all()
    return tuple(patches)


def _patch(node: yaml.Node, index: int, file: str) -> Patch:
    label, where = f"patch {index}", nodes.place(file, node)
    if not isinstance(node, yaml.MappingNode):
        raise InputError(
            f"{label} must be a mapping",
            hint="a patch has op, path and, unless it removes, value",
            place=where,
        )
    operation, path = text_of(find(node, "op")), find(node, "path")
    if operation not in _OPERATIONS:
        raise InputError(
            f"{label} has the operation '{operation}'",
            hint=f"an operation is one of {', '.join(_OPERATIONS)}",
            place=where,
        )
    if not isinstance(path, yaml.ScalarNode):
        raise InputError(
            f"{label} has no path",
            hint="write a path of keys, such as /Resources/LogGroup/Properties",
            place=where,
        )
    value = find(node, "value")
    if value is None and operation != "remove":
        raise InputError(
            f"{label} ('{operation}' of '{path.value}') has no value",
            hint="add a value, which may be null",
            place=where,
        )
    # Copilot ignores what is before the first slash.
    keys = tuple(key.replace("~1", "/").replace("~0", "~") for key in path.value.split("/")[1:])
    return Patch(
        operation=operation, path=path.value, pointer=keys, value=value, label=label, place=where
    )


def patch(template: yaml.Node, patches: Sequence[Patch]) -> yaml.Node:
    """Apply patches in order and return the template, which may be another node.

    Raises InputErrors, with line and index, for all paths that lead nowhere.
    """
    found = ErrorCollector()
    for one in patches:
        with found:
            try:
                template = _apply(template, one)
            except _DeadEndError as error:
                raise InputError(
                    f"{one.label} ('{one.operation}' of '{one.path}'): {error.args[0]}",
                    hint=error.hint or "a patch sees the template as earlier patches left it",
                    place=one.place,
                ) from None
    found.raise_all()
    return template


def note_patches(template: yaml.Node) -> None:
    """Add a note to the template's description that it was patched."""
    description = find(template, "Description")
    if isinstance(template, yaml.MappingNode) and isinstance(description, yaml.ScalarNode):
        text = f"{description.value} {_PATCHES_NOTE}"
        put(template, "Description", yaml.ScalarNode(STR, text, style="'"))


def _apply(root: yaml.Node, one: Patch) -> yaml.Node:
    value = copied(one.value) if one.value is not None else yaml.ScalarNode(NULL, "")
    if len(one.pointer) + height(value) > DEPTH_LIMIT:
        raise _DeadEndError(f"it would make the template more than {DEPTH_LIMIT} levels deep")
    if not one.pointer and one.operation != "remove":
        return value
    if not one.pointer:
        raise _DeadEndError("the whole template cannot be removed")
    node = root
    for depth, key in enumerate(one.pointer[:-1]):
        node = _child(node, key, "/" + "/".join(one.pointer[:depth]))
    parent, key = "/" + "/".join(one.pointer[:-1]), one.pointer[-1]
    if isinstance(node, yaml.SequenceNode):
        _change_item(node, key, one.operation, value, parent)
        return root
    if one.operation != "add" or not isinstance(node, yaml.MappingNode):
        _child(node, key, parent)
    if one.operation == "remove":
        node.value[:] = [pair for pair in node.value if pair[0].value != key]
    elif isinstance(node, yaml.MappingNode):
        put(node, key, value)
    return root


def _child(node: yaml.Node, key: str, parent: str) -> yaml.Node:
    if isinstance(node, yaml.SequenceNode):
        item: yaml.Node = node.value[_index(key, len(node.value), parent)]
        return item
    if not isinstance(node, yaml.MappingNode):
        raise _DeadEndError(f"'{parent}' is neither a mapping nor a list")
    found = find(node, key)
    if found is None:
        raise _DeadEndError(f"there is no '{key}' in '{parent}'", _near(node, key))
    return found


def _near(node: yaml.MappingNode, key: str) -> str:
    """Return a hint with a similar key, or with the existing ones."""
    keys = [str(name.value) for name, _ in node.value]
    return did_you_mean(key, keys, f"there are: {', '.join(keys[:SHOWN])}")


def _change_item(
    node: yaml.SequenceNode, key: str, operation: str, value: yaml.Node, parent: str
) -> None:
    if operation == "add":
        position = len(node.value) if key == "-" else _index(key, len(node.value) + 1, parent)
        node.value.insert(position, value)
        return
    position = _index(key, len(node.value), parent)
    node.value[position : position + 1] = [value] if operation == "replace" else []


def _index(key: str, length: int, parent: str) -> int:
    if not _INDEX.fullmatch(key):
        raise _DeadEndError(f"'{parent}' is a list, and '{key}' is not the index of an item")
    if not _is_within(key, length):
        raise _DeadEndError(f"the list '{parent}' ends before [{key}]")
    return int(key)


def _is_within(index: str, length: int) -> bool:
    # Python refuses to parse thousands of digits.
    digits = index.lstrip("0") or "0"
    return len(digits) <= len(str(length)) and int(digits) < length
