"""PyYAML's nodes: their tags and places, and functions that look up, set, compare and copy them.

Tags (`!Ref`) and styles stay on the nodes; nothing is converted to Python's values. Nothing here
touches anything but the nodes it is given.
"""

from collections.abc import Iterator, Sequence

import yaml

STANDARD = "tag:yaml.org,2002:"
"""The prefix of YAML's own tags."""

STR = STANDARD + "str"
INT = STANDARD + "int"
FLOAT = STANDARD + "float"
BOOL = STANDARD + "bool"
NULL = STANDARD + "null"
MERGE = STANDARD + "merge"
BINARY = STANDARD + "binary"
TIMESTAMP = STANDARD + "timestamp"
MAP = STANDARD + "map"
SEQ = STANDARD + "seq"


def place(file: str, node: yaml.Node) -> str:
    """Return `file:line:column` of a node, both counted from 1."""
    return f"{file}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"


def children(node: yaml.Node) -> Iterator[yaml.Node]:
    """Yield the nodes inside a node: a mapping's keys and values, a sequence's items."""
    if isinstance(node, yaml.MappingNode):
        for pair in node.value:
            yield from pair
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def pairs(node: yaml.Node | None) -> Sequence[tuple[yaml.Node, yaml.Node]]:
    """Return a mapping's keys with their values; nothing if the node is not a mapping."""
    return node.value if isinstance(node, yaml.MappingNode) else ()


def is_null(node: yaml.Node) -> bool:
    """Return whether a node is YAML's null."""
    return isinstance(node, yaml.ScalarNode) and node.tag == NULL


def find(node: yaml.Node | None, *path: str) -> yaml.Node | None:
    """Return the value at a path of keys; None if a node on it is not a mapping or has no key."""
    for key in path:
        node = _value_of(node, key)
    return node


def _value_of(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if isinstance(name, yaml.ScalarNode) and name.value == key:
                found: yaml.Node = value
                return found
    return None


def put(node: yaml.MappingNode, key: str, value: yaml.Node) -> None:
    """Set the value of a key: in its position if it is there, otherwise at the end."""
    for index, (name, _) in enumerate(node.value):
        if isinstance(name, yaml.ScalarNode) and name.value == key:
            node.value[index] = (name, value)
            return
    node.value.append((yaml.ScalarNode(STR, key), value))


def text_of(node: yaml.Node | None) -> str:
    """Return a scalar's source text; empty for anything else."""
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def height(node: yaml.Node) -> int:
    """Return the levels of mappings and sequences in a node; a scalar has none."""
    if isinstance(node, yaml.ScalarNode):
        return 0
    return 1 + max(map(height, children(node)), default=0)


def same(one: yaml.Node, other: yaml.Node) -> bool:
    """Return whether two nodes have the same tags, values and order of keys, in any style."""
    return content(one) == content(other)


def content(node: yaml.Node) -> tuple[object, ...]:
    """Return a node's tag and content without its style, to be compared or hashed."""
    if isinstance(node, yaml.ScalarNode):
        return (node.tag, node.value)
    return (node.tag, *map(content, children(node)))


def copied(node: yaml.Node) -> yaml.Node:
    """Return a deep copy of a node, so that a change of one does not show in the other."""
    if isinstance(node, yaml.MappingNode):
        entries = [(copied(key), copied(value)) for key, value in node.value]
        return yaml.MappingNode(node.tag, entries, node.start_mark, flow_style=node.flow_style)
    if isinstance(node, yaml.SequenceNode):
        items = [copied(item) for item in node.value]
        return yaml.SequenceNode(node.tag, items, node.start_mark, flow_style=node.flow_style)
    style = node.style if isinstance(node, yaml.ScalarNode) else None
    return yaml.ScalarNode(node.tag, node.value, node.start_mark, style=style)
