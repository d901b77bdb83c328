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
from cjob.yaml12 import BINARY, STR

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_UNBROKEN = 2**30
_STANDARD_TAGS = "tag:yaml.org,2002:"
_PLAIN = re.compile(r"[\w/.$](?:[\w/.$+*@=;,<>(){}!&%|~^?-]|:(?=[^\s])| (?=[^\s#]))*", re.ASCII)
_PLAIN_IN_FLOW = re.compile(r"[\w/.$](?:[\w/.$+*@=;-]|::?(?=\w)| (?=\w))*", re.ASCII)
_PRINTABLE = re.compile(r"[ -~]*")
_PRINTABLE_LINES = re.compile(
    r"[\t\n -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\U00010000-\U0010ffff]*"
)


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
    if node.style in ("|", ">") and "\n" in node.value and _PRINTABLE_LINES.fullmatch(node.value):
        lines = node.value.split("\n")
        ends = "" if lines[-1] == "" and lines[-2:] != ["", ""] else "+" if lines[-1] == "" else "-"
        lines = lines[: -1 if lines[-1] == "" else None]
        # Without the number, YAML would take the first line's own blanks for the margin.
        margin = "2" if node.value[0] in " \n" else ""
        out.append(f"{lead} {_tag(node)}|{margin}{ends}")
        out.extend(pad + line if line else "" for line in lines)
    else:
        written = _flow(node) if _tag(node) else _scalar(node.value, _style(node), flow=False)
        out.append(f"{lead} {written}" if written else lead)


def _flow(node: yaml.Node) -> str:
    """Write a value on one line."""
    if isinstance(node, yaml.ScalarNode):
        return _tag(node) + (_scalar(node.value, _style(node), flow=True) or "null")
    if isinstance(node, yaml.SequenceNode):
        return f"{_tag(node)}[{', '.join(_flow(item) for item in node.value)}]"
    return f"{_tag(node)}{{{', '.join(f'{_flow(k)}: {_flow(v)}' for k, v in node.value)}}}"


def _tag(node: yaml.Node) -> str:
    """Give a tag that is to be seen, with a blank behind it."""
    tag: str = node.tag
    if not tag.startswith(_STANDARD_TAGS):
        return tag + " "
    return "!!binary " if tag == BINARY else ""


def _style(node: yaml.ScalarNode) -> str | None:
    """Give the style that shows a standard tag without naming it."""
    style: str | None = node.style
    if node.tag == STR:
        return style or (None if implicit_tag(node.value) == STR else "'")
    return style if node.tag.startswith("!") else None


@functools.lru_cache(maxsize=8192)
def _scalar(value: str, style: str | None, *, flow: bool) -> str:
    if not style and (_PLAIN_IN_FLOW if flow else _PLAIN).fullmatch(value):
        return value
    if style == "'" and _PRINTABLE.fullmatch(value):
        return "'" + value.replace("'", "''") + "'"
    if style == '"' and _PRINTABLE.fullmatch(value):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return _emitted(value, style, flow=flow)


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
