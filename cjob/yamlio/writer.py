"""YAML nodes to text: the structure of a document in any layout, and the layout of templates.

A layout has two things of its own: how deep a level is indented, and how scalars are written. The
same nodes always give the same text; comments and aliases do not exist in nodes. Pure.
"""

import functools
import re
from collections.abc import Callable
from typing import Any

import yaml

from cjob.document.records import dataclass
from cjob.yamlio import styles
from cjob.yamlio.nodes import BINARY, NULL, STANDARD, STR
from cjob.yamlio.scalars import tag_1_2

_PLAIN = re.compile(r"[\w/.$](?:[\w/.$+*@=;,<>(){}!&%|~^?-]|:(?=[^\s])| (?=[^\s#]))*", re.ASCII)
_PLAIN_IN_FLOW = re.compile(r"[\w/.$](?:[\w/.$+*@=;-]|::?(?=[\w/])| (?=\w))*", re.ASCII)
_PRINTABLE = re.compile(r"[ -~]*")
_PRINTABLE_LINES = re.compile(r"[\t\n -~]*")
# Compiled when a string needs it: a set that large takes as long as a whole small template.
_WIDE_PRINTABLE_LINES = r"[\t\n -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\U00010000-\U0010ffff]*"
_LONGEST_KEY = 128

_Node = Any
"""A node of PyYAML's, or one with the same `id`, `value` and `flow_style`."""


@dataclass(frozen=True)
class Layout:
    """How a document is laid out.

    `scalar(node, margin, flow, key)` writes a scalar or alias; lines after its first begin with
    `margin`. `properties` writes what stands before a mapping or sequence, such as `!Sub `.
    """

    step: int
    scalar: Callable[[_Node, str, bool, bool], str]
    properties: Callable[[_Node], str]

    def document(self, root: _Node) -> str:
        """Return a whole document's text, which ends with a line break."""
        out: list[str] = []
        if self._is_block(root):
            if properties := self.properties(root):
                out.append(properties.rstrip())
            self._block(root, 0, out)
        else:
            out.append(self._inline(root, self.step))
        return "\n".join([*out, ""])

    def _is_block(self, node: _Node) -> bool:
        return isinstance(node.value, list) and bool(node.value) and not node.flow_style

    def _block(self, node: _Node, indent: int, out: list[str]) -> None:
        margin = " " * indent
        inner = self.step * (indent // self.step + 1)
        if node.id == "sequence":
            for item in node.value:
                self._entry(margin + "-", item, indent + 2, out, joins=True)
            return
        for key, value in node.value:
            if _is_simple(key):
                name = self._inline(key, inner, key=True)
                self._entry(f"{margin}{name}:", value, inner, out)
            else:
                self._entry(margin + "?", key, inner, out, joins=True)
                self._entry(margin + ":", value, inner, out, joins=True)

    def _entry(
        self, lead: str, node: _Node, indent: int, out: list[str], *, joins: bool = False
    ) -> None:
        """Write a value behind its key or dash; with `joins`, a block begins on the same line."""
        if not self._is_block(node):
            text = self._inline(node, indent)
            out.append(f"{lead} {text}" if text else lead)
        elif properties := self.properties(node):
            out.append(f"{lead} {properties.rstrip()}")
            self._block(node, indent, out)
        elif joins:
            first = len(out)
            self._block(node, indent, out)
            out[first] = lead.ljust(indent) + out[first][indent:]
        else:
            out.append(lead)
            self._block(node, indent, out)

    def _inline(self, node: _Node, indent: int, *, flow: bool = False, key: bool = False) -> str:
        """Return a node that begins on its key's line: a scalar, or a collection in brackets."""
        if not isinstance(node.value, list):
            return self.scalar(node, " " * indent, flow, key)
        inner = self.step * (indent // self.step + 1)
        if node.id == "sequence":
            items = ", ".join([self._inline(item, inner, flow=True) for item in node.value])
            return f"{self.properties(node)}[{items}]"
        entries = ", ".join([self._flow_entry(key, value, inner) for key, value in node.value])
        return f"{self.properties(node)}{{{entries}}}"

    def _flow_entry(self, key: _Node, value: _Node, indent: int) -> str:
        simple = _is_simple(key)
        name = self._inline(key, indent, flow=True, key=simple)
        text = self._inline(value, indent, flow=True)
        return f"{name}: {text}" if simple else f"? {name} : {text}"


def _is_simple(key: _Node) -> bool:
    """Return whether a key can be written without YAML's `?`."""
    return len(key.value.encode()) <= _LONGEST_KEY and not styles.has_break(key.value)


def text(root: yaml.Node) -> str:
    """Return a template's text: two spaces a level, sequences indented below their key."""
    return TEMPLATE.document(root)


def _scalar(node: yaml.ScalarNode, margin: str, flow: bool, key: bool) -> str:  # noqa: FBT001
    block = node.style in ("|", ">") and "\n" in node.value and not flow and not key
    if block and _is_printable(node.value):
        return _tag(node) + styles.written(node.value, styles.LITERAL, margin=margin)
    return _on_one_line(node.tag, node.value, node.style, flow or key)


def _is_printable(lines: str) -> bool:
    if lines.isascii():
        return _PRINTABLE_LINES.fullmatch(lines) is not None
    return re.fullmatch(_WIDE_PRINTABLE_LINES, lines) is not None


def _tag(node: yaml.Node) -> str:
    return _shown_tag(node.tag)


def _shown_tag(tag: str) -> str:
    """Return a tag that is not implied by the value, with a space behind it."""
    if tag.startswith(STANDARD):
        return "!!binary " if tag == BINARY else ""
    return tag + " "


@functools.lru_cache(maxsize=8192)
def _on_one_line(tag: str, value: str, style: str | None, flow: bool) -> str:  # noqa: FBT001
    shown = _shown_tag(tag)
    if tag == STR:
        # A string that would be read as something else needs quotes to stay a string.
        style = style or (None if tag_1_2(value) == STR else "'")
    elif tag.startswith(STANDARD):
        style = None
    if not style and not value:
        return shown.rstrip() if not flow else "null" if tag == NULL else f"{tag} ''"
    if not style and (_PLAIN_IN_FLOW if flow else _PLAIN).fullmatch(value):
        return shown + value
    if not _PRINTABLE.fullmatch(value) or style in ("|", ">"):
        style = styles.DOUBLE
    return shown + styles.written(value, styles.allowed(value, style or styles.PLAIN, flow=flow))


TEMPLATE = Layout(2, _scalar, _tag)
