"""From YAML nodes to text: two blanks a level, lists below their key, no comments, no aliases.

The structure is written here, because libyaml cannot indent a list below its key; every text
that is not plainly simple is left to PyYAML. The same nodes always give the same text.
"""

import functools
import io
import re
from typing import Any

import yaml

from cjob.template.nodes import implicit_tag
from cjob.yamlio.yaml12 import BINARY, NULL, STR

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_UNBROKEN = 2**30
_STANDARD_TAGS = "tag:yaml.org,2002:"
_PLAIN = re.compile(r"[\w/.$](?:[\w/.$+*@=;,<>(){}!&%|~^?-]|:(?=[^\s])| (?=[^\s#]))*", re.ASCII)
_PLAIN_IN_FLOW = re.compile(r"[\w/.$](?:[\w/.$+*@=;-]|::?(?=[\w/])| (?=\w))*", re.ASCII)
_PRINTABLE = re.compile(r"[ -~]*")
_PRINTABLE_LINES = re.compile(r"[\t\n -~]*")
# Compiled when a text needs it: a set that large takes as long as a whole small template.
_WIDE_PRINTABLE_LINES = r"[\t\n -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\U00010000-\U0010ffff]*"


def text(root: yaml.Node) -> str:
    """Write a document."""
    out: list[str] = []
    if isinstance(root, yaml.CollectionNode) and root.value and not root.flow_style:
        _block(root, "", out)
    else:
        out.append(_flow(root))
    out.append("")
    return "\n".join(out)


def _block(node: yaml.CollectionNode, pad: str, out: list[str]) -> None:
    deeper = pad + "  "
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _entry(f"{pad}{_flow(key)}:", value, deeper, out)
    else:
        for value in node.value:
            _entry(pad + "-", value, deeper, out)


def _entry(lead: str, node: yaml.Node, pad: str, out: list[str]) -> None:
    """Write a value behind its key or dash; `pad` is the margin of what it holds."""
    if isinstance(node, yaml.ScalarNode):
        _scalar_entry(lead, node, pad, out)
    elif not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
        out.append(f"{lead} {_flow(node)}")
    elif tag := _tag(node):
        out.append(f"{lead} {tag.rstrip()}")
        _block(node, pad, out)
    elif lead.endswith("-"):
        first = len(out)
        _block(node, pad, out)
        out[first] = f"{lead} {out[first][len(pad) :]}"
    else:
        out.append(lead)
        _block(node, pad, out)


def _scalar_entry(lead: str, node: yaml.ScalarNode, pad: str, out: list[str]) -> None:
    style: str | None = node.style
    if style in ("|", ">") and "\n" in node.value and _is_printable(node.value):
        _lines(f"{lead} {_tag(node)}|", node.value, pad, out)
    else:
        written = _scalar(node.tag, node.value, style)
        out.append(f"{lead} {written}" if written else lead)


def _is_printable(lines: str) -> bool:
    if lines.isascii():
        return _PRINTABLE_LINES.fullmatch(lines) is not None
    return re.fullmatch(_WIDE_PRINTABLE_LINES, lines) is not None


def _lines(lead: str, value: str, pad: str, out: list[str]) -> None:
    """Write a text line by line."""
    # Without the number, YAML would take the first line's own blanks for the margin.
    margin = "2" if value[0] in " \t\n" else ""
    body = value.removesuffix("\n")
    ends = "-" if body == value else "+" if not body or body.endswith("\n") else ""
    out.append(lead + margin + ends)
    out.extend(pad + line if line else "" for line in body.split("\n"))


def _flow(node: yaml.Node) -> str:
    """Write a value on one line."""
    if isinstance(node, yaml.ScalarNode):
        return _scalar_in_flow(node.tag, node.value, node.style)
    if isinstance(node, yaml.SequenceNode):
        return f"{_tag(node)}[{', '.join(_flow(item) for item in node.value)}]"
    return f"{_tag(node)}{{{', '.join(f'{_flow(k)}: {_flow(v)}' for k, v in node.value)}}}"


def _tag(node: yaml.Node) -> str:
    """Return a tag that is to be seen, with a blank behind it."""
    return _shown_tag(node.tag)


def _shown_tag(tag: str) -> str:
    if tag.startswith(_STANDARD_TAGS):
        return "!!binary " if tag == BINARY else ""
    return tag + " "


@functools.lru_cache(maxsize=8192)
def _scalar(tag: str, value: str, style: str | None) -> str:
    """Write a scalar in a block; nothing at all for an unquoted null."""
    style = _seen_style(tag, value, style)
    if not style and (not value or _PLAIN.fullmatch(value)):
        return (_shown_tag(tag) + value).rstrip()
    return _shown_tag(tag) + (_quoted(value, style) or _emitted(value, style, flow=False))


@functools.lru_cache(maxsize=8192)
def _scalar_in_flow(tag: str, value: str, style: str | None) -> str:
    """Write a scalar inside of brackets, or a key."""
    style = _seen_style(tag, value, style)
    if not style and not value:
        return "null" if tag == NULL else f"{tag} ''"
    if not style and _PLAIN_IN_FLOW.fullmatch(value):
        return _shown_tag(tag) + value
    return _shown_tag(tag) + (_quoted(value, style) or _emitted(value, style, flow=True))


def _seen_style(tag: str, value: str, style: str | None) -> str | None:
    """Return the style that lets a reader see a standard tag: quotes are for texts only."""
    if tag == STR:
        return style or (None if implicit_tag(value) == STR else "'")
    return style if tag.startswith("!") else None


def _quoted(value: str, style: str | None) -> str:
    """Put a text of ASCII into its quotes; nothing where that is not all that it takes."""
    if style == "'" and _PRINTABLE.fullmatch(value):
        return "'" + value.replace("'", "''") + "'"
    if style == '"' and _PRINTABLE.fullmatch(value):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return ""


def _emitted(value: str, style: str | None, *, flow: bool) -> str:
    """Let PyYAML write a text, on one line, as the item of a list."""
    if not _PRINTABLE.fullmatch(value) or style in ("|", ">"):
        style = '"'
    out = io.StringIO()
    dumper = _Dumper(out, width=_UNBROKEN, allow_unicode=True)
    for event in (
        yaml.StreamStartEvent(),
        yaml.DocumentStartEvent(explicit=False),
        yaml.SequenceStartEvent(None, None, implicit=True, flow_style=flow),
        yaml.ScalarEvent(None, None, (True, True), value, style=style),
        yaml.SequenceEndEvent(),
        yaml.DocumentEndEvent(explicit=False),
        yaml.StreamEndEvent(),
    ):
        dumper.emit(event)
    dumper.dispose()
    written = out.getvalue().rstrip("\n")
    return written[1:-1] if flow else written[2:]
