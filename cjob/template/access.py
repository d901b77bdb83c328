"""Looking things up in YAML nodes, setting them there, comparing and copying them.

Tags (`!Ref`) and the written style stay on the nodes; nothing is turned into Python's values.
"""

from collections.abc import Iterator, Sequence

import yaml

from cjob.yamlio.yaml12 import NULL, STR


def children(node: yaml.Node) -> Iterator[yaml.Node]:
    """Yield the nodes that a node holds: a map's keys and values, a list's items."""
    if isinstance(node, yaml.MappingNode):
        for pair in node.value:
            yield from pair
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def pairs(node: yaml.Node | None) -> Sequence[tuple[yaml.Node, yaml.Node]]:
    """Return a map's keys with their values; nothing for what is no map."""
    return node.value if isinstance(node, yaml.MappingNode) else ()


def is_null(node: yaml.Node) -> bool:
    """Return whether a node is YAML's null."""
    return isinstance(node, yaml.ScalarNode) and node.tag == NULL


def find(node: yaml.Node | None, key: str) -> yaml.Node | None:
    """Return the value of a key, None where the node is no map or has no such key."""
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if isinstance(name, yaml.ScalarNode) and name.value == key:
                found: yaml.Node = value
                return found
    return None


def put(node: yaml.MappingNode, key: str, value: yaml.Node) -> None:
    """Set the value of a key: in its place where there is one, else at the end."""
    for index, (name, _) in enumerate(node.value):
        if isinstance(name, yaml.ScalarNode) and name.value == key:
            node.value[index] = (name, value)
            return
    node.value.append((yaml.ScalarNode(STR, key), value))


def text_of(node: yaml.Node | None) -> str:
    """Return a scalar's text, empty for anything else."""
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def height(node: yaml.Node) -> int:
    """Count the levels of lists and maps in a node; a scalar has none."""
    if isinstance(node, yaml.ScalarNode):
        return 0
    return 1 + max(map(height, children(node)), default=0)


def same(one: yaml.Node, other: yaml.Node) -> bool:
    """Say whether two nodes are equal but for their style: tags, values, and the order of keys."""
    return content(one) == content(other)


def content(node: yaml.Node) -> tuple[object, ...]:
    """Give a node's tag and what it holds, without its style; equal for nodes that are the same."""
    if isinstance(node, yaml.ScalarNode):
        return (node.tag, node.value)
    return (node.tag, *map(content, children(node)))


def copied(node: yaml.Node) -> yaml.Node:
    """Copy a node with all that it holds, so that a change of one does not show in the other."""
    if isinstance(node, yaml.MappingNode):
        pairs = [(copied(key), copied(value)) for key, value in node.value]
        return yaml.MappingNode(node.tag, pairs, node.start_mark, flow_style=node.flow_style)
    if isinstance(node, yaml.SequenceNode):
        items = [copied(item) for item in node.value]
        return yaml.SequenceNode(node.tag, items, node.start_mark, flow_style=node.flow_style)
    style = node.style if isinstance(node, yaml.ScalarNode) else None
    return yaml.ScalarNode(node.tag, node.value, node.start_mark, style=style)
