"""How a string that replaces part of a YAML text is written: in the style of what it replaces.

Takes the source of a scalar and its new value, returns new source that reads as that value. Pure.
"""

import re
from collections.abc import Sequence

from yaml.nodes import ScalarNode

from cjob.yamlio.nodes import STR
from cjob.yamlio.scalars import is_string
from cjob.yamlio.styles import PLAIN, allowed, double_quoted

_BLOCK = re.compile(r"[|>]([-+]?)([1-9]?)([-+]?)(.*)")


def requoted(source: str, value: str, *, flow: bool) -> str:
    """Return a string in the style of its source: plain, quoted, or as a block of lines.

    `flow` is set inside brackets. Falls back to double quotes.
    """
    if source[:1] in {"|", ">"}:
        block = _block(source, value)
        return block or double_quoted(value) + ("\n" if source.endswith("\n") else "")
    if source[:1] == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    if source[:1] not in {"'", '"'} and can_be_plain(value, flow=flow):
        return value
    return double_quoted(value)


def flow_sequence(items: Sequence[ScalarNode]) -> str:
    """Return a sequence on one line; items that are not strings stay without quotes."""
    return f"[{', '.join(_item(item) for item in items)}]"


def _item(item: ScalarNode) -> str:
    if item.tag == STR:
        return double_quoted(item.value)
    # An empty item would be read as an empty string.
    return str(item.value) or "null"


def can_be_plain(value: str, *, flow: bool = False) -> bool:
    """Return whether a string needs no quotes, whichever version of YAML it is read as."""
    return not flow and is_string(value) and allowed(value, PLAIN) == PLAIN


def _block(source: str, value: str) -> str | None:
    """Return a block of lines with the indentation of its source; None if that is not possible."""
    head, _, body = source.partition("\n")
    header = _BLOCK.fullmatch(head.rstrip("\r"))
    first = next((line for line in body.splitlines() if line.strip(" ")), "")
    indent = len(first) - len(first.lstrip(" "))
    lines = value.rstrip("\n").split("\n")
    printable = value.replace("\n", "").replace("\t", "").isprintable()
    if header is None or header[2] or not indent or not printable or not value.strip("\n"):
        return None
    if lines[0][:1] in {" ", "\t", ""}:
        return None
    ends = len(value) - len(value.rstrip("\n"))
    keeping = "" if ends == 1 else "+" if ends else "-"
    if ends > 1:
        lines += [""] * (ends - 1)
    blank_after = "" if ends > 1 else re.sub(r"[^\n]", "", body[len(body.rstrip()) + 1 :])
    written = "\n".join(" " * indent + line if line else "" for line in lines)
    return f"|{keeping}{header[4]}\n{written}\n{blank_after}"
