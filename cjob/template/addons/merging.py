"""Merge addon templates into one, section by section, in the order of the files' names."""

from collections.abc import Mapping

import yaml

from cjob.reporting.errors import InputError
from cjob.yamlio import nodes, reader
from cjob.yamlio.nodes import MAP, SEQ, STR, content, find, is_null, pairs, same

SECTIONS = (
    "Metadata",
    "Parameters",
    "Mappings",
    "Conditions",
    "Transform",
    "Resources",
    "Outputs",
)
"""The sections that are merged, in the order in which they are written."""

_ONE = {
    "Metadata": "metadata",
    "Parameters": "parameter",
    "Mappings": "mapping",
    "Conditions": "condition",
    "Resources": "resource",
    "Outputs": "output",
}


def merge(files: Mapping[str, str]) -> yaml.MappingNode:
    """Return one template merged from several, given by their files' names.

    Raises InputError if a file is not a template, or if two define one name differently.
    """
    sections: dict[str, yaml.Node] = {}
    origins: dict[int, str] = {}
    for file in sorted(files):
        for section, node in _sections(files[file], file).items():
            _remember(node, file, origins)
            known = sections.get(section)
            if known is None:
                sections[section] = node
            elif section == "Transform":
                sections[section] = _union(known, node)
            else:
                depth = 2 if section == "Mappings" else 1
                _merge(known, node, _ONE[section], depth, origins)
    sections.setdefault("Resources", _empty())
    pairs = [(yaml.ScalarNode(STR, name), sections[name]) for name in SECTIONS if name in sections]
    return yaml.MappingNode(MAP, pairs, flow_style=False)


def _empty() -> yaml.MappingNode:
    return yaml.MappingNode(MAP, [], flow_style=False)


def _sections(text: str, file: str) -> dict[str, yaml.Node]:
    root = reader.compose(text, file)
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise InputError(
            f"'{file}' is not a template: it has no sections",
            hint="a template is a mapping with Parameters, Resources and Outputs",
            place=nodes.place(file, root),
        )
    sections = {}
    for name in SECTIONS:
        node = find(root, name)
        if node is None or is_null(node):
            continue
        if name != "Transform" and not isinstance(node, yaml.MappingNode):
            raise InputError(
                f"'{name}' is not a mapping",
                hint=f"write {name} as a mapping of names to definitions",
                place=nodes.place(file, node),
            )
        sections[name] = node
    return sections


def _remember(section: yaml.Node, file: str, origins: dict[int, str]) -> None:
    """Record the file of each definition, for messages about conflicts."""
    for _, value in pairs(section):
        origins[id(value)] = file
        origins.update((id(inner), file) for _, inner in pairs(value))


def _merge(
    known: yaml.Node, added: yaml.Node, what: str, depth: int, origins: dict[int, str]
) -> None:
    """Merge the definitions of one section into another, down to `depth` levels of names."""
    if not isinstance(known, yaml.MappingNode):
        return
    names = {key.value: value for key, value in reversed(known.value)}
    for key, value in added.value:
        present = names.get(key.value)
        if present is None:
            names[key.value] = value
            known.value.append((key, value))
        elif (
            depth > 1 and isinstance(present, yaml.MappingNode) and isinstance(value, type(present))
        ):
            _merge(present, value, f"{what} '{key.value}' with", depth - 1, origins)
        elif not same(present, value):
            first, second = (origins[id(node)] for node in (present, value))
            raise InputError(
                f"{what} '{key.value}' is defined differently in '{first}' and '{second}'",
                hint=f"make it equal to {nodes.place(first, present)}, or give it another name",
                place=nodes.place(second, value),
            )


def _union(known: yaml.Node, added: yaml.Node) -> yaml.Node:
    """Return the transforms of both, without duplicates."""
    union: dict[object, yaml.Node] = {}
    for node in (known, added):
        for item in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            union.setdefault(content(item), item)
    return yaml.SequenceNode(SEQ, list(union.values()), flow_style=False)
