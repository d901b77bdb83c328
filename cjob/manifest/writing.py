"""How a value that was put into a manifest is written there, near to how the text stood before.

Takes the source of a scalar and its new value, gives new source that reads as that value. Touches
nothing.
"""

import json
import re
from collections.abc import Sequence

from yaml.nodes import ScalarNode

from cjob.yamlio import yaml12

_HARMLESS = r"[a-zA-Z0-9_/.$()@%+=:~^;!*-]"
_PLAIN = re.compile(rf"[a-zA-Z0-9_/.$(]{_HARMLESS}*(?: {_HARMLESS}+)*")
_WORDS_OF_1_1 = re.compile(r"y|n|yes|no|on|off|true|false|null|~", re.IGNORECASE)
_BLOCK = re.compile(r"[|>]([-+]?)([1-9]?)([-+]?)(.*)")


def written_scalar(source: str, value: str, *, flow: bool) -> str:
    """Write a text in the style that its source has: plain, quoted, or as a block of lines.

    `flow` tells that it stands between brackets. Falls back to double quotes.
    """
    if source[:1] in {"|", ">"}:
        block = _block(source, value)
        return block or double_quoted(value) + ("\n" if source.endswith("\n") else "")
    if source[:1] == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    if source[:1] not in {"'", '"'} and can_be_plain(value, flow=flow):
        return value
    return double_quoted(value)


def written_list(items: Sequence[ScalarNode]) -> str:
    """Write a list on one line; items that are no texts stay without quotes."""
    return f"[{', '.join(_item(item) for item in items)}]"


def _item(item: ScalarNode) -> str:
    if item.tag == yaml12.STR:
        return double_quoted(item.value)
    # Nothing between commas would be read as a text.
    return str(item.value) or "null"


def double_quoted(value: str) -> str:
    """Write a text in double quotes, on one line."""
    escaped = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped)


def can_be_plain(value: str, *, flow: bool = False) -> bool:
    """Return whether a text needs no quotes, for whatever reader of YAML, old or new."""
    if flow or not _PLAIN.fullmatch(value) or ": " in value or value[-1] == ":":
        return False
    if _WORDS_OF_1_1.fullmatch(value) or (value[0] in "0123456789." and not _is_worded(value)):
        return False
    return yaml12.plain_tag(value) == yaml12.STR


def _is_worded(value: str) -> bool:
    # Anything of digits and punctuation alone could be a number, time or date to some reader.
    return any(character.isalpha() and character not in "eExXbBoO" for character in value)


def _block(source: str, value: str) -> str | None:
    """Write a block of lines with the indentation it had; None where that can't be."""
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
