"""The keys of a mapping with their values, merge keys (`<<`) followed. Pure."""

from typing import NamedTuple

from yaml.nodes import MappingNode, Node, SequenceNode

from cjob.yamlio.nodes import MERGE, NULL


class Fault(NamedTuple):
    """An error at a node; `hard` ones are reported even if another form of the field fits."""

    node: Node
    message: str
    hint: str = ""
    hard: bool = False


class Entry(NamedTuple):
    """A key of a mapping with its value."""

    key: str
    key_node: Node
    value: Node


def entries(node: MappingNode, faults: list[Fault]) -> list[Entry]:
    """Return a mapping's entries in order, `<<` merged in; append what is wrong to `faults`.

    The mapping's own keys win over merged ones, an earlier merged mapping over a later one. A key
    that occurs twice is a fault, and so is a `<<` of anything but mappings.
    """
    own: dict[str, Entry] = {}
    merged: list[Node] = []
    for key_node, value in node.value:
        key = "" if key_node.tag == NULL else key_node.value
        if key in own:
            first = own[key].key_node.start_mark.line + 1
            again = key_node.start_mark.line + 1
            message = f"{key!r} occurs twice, in lines {first} and {again}"
            faults.append(Fault(key_node, message, "remove one of them"))
        elif key_node.tag == MERGE:
            own[key] = Entry(key, key_node, value)
            merged.append(value)
        else:
            own[key] = Entry(key, key_node, value)
    if merged:
        del own["<<"]
        for source in _merge_sources(merged[0], faults):
            for entry in entries(source, faults):
                own.setdefault(entry.key, entry)
    return list(own.values())


def _merge_sources(value: Node, faults: list[Fault]) -> list[MappingNode]:
    listed = value.value if isinstance(value, SequenceNode) else [value]
    for source in listed:
        if not isinstance(source, MappingNode):
            hint = "write '<<: *anchor' or '<<: [*one, *other]', with anchors of mappings"
            faults.append(Fault(source, "'<<' can only merge mappings", hint, hard=True))
    return [source for source in listed if isinstance(source, MappingNode)]
