"""Nodes back to YAML text, in the layout that Copilot prints: yaml.v3's, with steps of four.

Takes a node (see nodes) and returns its text; pure. Quotes, tags, anchors, brackets and the order
of keys stay as written; indentation, line breaks and what must be quoted are decided here. Long
lines are never folded, and comments are not printed.
"""

import re
from collections.abc import Sequence
from typing import cast
from urllib.parse import quote

from cjob.diff.nodes import CORE, Node, is_merge, list_of, map_of
from cjob.diff.scalars import (
    BREAKS,
    Style,
    chomping,
    double_quoted,
    has_break,
    reads_as_text,
    style_for,
)

STEP = 4
_KEY_LIMIT = 128
_TAG_SAFE = ";/?:@&=+$,_.~*'()[]-"
_LINES = re.compile(f"([{BREAKS}])")


def document_text(root: Node) -> str:
    """Return a whole document's text, which ends with a line break."""
    emitter = _Emitter()
    emitter.node(root)
    emitter.begin_line()
    return "".join(emitter.out)


def entry_text(key: str, value: Node) -> str:
    """Write a map of one entry; the key is quoted where it would not be read as a text."""
    style = "|" if "\n" in key else "" if reads_as_text(key) else '"'
    return document_text(map_of(Node(key, style), value))


def item_text(value: Node) -> str:
    """Write a list of one item."""
    return document_text(list_of(value))


class _Emitter:
    """Builds the text: what is written so far, the column and the indentation."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.column = 0
        self.indent = -1
        self.flow = 0
        self.spaced = True  # the last character separates
        self.fresh = True  # nothing but indentation and indicators on this line

    # Characters.

    def put(self, text: str) -> None:
        self.out.append(text)
        self.column += len(text)

    def break_line(self, character: str = "\n") -> None:
        self.out.append(character)
        self.column = 0
        self.fresh = True

    def indicator(
        self, text: str, *, space: bool, spaced: bool = False, fresh: bool = False
    ) -> None:
        if space and not self.spaced:
            self.put(" ")
        self.put(text)
        self.spaced = spaced
        self.fresh = self.fresh and fresh

    def begin_line(self) -> None:
        indent = max(self.indent, 0)
        if not self.fresh or self.column > indent or (self.column == indent and not self.spaced):
            self.break_line()
        if self.column < indent:
            self.put(" " * (indent - self.column))
        self.spaced = True

    def node(self, node: Node, *, in_list: bool = False, key: bool = False) -> None:
        """Write a node; `in_list` if it is behind a dash, `key` if it is a key on one line."""
        if node.kind == "alias":
            self.indicator("*", space=True)
            self.word(node.text)
        else:
            if node.anchor:
                self.indicator("&", space=True)
                self.word(node.anchor)
            if tag := _tag(node):
                self.tag(tag)
        outer = self.indent
        if node.kind == "scalar":
            self.deepen(in_list=in_list, flow=True)
            self.scalar(node, key=key)
            self.indent = outer
        elif node.kind in ("list", "map"):
            self.collection(node, in_list=in_list)

    def collection(self, node: Node, *, in_list: bool) -> None:
        outer = self.indent
        flow = self.flow > 0 or node.style == "{" or not node.items
        if flow:
            self.indicator("[" if node.kind == "list" else "{", space=True, spaced=True)
            self.flow += 1
        self.deepen(in_list=in_list, flow=flow)
        write = {
            ("list", False): self.block_list,
            ("list", True): self.flow_list,
            ("map", False): self.block_map,
            ("map", True): self.flow_map,
        }[node.kind, flow]
        write(node, outer)

    def deepen(self, *, in_list: bool, flow: bool) -> None:
        if self.indent < 0:
            self.indent = STEP if flow else 0
        elif in_list and not (flow and self.flow > 1):
            self.indent += 2
        else:
            self.indent = STEP * (self.indent // STEP + 1)

    def block_list(self, node: Node, outer: int) -> None:
        for item in node.items:
            self.begin_line()
            self.indicator("-", space=True, fresh=True)
            self.node(item, in_list=True)
        self.indent = outer

    def block_map(self, node: Node, outer: int) -> None:
        for key, value in zip(node.keys, node.items, strict=True):
            self.begin_line()
            simple = _is_simple_key(key)
            if not simple:
                self.indicator("?", space=True, fresh=True)
            self.node(key, key=simple)
            if not simple:
                self.begin_line()
            self.indicator(":", space=not simple, fresh=not simple)
            self.node(value)
        self.indent = outer

    def flow_list(self, node: Node, outer: int) -> None:
        for at, item in enumerate(node.items):
            if at:
                self.indicator(",", space=False)
            self.node(item)
        self.flow -= 1
        self.indent = outer
        self.indicator("]", space=False)

    def flow_map(self, node: Node, outer: int) -> None:
        for at, (key, value) in enumerate(zip(node.keys, node.items, strict=True)):
            if at:
                self.indicator(",", space=False)
            simple = _is_simple_key(key)
            if not simple:
                self.indicator("?", space=True)
            self.node(key, key=simple)
            self.indicator(":", space=not simple)
            self.node(value)
        self.flow -= 1
        self.indent = outer
        self.indicator("}", space=False)

    # Scalars, anchors and tags.

    def word(self, text: str) -> None:
        self.put(text)
        self.spaced = self.fresh = False

    def tag(self, tag: str) -> None:
        if tag.startswith("!"):
            written = "!" + quote(tag[1:], safe=_TAG_SAFE)
        elif tag.startswith(CORE):
            written = "!!" + quote(tag.removeprefix(CORE), safe=_TAG_SAFE)
        else:
            written = f"!<{quote(tag, safe=_TAG_SAFE)}>"
        if not self.spaced:
            self.put(" ")
        self.word(written)

    def scalar(self, node: Node, *, key: bool) -> None:
        wanted = cast("Style", node.style)
        if not wanted and "\n" in node.text:
            wanted = "|"
        style = style_for(node.text, wanted, flow=self.flow > 0, key=key)
        if style in ("|", ">"):
            self.block_scalar(node.text, style)
        elif style == "":
            if node.text and not self.spaced:
                self.put(" ")
            self.put(node.text)
            self.spaced = self.spaced and not node.text
            self.fresh = False
        elif style == '"':
            self.indicator(double_quoted(node.text), space=True)
        else:
            self.single_quoted(node.text)

    def single_quoted(self, text: str) -> None:
        self.indicator("'", space=True)
        broken = False
        for part in _LINES.split(text.replace("'", "''")):
            if part and part in BREAKS:
                if not broken and part == "\n":
                    self.break_line()
                self.break_line(part)
                broken = True
            elif part:
                if broken:
                    self.begin_line()
                self.word(part)
                broken = False
        self.indicator("'", space=False)

    def block_scalar(self, text: str, style: Style) -> None:
        self.indicator(style, space=True)
        if text[0] in " " + BREAKS:
            self.indicator(str(STEP), space=False)
        if chomping(text):
            self.indicator(chomping(text), space=False)
        self.spaced = True
        broken = leading = True
        parts = [part for part in _LINES.split(text) if part]
        for part in parts:
            if part in BREAKS:
                if style == ">" and not broken and not leading and part == "\n" and _folds(parts):
                    self.break_line()
                self.break_line(part)
                broken = True
            else:
                if broken:
                    self.begin_line()
                    leading = part[0] in " \t"
                self.put(part)
                self.fresh = broken = False


def _folds(parts: Sequence[str]) -> bool:
    """Return whether a text begins with something else than space once its first breaks are gone.

    Only then are a folded text's line breaks doubled; it is asked of the text's start each time.
    """
    first = next((part for part in parts if part not in BREAKS), "")
    return bool(first) and first[0] not in " \t"


def _is_simple_key(key: Node) -> bool:
    if key.kind == "scalar" and has_break(key.text):
        return False
    tag = key.tag.removeprefix(CORE)
    length = len((key.anchor + tag + key.text).encode()) + (2 if tag != key.tag else 0)
    return length <= _KEY_LIMIT


def _tag(node: Node) -> str:
    """Return the tag to be written; a merge key's is always spelled out."""
    return CORE + "merge" if is_merge(node) else node.tag
