"""YAML nodes from the values of a template, and from the manifest's unquoted strings.

Overrides and patches change these nodes, and the writer writes them. Functions get CloudFormation's
short form (`!Ref X`) unless it cannot be nested: a function whose only argument is a function has
the long form, and so has any function around it.
"""

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import yaml

from cjob.manifest.functions import called, composed
from cjob.manifest.values import Import, StringOrImport
from cjob.template.values import Block, Double, Flow, Plain, Single, Value, import_value
from cjob.yamlio import scalars
from cjob.yamlio.nodes import BOOL, INT, MAP, NULL, SEQ, STR, children, copied

_SIMPLE = re.compile(r"[\w./-]+(?::[\w./-]+)*", re.ASCII)


def _style(text: str) -> str | None:
    """Return the quotes that a string needs, if any, to be a string in both versions of YAML."""
    return None if scalars.is_string(text) else "'"


def node(value: Value) -> yaml.Node:
    """Return the YAML node of a value; a node is returned as it is."""
    build = _BUILDERS.get(type(value))
    if build is not None:
        return build(value)
    if isinstance(value, yaml.Node):
        return value
    raise TypeError(f"a template cannot hold {type(value).__name__}")


def _mapping(value: Mapping[str, Value]) -> yaml.Node:
    if len(value) == 1:
        (name,) = value
        if name == "Ref" or name.startswith("Fn::"):
            return _function(name, value[name])
    return yaml.MappingNode(MAP, [(_key(k), node(v)) for k, v in value.items()], flow_style=False)


# Keys are never changed in place, so equal ones can share a node.
@functools.lru_cache(maxsize=1024, typed=True)
def _key(name: str) -> yaml.Node:
    return node(name)


def _function(name: str, argument: Value) -> yaml.Node:
    if name == "Fn::GetAtt" and isinstance(argument, list):
        return yaml.ScalarNode("!GetAtt", ".".join(argument))
    short = "!" + name.removeprefix("Fn::")
    if type(argument) is str:
        return yaml.ScalarNode(short, argument, style="'" if name == "Fn::Sub" else None)
    # The tag is set below, and a node from the caller may be used elsewhere.
    inner = copied(argument) if isinstance(argument, yaml.Node) else node(argument)
    with_map = name == "Fn::Sub" and inner.tag == SEQ
    if inner.tag not in (STR, SEQ) or with_map or _long_inside(inner):
        return yaml.MappingNode(MAP, [(_key(name), inner)], flow_style=False)
    inner.tag = short
    return inner


def _long_inside(inner: yaml.Node) -> bool:
    """Return whether there are functions in long form among the arguments, or in lists of them."""
    return isinstance(inner, yaml.SequenceNode) and any(
        _is_long(item) or _long_inside(item) for item in inner.value
    )


def _is_long(item: yaml.Node) -> bool:
    if not isinstance(item, yaml.MappingNode) or len(item.value) != 1:
        return False
    name = item.value[0][0].value
    return isinstance(name, str) and (name == "Ref" or name.startswith("Fn::"))


def _sequence(items: Iterable[Value], *, flow: bool = False) -> yaml.Node:
    return yaml.SequenceNode(SEQ, [node(item) for item in items], flow_style=flow)


_BUILDERS: dict[type, Callable[[Any], yaml.Node]] = {
    str: lambda text: yaml.ScalarNode(STR, text, style=_style(text)),
    Plain: lambda text: yaml.ScalarNode(scalars.tag_1_2(text), str(text)),
    Single: lambda text: yaml.ScalarNode(STR, str(text), style="'"),
    Double: lambda text: yaml.ScalarNode(STR, str(text), style='"'),
    Block: lambda text: yaml.ScalarNode(STR, str(text), style="|"),
    bool: lambda flag: yaml.ScalarNode(BOOL, "true" if flag else "false"),
    int: lambda number: yaml.ScalarNode(INT, str(number)),
    type(None): lambda _: yaml.ScalarNode(NULL, ""),
    dict: _mapping,
    list: _sequence,
    tuple: _sequence,
    Flow: functools.partial(_sequence, flow=True),
}


def unquoted_scalar(text: str) -> yaml.Node:
    """Return the node of a string that Copilot put into its template without quotes.

    Manifests rely on two effects of that, which are kept: a function in short or long form
    (`!Ref X`, `Fn::ImportValue: x`) is a function, and a string that contains its own quotes loses
    them. Everything else is the string as it is, in quotes if YAML needs them.
    """
    if _SIMPLE.fullmatch(text):
        return node(text)
    function = called(text)
    if function is not None:
        return _with_quoted_strings(function)
    read = composed(text) if text.strip() else None
    if isinstance(read, yaml.ScalarNode) and not read.tag.startswith("!"):
        if read.style in ("'", '"'):
            return read
        if not read.style and read.value == text:
            return node(text)
    return yaml.ScalarNode(STR, text, style="'")


def _with_quoted_strings(function: yaml.Node) -> yaml.Node:
    """Quote the strings among a function's arguments that YAML would not read as strings."""
    if isinstance(function, yaml.ScalarNode) and function.tag == STR:
        function.style = function.style or _style(function.value)
    for child in children(function):
        _with_quoted_strings(child)
    return function


def unquoted_or_imported(value: StringOrImport) -> Value:
    """Return the node of an unquoted string, or an import of what another stack exports."""
    return (
        import_value(unquoted_scalar(value.export))
        if isinstance(value, Import)
        else unquoted_scalar(value)
    )
