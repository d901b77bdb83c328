"""CloudFormation's intrinsic functions: which node calls one, and with what argument.

Pure functions of nodes. A function has a short form (`!Sub text`) and a long one (`Fn::Sub: text`).
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
# Copilot knows only the long form of Transform.
_BY_KEY = {name: name for name in _BARE} | {
    "Fn::" + name: name for name in _PREFIXED | {"Transform"}
}


def function_of(node: Node) -> str:
    """Return the name of the function that a node calls; empty if it calls none.

    A mapping calls a function if that is its only key, whatever its tag.
    """
    if node.id != "mapping":
        return _BY_TAG.get(node.tag, "")
    if len(node.keys) != 1:
        return ""
    return _BY_KEY.get(node.keys[0].text, "")


def full_name(tag: str) -> str:
    """Return the long form of a short tag, `Fn::Sub` for `!Sub`; empty for other tags."""
    name = tag[1:]
    if not name or tag[0] != "!" or name[0] == "!":
        return ""
    return name if name in _BARE else "Fn::" + name


def argument(node: Node) -> Node:
    """Return the argument of a function call, without the short form's tag."""
    return node.items[0] if node.id == "mapping" else untagged(node)


def split_attribute(scalar: Node) -> Node:
    """Return `Logical.Some.Attribute` as a list of logical id and attribute."""
    parts = (part.strip() for part in scalar.text.split(".", 1))
    return list_of(*(Node(part) for part in parts if part), style="{")
