"""Nodes as plain JSON values, with intrinsic functions in their full form.

Pure. A plain scalar becomes a number, truth value or null only where its text is that value's
own spelling, so `010`, `1.50` and dates stay texts. An alias stays the text `*name`:
CloudFormation knows none. Copies of merged maps are written out.
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
    """Return a node's value as JSON has it."""
    return _value(node, _scalar)


def with_strings(node: Node) -> object:
    """Return the value with each scalar as its text: what tells two templates apart for sure."""
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
