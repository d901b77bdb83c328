"""Template text to nodes that remember how they were written.

Takes YAML (or JSON) text and gives a tree of `Node`: kind, tag, text, style, anchor and place of
each value, read with libyaml where PyYAML has it. Nothing is interpreted: `010` stays the text
`010`. Every node gets a `form`: two nodes of one `Forms` have the same form exactly when they are
the same data, whatever their quotes, layout and order of keys.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

import yaml

from cjob.errors import InputError

try:
    # The stubs leave it out.
    from yaml.cyaml import CParser as _Parser  # type: ignore[attr-defined]
except ImportError:  # PyYAML was built without libyaml
    from yaml import SafeLoader as _Parser  # type: ignore[assignment]

Events: Any = _Parser
"""Reads a text as PyYAML's events, or as its tokens."""

Kind = Literal["scalar", "list", "map", "alias"]
Form = int

CORE = "tag:yaml.org,2002:"
MERGE: Final = "<<"
NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
IGNORED: Final = "Manifest"
"""The key whose value is a copy of the manifest and never compared."""

_SPECIAL_KEYS = NULLS | {MERGE}


class Node:
    """One value of a document.

    `tag` is empty where none was written. `style` is the scalar's quote (`'`, `"`, `|`, `>`), or
    `{` for a flow list or map; empty is plain or block. `items` holds a list's values; a map's
    `keys` and `items` stand side by side. An alias has the anchor's name as `text`. `start` and
    `end` count characters of the text. `comments` is filled in by `cjob.diff.comments`.
    """

    __slots__ = (
        "anchor",
        "comments",
        "end",
        "fields",
        "form",
        "items",
        "keys",
        "kind",
        "start",
        "style",
        "tag",
        "target",
        "text",
    )

    def __init__(  # noqa: PLR0917 - made for every value of a document, and keywords cost time
        self, kind: Kind, tag: str, text: str, style: str, start: int, end: int
    ) -> None:
        """Begin a node without content; who makes it adds the rest."""
        self.kind: Kind = kind
        self.tag = tag
        self.text = text
        self.style = style
        self.start = start
        self.end = end
        self.anchor = ""
        self.comments: Comments | None = None
        self.target: Node | None = None
        self.form: Form = 0
        self.items: Sequence[Node] = ()
        self.keys: Sequence[Node] = ()
        self.fields: dict[str, Node] = {}


class Comments:
    """The comments round a node: above it, behind it on its line, and below it."""

    __slots__ = ("foot", "head", "line")

    def __init__(self, head: str = "", line: str = "", foot: str = "") -> None:
        """Keep the three texts as written, with their `#`."""
        self.head = head
        self.line = line
        self.foot = foot


class Forms(dict[object, Form]):
    """A number for each different value, so that equal values are found without comparing."""

    def __missing__(self, key: object) -> Form:
        """Give the next number to a value that was not met before."""
        number = self[key] = len(self) + 1
        return number


class Document:
    """A template's text with its root node, which is None for a text without any value."""

    __slots__ = ("name", "root", "text")

    def __init__(self, name: str, text: str, root: Node | None) -> None:
        """Keep the parts; `name` is what messages call the document."""
        self.name = name
        self.text = text
        self.root = root


def read(text: str, name: str, forms: Forms) -> Document:
    """Read the first document of a text; raise InputError with the place where it is no YAML."""
    try:
        return Document(name, text, _Reader(text, name, forms).root())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise InputError(
            f"not valid YAML: {error.problem}",
            hint="check indentation, quotes and brackets at this place",
            place=place,
        ) from error
    except (yaml.YAMLError, UnicodeError) as error:
        raise InputError(
            f"not valid YAML: {error}".splitlines()[0],
            hint="a template is text in UTF-8 without control characters",
            place=name,
        ) from error


class _Reader:
    """Builds nodes from the parser's events, one pass."""

    def __init__(self, text: str, name: str, forms: Forms) -> None:
        self.text = text
        self.name = name
        self.forms = forms
        self.anchors: dict[str, Node] = {}

    def root(self) -> Node | None:
        events: Iterator[Any] = iter(Events(self.text).get_event, None)
        for event in events:
            if type(event) is yaml.StreamEndEvent:
                return None
            if type(event) is yaml.DocumentStartEvent:
                break
        root = self._node(next(events), events)
        next(events)  # the document's end: an error right behind the root shows here
        return root

    def _node(self, event: Any, events: Iterator[Any]) -> Node:  # noqa: ANN401 - no types
        kind = type(event)
        if kind is yaml.ScalarEvent:
            return self._scalar(event)
        if kind is yaml.AliasEvent:
            return self._alias(event)
        tag = event.tag
        if not tag or tag == "!":
            tag = ""
        start = event.start_mark.index
        style = "{" if event.flow_style else ""
        if kind is yaml.SequenceStartEvent:
            return self._list(Node("list", tag, "", style, start, start), event.anchor, events)
        return self._map(Node("map", tag, "", style, start, start), event.anchor, events)

    def _scalar(self, event: Any) -> Node:  # noqa: ANN401
        tag = event.tag
        text = event.value
        node = Node("scalar", "", text, event.style, event.start_mark.index, event.end_mark.index)
        if tag and tag != "!":
            node.tag = tag
            node.form = self.forms[tag, text]
        else:
            node.form = self.forms[text]
        if event.anchor:
            self._anchor(node, event.anchor)
        return node

    def _alias(self, event: Any) -> Node:  # noqa: ANN401
        name = event.anchor
        node = Node("alias", "", name, "", event.start_mark.index, event.end_mark.index)
        node.target = self.anchors.get(name)
        if node.target is None:
            raise InputError(
                f'the alias "{name}" has no anchor above it',
                hint=f"write &{name} before the value that it stands for",
                place=self._place(node),
            )
        node.form = self.forms["*", name]
        return node

    def _list(self, node: Node, anchor: str | None, events: Iterator[Any]) -> Node:
        if anchor:
            self._anchor(node, anchor)
        items = node.items = []
        for event in events:
            if type(event) is yaml.SequenceEndEvent:
                node.end = _end(event)
                break
            items.append(self._node(event, events))
        node.form = self.forms["[", node.tag, *[item.form for item in items]]
        return node

    def _map(self, node: Node, anchor: str | None, events: Iterator[Any]) -> Node:
        if anchor:
            self._anchor(node, anchor)
        keys: list[Node] = []
        items: list[Node] = []
        for event in events:
            if type(event) is yaml.MappingEndEvent:
                node.end = _end(event)
                break
            keys.append(self._node(event, events))
            items.append(self._node(next(events), events))
        node.keys, node.items = keys, items
        self._check_keys(node)
        fields = node.fields = {key.text: item for key, item in zip(keys, items, strict=True)}
        if not _SPECIAL_KEYS.isdisjoint(fields) or any(key.kind == "alias" for key in keys):
            fields = node.fields = self._expanded(node)
        node.form = self.forms[
            frozenset([(key, item.form) for key, item in fields.items() if key != IGNORED])
        ]
        return node

    def _check_keys(self, node: Node) -> None:
        seen: dict[tuple[Kind, str], Node] = {}
        for key in node.keys:
            target = key.target or key
            if target.kind != "scalar":
                raise InputError(
                    f"a {target.kind} is used as a key",
                    hint="the keys of a template are texts",
                    place=self._place(key),
                )
            first = seen.setdefault((key.kind, key.text), key)
            if first is not key:
                raise InputError(
                    f'the key "{key.text}" is given twice; first at {self._place(first)}',
                    hint="remove or rename one of the two",
                    place=self._place(key),
                )

    def _expanded(self, node: Node) -> dict[str, Node]:
        """Give a map's fields with merge keys followed; fields without a name are left out."""
        fields: dict[str, Node] = {}
        merges: list[Node] = []
        for key, item in zip(node.keys, node.items, strict=True):
            if is_merge(key):
                merges = list(item.items) if item.kind == "list" else [item]
            elif not is_null(named := key.target or key):
                fields[named.text] = item
        for merge in merges:
            source = merge.target or merge
            if source.kind != "map" or not source.form:
                raise InputError(
                    "only a finished map, or a list of such, can be merged",
                    hint="<<: takes the alias of a map that was written above",
                    place=self._place(merge),
                )
            for name, item in source.fields.items():
                fields.setdefault(name, item)
        return fields

    def _anchor(self, node: Node, name: str) -> None:
        node.anchor = name
        self.anchors[name] = node

    def _place(self, node: Node) -> str:
        return place(Document(self.name, self.text, None), node)


def _end(event: Any) -> int:  # noqa: ANN401
    index: int = event.end_mark.index
    return index


def place(document: Document, node: Node) -> str:
    """Where a node stands: the document's name, line and column, both from 1."""
    line = document.text.count("\n", 0, node.start) + 1
    column = node.start - document.text.rfind("\n", 0, node.start)
    return f"{document.name}:{line}:{column}"


def is_merge(key: Node) -> bool:
    """Tell whether a key asks for the fields of another map."""
    return key.text == MERGE and key.kind == "scalar" and not key.style and not key.tag


def is_null(node: Node) -> bool:
    """Tell whether a scalar is written as null."""
    if node.kind != "scalar":
        return False
    return node.tag == CORE + "null" or (not node.tag and not node.style and node.text in NULLS)
