"""CloudFormation's intrinsic functions: which node calls one, and with what argument.

Pure functions of nodes. A function is written short (`!Sub text`) or in full (`Fn::Sub: text`);
both are the same call.
"""

from cjob.diff.nodes import Node, list_of, untagged

GET_ATT = "GetAtt"

_BARE = frozenset({"Ref", "Condition"})
_PREFIXED = frozenset(
    {
        "Base64",
        "Cidr",
        "FindInMap",
        GET_ATT,
        "GetAZs",
        "ImportValue",
        "Join",
        "Select",
        "Split",
        "Sub",
        "And",
        "Equals",
        "If",
        "Not",
        "Or",
    }
)
_BY_TAG = {"!" + name: name for name in _BARE | _PREFIXED}
# Copilot knows Transform only in full.
_BY_KEY = {name: name for name in _BARE} | {
    "Fn::" + name: name for name in _PREFIXED | {"Transform"}
}


def function_of(node: Node) -> str:
    """Name of the function that a node calls, empty where it calls none.

    A map calls a function when that is its only key; its tag does not matter then.
    """
    if node.id != "mapping":
        return _BY_TAG.get(node.tag, "")
    if len(node.keys) != 1:
        return ""
    return _BY_KEY.get(node.keys[0].text, "")


def full_name(tag: str) -> str:
    """Key that a short tag stands for: `!Sub` is `Fn::Sub`; empty where it is no such tag."""
    name = tag[1:]
    if not name or tag[0] != "!" or name[0] == "!":
        return ""
    return name if name in _BARE else "Fn::" + name


def argument(node: Node) -> Node:
    """Return what a function is called with, without the short form's tag."""
    return node.items[0] if node.id == "mapping" else untagged(node)


def split_attribute(scalar: Node) -> Node:
    """Return `Logical.Some.Attribute` as the list of logical id and attribute."""
    parts = (part.strip() for part in scalar.text.split(".", 1))
    return list_of(*(Node(part) for part in parts if part), style="{")
