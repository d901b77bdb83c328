"""The nodes of a comparison: a template's values as they are written.

Plain data. Nothing is interpreted: `010` stays the string `010`, and quotes, tags, brackets,
anchors and the order of keys are kept; comments are not. `reader` makes nodes of a text.

Every node of a document has a `value_id`: two nodes that were read with one `Interner` have the
same id exactly if they are the same data, whatever their quotes, layout and order of keys, and
apart from copies of the manifest. Nodes made otherwise have id 0, which says nothing.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, Final

ValueId = int

CORE: Final = "tag:yaml.org,2002:"
MERGE: Final = "<<"
NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
IGNORED: Final = "Manifest"
"""The key of the manifest's copy, which is not compared."""


_NO_FIELDS: Mapping[str, "Node"] = MappingProxyType({})


class Node:
    """A scalar, and the base of all nodes.

    `tag` is empty if none is written. `style` is a scalar's quote (`'`, `"`, `|`, `>`), or `{` for
    a sequence or mapping in brackets; empty is plain or block. `start` is an offset in the
    document.
    """

    __slots__ = ("anchor", "start", "style", "tag", "text", "value_id")

    id: ClassVar[str] = "scalar"
    items: Sequence["Node"] = ()
    keys: Sequence["Node"] = ()
    target: "Node | None" = None

    def __init__(self, text: str = "", style: str = "", tag: str = "", start: int = 0) -> None:
        """Start a node; its maker sets the rest."""
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
    """A sequence with its items."""

    __slots__ = ("items",)

    id: ClassVar[str] = "sequence"

    @property
    def value(self) -> list[Node]:
        """The items."""
        return list(self.items)


class MapNode(Node):
    """A mapping: its `keys` and their `items` as written, side by side.

    `merged` is set if merge keys or null keys make its fields differ from what is written.
    """

    __slots__ = ("items", "keys", "merged")

    id: ClassVar[str] = "mapping"

    def __init__(self, text: str = "", style: str = "", tag: str = "", start: int = 0) -> None:
        """Start a mapping without entries."""
        super().__init__(text, style, tag, start)
        self.merged: Mapping[str, Node] | None = None

    @property
    def value(self) -> list[tuple[Node, Node]]:
        """The keys with their values, as written."""
        return list(zip(self.keys, self.items, strict=True))

    @property
    def fields(self) -> Mapping[str, Node]:
        """The values by name, with merge keys followed."""
        if self.merged is None:
            names = [key.text for key in self.keys]
            self.merged = dict(zip(names, self.items, strict=True))
        return self.merged


class AliasNode(Node):
    """An alias; its text is the anchor's name, its target the anchor's node."""

    __slots__ = ("target",)

    id: ClassVar[str] = "alias"


class Document:
    """A template's text with its root node, which is None if the text has no value."""

    __slots__ = ("name", "root", "text")

    def __init__(self, name: str, text: str, root: Node | None = None) -> None:
        """Start a document; `name` is its name in messages."""
        self.name = name
        self.text = text
        self.root = root


def list_of(*items: Node, style: str = "") -> Node:
    """Return a sequence that is not part of a document."""
    made = ListNode("", style)
    made.items = items
    return made


def map_of(key: Node, value: Node) -> Node:
    """Return a mapping of one entry that is not part of a document."""
    made = MapNode()
    made.keys, made.items = (key,), (value,)
    return made


def empty_map() -> Node:
    """Return a mapping without entries."""
    made = MapNode("", "{")
    made.keys, made.items = (), ()
    return made


def copied(node: Node) -> Node:
    """Return a copy of a node with the same nodes inside it, and without a value id."""
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
    """Return the document's name with a node's line and column, both counted from 1."""
    line = document.text.count("\n", 0, node.start) + 1
    column = node.start - document.text.rfind("\n", 0, node.start)
    return f"{document.name}:{line}:{column}"


def is_merge(key: Node) -> bool:
    """Return whether a key is a merge key."""
    return key.text == MERGE and key.id == "scalar" and not key.style and not key.tag


def is_null(node: Node) -> bool:
    """Return whether a node is a scalar written as null."""
    if node.id != "scalar":
        return False
    return node.tag == CORE + "null" or (not node.tag and not node.style and node.text in NULLS)
