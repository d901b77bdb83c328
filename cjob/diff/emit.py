"""Nodes back to YAML text, in the layout that Copilot prints: yaml.v3's, with steps of four.

Takes a node (see nodes) and gives its text; touches nothing. Quotes, tags, anchors, brackets,
comments and the order of keys stay as written; indentation, line breaks and what must be quoted
are decided here. Long lines are never folded.

A comment waits in one of five places until the layout has room for it: above the next thing
(`head`), behind the current one (`line`), below it (`foot`), below a whole entry (`tail`), or
behind a key whose value begins on the next line (`key_line`).
"""

import re
from collections.abc import Callable, Sequence
from typing import cast
from urllib.parse import quote

from cjob.diff.nodes import CORE, Comments, Node, is_merge, list_of, map_of
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
_NOTHING = Comments()
_LINES = re.compile(f"([{BREAKS}])")


def document_text(root: Node, comments: Comments = _NOTHING) -> str:
    """Write a whole document; its text ends with a line break."""
    emitter = _Emitter()
    emitter.document(root, comments)
    return "".join(emitter.out)


def entry_text(key: str, value: Node) -> str:
    """Write a map of one entry; the key is quoted where it would not be read as a text."""
    style = "|" if "\n" in key else "" if reads_as_text(key) else '"'
    return document_text(map_of(Node(key, style), value))


def item_text(value: Node) -> str:
    """Write a list of one item."""
    return document_text(list_of(value))


class _Emitter:
    """Where the writing stands: what is out, the column, and the comments that wait."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.column = 0
        self.indent = -1
        self.flow = 0
        self.spaced = True  # the last character separates
        self.fresh = True  # nothing but indentation and indicators on this line
        self.foot_indent = -1
        self.head = self.line = self.foot = self.tail = self.key_line = ""

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
        if self.foot_indent == indent:
            self.break_line()
        if self.column < indent:
            self.put(" " * (indent - self.column))
        self.spaced = True
        self.foot_indent = -1

    # Comments.

    def note(self, comments: Comments | None, tail: str = "") -> None:
        """Let the comments of what is written next wait; what has none lets the others wait on."""
        if comments:
            self.head = comments.head or self.head
            self.line = comments.line or self.line
            self.foot = comments.foot or self.foot
        self.tail = tail or self.tail

    def write_comment(self, text: str) -> None:
        broken = pound = False
        for part in _LINES.split(text):
            if not part:
                continue
            if part in BREAKS:
                self.break_line(part)
                broken, pound = True, False
                continue
            if broken:
                self.begin_line()
            if not pound and part[0] != "#":
                self.put("# ")
            self.put(part)
            self.fresh = broken = False
            pound = True
        if not broken:
            self.break_line()
        self.spaced = True

    def write_head(self) -> None:
        if self.tail:
            self.begin_line()
            self.write_comment(self.tail)
            self.tail = ""
            self.foot_indent = max(self.indent, 0)
        if self.head:
            self.begin_line()
            self.write_comment(self.head)
            self.head = ""

    def write_line(self) -> None:
        if self.line:
            if not self.spaced:
                self.put(" ")
            self.write_comment(self.line)
            self.line = ""

    def write_foot(self) -> None:
        if self.foot:
            self.begin_line()
            self.write_comment(self.foot)
            self.foot = ""
            self.foot_indent = max(self.indent, 0)

    def write_after(self) -> None:
        self.write_line()
        self.write_foot()

    def write_after_flow(self) -> bool:
        """Write a comma before the comments behind a flow entry; tell whether there were any."""
        any_waits = bool(self.line or self.foot or self.tail)
        if any_waits:
            self.indicator(",", space=False)
        self.write_after()
        return any_waits

    # Nodes.

    def document(self, root: Node, comments: Comments) -> None:
        if comments.head:
            self.head = comments.head
            self.write_head()
            self.break_line()
        self.note(root.comments and _opening(root))
        self.write_head()
        self.node(root, self.write_after)
        self.foot = comments.foot or self.foot
        self.foot_indent = 0
        self.write_foot()
        self.foot_indent = -1
        self.begin_line()

    def node(
        self, node: Node, after: Callable[[], object], *, in_list: bool = False, key: bool = False
    ) -> None:
        """Write a node; `after` is called behind its first line, before a collection's content.

        `in_list` says that it stands behind a dash, `key` that it is a key on one line.
        """
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
            after()
        elif node.kind in ("list", "map"):
            after()
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
            self.note(item.comments and _opening(item))
            self.write_head()
            self.begin_line()
            self.indicator("-", space=True, fresh=True)
            self.node(item, self.write_after, in_list=True)
        self.note(_closing(node))
        self.indent = outer

    def block_map(self, node: Node, outer: int) -> None:
        tail = ""
        for key, value in zip(node.keys, node.items, strict=True):
            self.note(key.comments and _without_foot(key), tail)
            tail = key.comments.foot if key.comments else ""
            self.write_head()
            self.begin_line()
            if self.line:
                self.key_line, self.line = self.line, ""
            simple = _is_simple_key(key)
            if not simple:
                self.indicator("?", space=True, fresh=True)
            self.node(key, _nothing, key=simple)
            self.note(value.comments and _opening(value))
            if not simple:
                self.begin_line()
            self.indicator(":", space=not simple, fresh=not simple)
            self.place_key_line(value)
            self.node(value, self.write_after)
        self.note(_closing(node), tail)
        self.write_head()
        self.indent = outer

    def place_key_line(self, value: Node) -> None:
        """Write the comment behind a key before a block begins; else leave it to the value."""
        if not self.key_line:
            return
        if value.kind == "scalar":
            if not self.line:
                self.line, self.key_line = self.key_line, ""
        elif value.kind in ("list", "map") and value.style != "{":
            self.line, self.key_line = self.key_line, self.line
            self.write_line()
            self.line, self.key_line = self.key_line, self.line

    def flow_list(self, node: Node, outer: int) -> None:
        comma = False
        for item in node.items:
            self.note(item.comments and _opening(item))
            if comma:
                self.indicator(",", space=False)
            self.write_head()
            if self.column == 0:
                self.begin_line()
            trailing = bool(self.line or self.foot or self.tail)
            self.node(item, self.write_after_flow)
            comma = not trailing
        self.note(_closing(node))
        self.flow -= 1
        self.indent = outer
        if self.column == 0:
            self.begin_line()
        self.indicator("]", space=False)
        self.write_after()

    def flow_map(self, node: Node, outer: int) -> None:
        comma, tail = False, ""
        for key, value in zip(node.keys, node.items, strict=True):
            self.note(key.comments and _without_foot(key), tail)
            tail = key.comments.foot if key.comments else ""
            if comma:
                self.indicator(",", space=False)
            self.write_head()
            if self.column == 0:
                self.begin_line()
            simple = _is_simple_key(key)
            if not simple:
                self.indicator("?", space=True)
            self.node(key, _nothing, key=simple)
            self.note(value.comments and _opening(value))
            self.indicator(":", space=not simple)
            trailing = bool(self.line or self.foot or self.tail)
            self.node(value, self.write_after_flow)
            comma = not trailing
        self.note(_closing(node), tail)
        if comma and (self.head or self.foot or self.tail):
            self.indicator(",", space=False)
        self.write_head()
        self.flow -= 1
        self.indent = outer
        self.indicator("}", space=False)
        self.write_after()

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
        self.write_line()
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


def _opening(node: Node) -> Comments | None:
    """Return the comments that belong to a node's first line: all, or a collection's head."""
    if node.comments and node.kind in ("list", "map"):
        return Comments(head=node.comments.head)
    return node.comments


def _closing(node: Node) -> Comments | None:
    """Return the comments that belong to a collection's end."""
    return node.comments and Comments(line=node.comments.line, foot=node.comments.foot)


def _without_foot(key: Node) -> Comments | None:
    return key.comments and Comments(key.comments.head, key.comments.line)


def _nothing() -> None:
    """Do nothing behind a key."""
