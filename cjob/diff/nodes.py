"""A template's values as they are written: the nodes that everything in this package works on.

Plain data. Nothing is interpreted: `010` stays the text `010`, and quotes, tags, brackets, anchors
and the order of keys are kept, comments are not. `reader` makes nodes of a text.

Every node of a document has a `form`: two nodes that were read with one `Interner` have the same
form exactly when they are the same data, whatever their quotes, layout and order of keys, and
apart from copies of the manifest. Nodes made otherwise have form 0, which says nothing.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, Final

ValueId = int

CORE: Final = "tag:yaml.org,2002:"
MERGE: Final = "<<"
NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
IGNORED: Final = "Manifest"
"""The key whose value is a copy of the manifest and never compared."""


_NO_FIELDS: Mapping[str, "Node"] = MappingProxyType({})


class Node:
    """A scalar, and what all kinds of nodes have in common.

    `tag` is empty where none was written. `style` is a scalar's quote (`'`, `"`, `|`, `>`), or
    `{` for a list or map in brackets; empty is plain or block. `start` counts characters of the
    document.
    """

    __slots__ = ("anchor", "start", "style", "tag", "text", "value_id")

    id: ClassVar[str] = "scalar"
    items: Sequence["Node"] = ()
    keys: Sequence["Node"] = ()
    target: "Node | None" = None

    def __init__(self, text: str = "", style: str = "", tag: str = "", start: int = 0) -> None:
        """Begin a node; who makes it adds the rest."""
        self.text = text
        self.style = style
        self.tag = tag
        self.start = start
        self.value_id: ValueId = 0
        self.anchor = ""

    @property
    def fields(self) -> Mapping[str, "Node"]:
        """A mapping's values by name; empty for other nodes."""
        return _NO_FIELDS

    @property
    def value(self) -> object:
        """A scalar's string, a sequence's items, a mapping's pairs: what the YAML writer takes."""
        return self.text

    @property
    def flow_style(self) -> bool:
        """Whether a collection is written in brackets."""
        return self.style == "{"


class ListNode(Node):
    """A list with its items."""

    __slots__ = ("items",)

    id: ClassVar[str] = "sequence"

    @property
    def value(self) -> list[Node]:
        """The items."""
        return list(self.items)


class MapNode(Node):
    """A map: its `keys` and their `items` side by side as written, and what they come to.

    `merged` is given where that is more or less than what is written.
    """

    __slots__ = ("items", "keys", "merged")

    id: ClassVar[str] = "mapping"

    def __init__(self, text: str = "", style: str = "", tag: str = "", start: int = 0) -> None:
        """Begin a map without entries."""
        super().__init__(text, style, tag, start)
        self.merged: Mapping[str, Node] | None = None

    @property
    def value(self) -> list[tuple[Node, Node]]:
        """The keys with their values, as written."""
        return list(zip(self.keys, self.items, strict=True))

    @property
    def fields(self) -> Mapping[str, Node]:
        """The values by name, with merged maps followed."""
        if self.merged is None:
            names = [key.text for key in self.keys]
            self.merged = dict(zip(names, self.items, strict=True))
        return self.merged


class AliasNode(Node):
    """An alias; its text is the anchor's name, its target what stands there."""

    __slots__ = ("target",)

    id: ClassVar[str] = "alias"


class Document:
    """A template's text with its root node, which is None for a text without any value."""

    __slots__ = ("name", "root", "text")

    def __init__(self, name: str, text: str, root: Node | None = None) -> None:
        """Keep the parts; `name` is what messages call the document."""
        self.name = name
        self.text = text
        self.root = root


def list_of(*items: Node, style: str = "") -> Node:
    """Make a list that stands in no document."""
    made = ListNode("", style)
    made.items = items
    return made


def map_of(key: Node, value: Node) -> Node:
    """Make a map of one entry that stands in no document."""
    made = MapNode()
    made.keys, made.items = (key,), (value,)
    return made


def empty_map() -> Node:
    """Make a map without entries."""
    made = MapNode("", "{")
    made.keys, made.items = (), ()
    return made


def copied(node: Node) -> Node:
    """Return a copy of a node, with the same nodes inside it; its form is not known."""
    copy = type(node)(node.text, node.style, node.tag, node.start)
    copy.anchor = node.anchor
    if isinstance(copy, ListNode):
        copy.items = node.items
    elif isinstance(copy, MapNode):
        copy.keys, copy.items, copy.merged = node.keys, node.items, node.fields
    elif isinstance(copy, AliasNode):
        copy.target = node.target
    return copy


def untagged(node: Node) -> Node:
    """Return the same value without tag and anchor."""
    bare = copied(node)
    bare.tag = bare.anchor = ""
    return bare


def place(document: Document, node: Node) -> str:
    """Where a node stands: the document's name, line and column, both from 1."""
    line = document.text.count("\n", 0, node.start) + 1
    column = node.start - document.text.rfind("\n", 0, node.start)
    return f"{document.name}:{line}:{column}"


def is_merge(key: Node) -> bool:
    """Return whether a key asks for the fields of another map."""
    return key.text == MERGE and key.id == "scalar" and not key.style and not key.tag


def is_null(node: Node) -> bool:
    """Return whether a scalar is written as null."""
    if node.id != "scalar":
        return False
    return node.tag == CORE + "null" or (not node.tag and not node.style and node.text in NULLS)
