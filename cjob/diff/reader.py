"""Template text to the nodes of a comparison, in one pass over the parser's events.

Takes YAML or JSON, returns a Document (see nodes). Most of a comparison's time is spent here, so it
is written for speed: value ids need no pass of their own, and the keys of mappings are checked once
for each set of keys.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import yaml
from yaml import (
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from cjob.diff.nodes import (
    IGNORED,
    MERGE,
    NULLS,
    AliasNode,
    Document,
    ListNode,
    MapNode,
    Node,
    ValueId,
    is_merge,
    is_null,
    place,
)
from cjob.reporting.errors import InputError
from cjob.yamlio.reader import DEPTH_LIMIT, syntax_errors, too_deep

try:
    # The stubs leave it out.
    from yaml.cyaml import CParser as _Parser  # type: ignore[attr-defined]
except ImportError:  # PyYAML was built without libyaml
    from yaml import SafeLoader as _Parser  # type: ignore[assignment]

Events: Any = _Parser
"""Parses a string into PyYAML's events."""

_SPECIAL_KEYS = NULLS | {MERGE}

# Returns the ids of a mapping's values in the order of its sorted keys, without ignored ones.
_Pick = Callable[[Sequence[ValueId]], object]


class Interner:
    """Assigns a number to each different value, so that equality is one comparison."""

    def __init__(self) -> None:
        """Start without values; `key_sets` caches what is known of the keys of a mapping."""
        self.numbers: dict[object, ValueId] = {None: 0}
        self.key_sets: dict[tuple[str, ...], tuple[ValueId, _Pick] | None] = {}

    def of(self, value: object) -> ValueId:
        """Return a value's number, a new one if the value is new."""
        return self.numbers.setdefault(value, len(self.numbers))

    def key_set(self, names: tuple[str, ...]) -> tuple[ValueId, _Pick] | None:
        """Return a number for a mapping's set of keys, and the order in which its values count.

        None if the keys have to be examined: duplicates, null, or a merge key.
        """
        if names not in self.key_sets:
            plain = len(set(names)) == len(names) and _SPECIAL_KEYS.isdisjoint(names)
            self.key_sets[names] = self.order(names) if plain else None
        return self.key_sets[names]

    def order(self, names: Collection[str]) -> tuple[ValueId, _Pick]:
        """Return the same for names without duplicates, nulls or merge keys."""
        order = sorted((name, at) for at, name in enumerate(names) if name != IGNORED)
        number = self.of(("names", *[name for name, _ in order]))
        places = [at for _, at in order]
        if places == list(range(len(names))):
            return number, tuple
        return number, lambda ids: tuple([ids[at] for at in places])


def read(text: str, name: str, ids: Interner) -> Document:
    """Read the first document of a text; raise InputError with its place if it is not YAML."""
    with syntax_errors(text, name):
        return Document(name, text, _Reader(text, name, ids).root())


class _Reader:
    def __init__(self, text: str, name: str, ids: Interner) -> None:
        self.document = Document(name, text)
        self.ids = ids
        self.numbers = ids.numbers
        self.anchors: dict[str, Node] = {}
        self.depth = 0

    def root(self) -> Node | None:
        events: Iterator[Any] = iter(Events(self.document.text).get_event, None)
        for event in events:
            if type(event) is yaml.StreamEndEvent:
                return None
            if type(event) is yaml.DocumentStartEvent:
                break
        root = self._node(next(events), events)
        next(events)  # the document's end, or a syntax error right after the root
        return root

    def _node(self, event: Any, events: Iterator[Any]) -> Node:  # noqa: ANN401 - no types
        kind = type(event)
        if kind is ScalarEvent:
            return self._scalar(event)
        if kind is MappingStartEvent:
            return self._map(event, events)
        if kind is SequenceStartEvent:
            return self._list(event, events)
        return self._alias(event)

    def _scalar(self, event: Any) -> Node:  # noqa: ANN401
        text, tag = event.value, event.tag
        numbers = self.numbers
        if tag and tag != "!":  # the non-specific tag
            node = Node(text, event.style or "", tag, event.start_mark.index)
            node.value_id = numbers.setdefault((tag, text), len(numbers))
        else:
            node = Node(text, event.style or "", "", event.start_mark.index)
            node.value_id = numbers.setdefault(text, len(numbers))
        if event.anchor:
            self._anchor(node, event.anchor)
        return node

    def _alias(self, event: Any) -> AliasNode:  # noqa: ANN401
        name = event.anchor
        node = AliasNode(name, "", "", event.start_mark.index)
        node.target = self.anchors.get(name)
        if node.target is None:
            raise InputError(
                f"there is no anchor {name!r} before this alias",
                hint=f"write &{name} before the value that it repeats",
                place=place(self.document, node),
            )
        node.value_id = self.ids.of(("*", name))
        return node

    def _open(self, node: Node, event: Any) -> None:  # noqa: ANN401
        node.style = "{" if event.flow_style else ""
        node.start = event.start_mark.index
        if event.tag and event.tag != "!":
            node.tag = event.tag
        if event.anchor:
            self._anchor(node, event.anchor)
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            raise too_deep(place(self.document, node))

    def _list(self, opening: Any, events: Iterator[Any]) -> ListNode:  # noqa: ANN401
        node = ListNode()
        self._open(node, opening)
        items: list[Node] = []
        node.items = items
        for event in events:
            if type(event) is SequenceEndEvent:
                break
            items.append(self._node(event, events))
        self.depth -= 1
        node.value_id = self.ids.of(("[", node.tag, *[item.value_id for item in items]))
        return node

    def _map(self, opening: Any, events: Iterator[Any]) -> MapNode:  # noqa: ANN401
        node = MapNode()
        self._open(node, opening)
        keys: list[Node] = []
        items: list[Node] = []
        names: list[str] = []
        ids: list[ValueId] = []
        node.keys, node.items = keys, items
        regular = True
        for event in events:
            if type(event) is ScalarEvent:
                key = self._scalar(event)
            elif type(event) is MappingEndEvent:
                break
            else:
                key, regular = self._node(event, events), False
            event = next(events)  # noqa: PLW2901 - the key's value
            item = self._scalar(event) if type(event) is ScalarEvent else self._node(event, events)
            keys.append(key)
            names.append(key.text)
            items.append(item)
            ids.append(item.value_id)
        self.depth -= 1
        key_set = self.ids.key_set(tuple(names)) if regular else None
        if key_set is None:
            self._check_keys(node)
            node.merged = self._expanded(node)
            ids = [item.value_id for item in node.merged.values()]
            key_set = self.ids.order(node.merged)
        number, pick = key_set
        node.value_id = self.ids.of(("{", number, pick(ids)))
        return node

    def _check_keys(self, node: Node) -> None:
        seen: dict[tuple[str, str], Node] = {}
        for key in node.keys:
            target = key.target or key
            if target.id != "scalar":
                raise InputError(
                    f"a {target.id} is used as a key",
                    hint="the keys of a template are strings",
                    place=place(self.document, key),
                )
            first = seen.setdefault((key.id, key.text), key)
            if first is not key:
                raise InputError(
                    f"{key.text!r} occurs twice; first at {place(self.document, first)}",
                    hint="remove or rename one of the two",
                    place=place(self.document, key),
                )

    def _expanded(self, node: Node) -> dict[str, Node]:
        """Return a mapping's fields with merge keys followed; null keys are left out."""
        fields: dict[str, Node] = {}
        merges: list[Node] = []
        for key, item in zip(node.keys, node.items, strict=True):
            if is_merge(key):
                merges = list(item.items) if item.id == "sequence" else [item]
            elif not is_null(named := key.target or key):
                fields[named.text] = item
        for merge in merges:
            source = merge.target or merge
            if source.id != "mapping" or not source.value_id:
                raise InputError(
                    "'<<' can only merge mappings",
                    hint="write '<<: *anchor' with the anchor of a mapping that ends above",
                    place=place(self.document, merge),
                )
            for name, item in source.fields.items():
                fields.setdefault(name, item)
        return fields

    def _anchor(self, node: Node, name: str) -> None:
        node.anchor = name
        self.anchors[name] = node
