"""A merged manifest as YAML again: all that cjob works with, and nothing that it ignores.

Takes a tree, gives nodes, which `reading` reads as the same job. Touches nothing.
"""

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from cjob.manifest import durations
from cjob.manifest.model import Import, SecretsManagerSecret
from cjob.manifest.tree import Items, Leaf, Null, Scalar, Section, Value
from cjob.manifest.writing import can_be_plain
from cjob.yamlio import yaml12

_TIMES = {"interval", "timeout", "start_period"}


def manifest(job: Section) -> MappingNode:
    """Return the manifest of one environment, which has no section for others any more."""
    fields = {key: value for key, value in job.fields.items() if key != "environments"}
    return _section(Section(job.node, job.name, fields))


def _section(section: Section) -> MappingNode:
    pairs = [(_key(section, key), _field(section, key)) for key in section.fields]
    return MappingNode(yaml12.MAP, pairs, flow_style=False)


def _key(section: Section, key: str) -> ScalarNode:
    # The keys of a section are fields, none in need of quotes; those of a map are the person's.
    return ScalarNode(yaml12.STR, key) if section.name else _text(key)


def _field(section: Section, key: str) -> Node:
    length = section.number(key)
    if section.name == "healthcheck" and key in _TIMES and length is not None:
        return _text(durations.written(length))
    return _value(section.fields[key])


def _value(value: Value) -> Node:
    if isinstance(value, Leaf):
        return _leaf(value.value)
    if isinstance(value, Section):
        return _section(value)
    if isinstance(value, Items):
        items = [_value(item) for item in value.values]
        return SequenceNode(yaml12.SEQ, items, flow_style=False)
    if isinstance(value, Null):
        return ScalarNode(yaml12.NULL, "")
    return value.node


def _leaf(value: Scalar) -> Node:
    if isinstance(value, Import):
        return _reference("from_cfn", value.export)
    if isinstance(value, SecretsManagerSecret):
        return _reference("secretsmanager", value.name)
    if isinstance(value, bool):
        return ScalarNode(yaml12.BOOL, "true" if value else "false")
    if isinstance(value, int):
        return ScalarNode(yaml12.INT, str(value))
    return _text(value)


def _reference(key: str, name: str) -> MappingNode:
    pairs = [(_text(key), _text(name))]
    return MappingNode(yaml12.MAP, pairs, flow_style=False)


def _text(text: str) -> ScalarNode:
    style = None if can_be_plain(text) else "|" if "\n" in text else "'"
    return ScalarNode(yaml12.STR, text, style=style)
