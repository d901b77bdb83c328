"""Writes a merged manifest as YAML again: with all that cjob uses, without what it ignores.

Takes a tree, returns nodes that `reading` reads as the same job. Pure.
"""

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from cjob.manifest import durations
from cjob.manifest.tree import Items, Leaf, Null, Scalar, Section, Value
from cjob.manifest.values import Import, SecretsManagerSecret
from cjob.yamlio.nodes import BOOL, INT, MAP, NULL, SEQ, STR
from cjob.yamlio.requote import can_be_plain


def manifest(section: Section) -> MappingNode:
    """Return the YAML of a manifest, or of a section in it."""
    pairs = [(_key(section, key), _value(value)) for key, value in section.fields.items()]
    return MappingNode(MAP, pairs, flow_style=False)


def _key(section: Section, key: str) -> ScalarNode:
    # The names of fields need no quotes; names that the user chose may.
    return ScalarNode(STR, key) if section.name else _string(key)


def _value(value: Value) -> Node:
    if isinstance(value, Leaf):
        return _leaf(value.value)
    if isinstance(value, Section):
        return manifest(value)
    if isinstance(value, Items):
        items = [_value(item) for item in value.values]
        return SequenceNode(SEQ, items, flow_style=False)
    if isinstance(value, Null):
        return ScalarNode(NULL, "")
    return value.node


def _leaf(value: Scalar) -> Node:
    if isinstance(value, Import):
        return _reference("from_cfn", value.export)
    if isinstance(value, SecretsManagerSecret):
        return _reference("secretsmanager", value.name)
    if isinstance(value, bool):
        return ScalarNode(BOOL, "true" if value else "false")
    if isinstance(value, durations.Nanoseconds):
        return _string(durations.to_string(value))
    if isinstance(value, int):
        return ScalarNode(INT, str(value))
    return _string(value)


def _reference(key: str, name: str) -> MappingNode:
    return MappingNode(MAP, [(_string(key), _string(name))], flow_style=False)


def _string(text: str) -> ScalarNode:
    style = None if can_be_plain(text) else "|" if "\n" in text else "'"
    return ScalarNode(STR, text, style=style)
