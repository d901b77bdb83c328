"""Nodes as JSON values, with intrinsic functions in long form.

Pure. A plain scalar becomes a number, boolean or null only if its text is that value's own
spelling, so `010`, `1.50` and dates stay strings. An alias stays the string `*name`, because
CloudFormation supports none. Merge keys are followed.
"""

import json
from collections.abc import Callable

from cjob.diff.intrinsics import GET_ATT, full_name, function_of
from cjob.diff.nodes import CORE, Node
from cjob.yamlio.nodes import BOOL, FLOAT, INT, NULL
from cjob.yamlio.scalars import tag_1_2

_DIGITS = 18
"""Longer integers stay strings: readers of JSON would round them."""


def plain(node: Node) -> object:
    """Return a node as a JSON value."""
    return _value(node, _scalar)


def with_strings(node: Node) -> object:
    """Return a node as a JSON value with each scalar as its source text."""
    return _value(node, lambda scalar: scalar.text)


_Read = Callable[[Node], object]


def _value(node: Node, read: _Read) -> object:
    if function_of(node) == GET_ATT:
        argument = node.items[0] if node.id == "mapping" else node
        return {"Fn::GetAtt": _attribute(argument, read)}
    value = _untagged(node, read)
    name = full_name(node.tag)
    return {name: value} if name else value


def _untagged(node: Node, read: _Read) -> object:
    if node.id == "mapping":
        return {key: _value(item, read) for key, item in node.fields.items()}
    if node.id == "sequence":
        return [_value(item, read) for item in node.items]
    if node.id == "alias":
        return "*" + node.text
    return node.text if node.style or node.tag else read(node)


def _scalar(node: Node) -> object:
    """Return an unquoted scalar as the JSON value that has the same spelling, else as a string."""
    text, tag = node.text, tag_1_2(node.text)
    if tag == NULL:
        return None
    if tag == BOOL:
        return text.lower() == "true"
    return _json_number(text) if tag in (INT, FLOAT) else text


def _json_number(text: str) -> int | float | str:
    """Return a number if JSON spells it in the same way, else the string."""
    try:
        number: int | float = json.loads(text)
    except ValueError:
        return text
    exact = json.dumps(number) == text and (isinstance(number, float) or len(text) <= _DIGITS)
    return number if exact else text


def _attribute(argument: Node, read: _Read) -> object:
    if argument.id == "scalar" and not argument.tag.startswith(CORE):
        return [part.strip() for part in argument.text.split(".", 1)]
    return _untagged(argument, read)
