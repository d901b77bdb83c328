"""Nodes as plain JSON values, with intrinsic functions in their full form.

Pure. A plain scalar becomes a number, truth value or null only where its text is that value's
own spelling, so `010`, `1.50` and dates stay texts. An alias stays the text `*name`:
CloudFormation knows none. Copies of merged maps are written out.
"""

import json
import re
from collections.abc import Callable

from cjob.diff.intrinsics import GET_ATT, full_name, function_of
from cjob.diff.nodes import CORE, Node, is_null

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+")
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


def plain(node: Node) -> object:
    """Return a node's value as JSON has it."""
    return _value(node, _scalar)


def as_given(node: Node) -> object:
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
    if is_null(node):
        return None
    text = node.text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text) and json.dumps(float(text)) == text:
        return float(text)
    return _TRUTH.get(text, text)


def _attribute(argument: Node, read: _Read) -> object:
    if argument.id == "scalar" and not argument.tag.startswith(CORE):
        return [part.strip() for part in argument.text.split(".", 1)]
    return _untagged(argument, read)
