"""How a scalar's text may be written in YAML, and what it is read as when written plainly.

Pure functions of texts. The rules are those of yaml.v3, which Copilot prints with: YAML 1.2's
core types with timestamps and 1.1's octal numbers, printable text without astral characters.
"""

import re
from datetime import datetime
from math import isinf
from typing import Literal

Style = Literal["", "'", '"', "|", ">"]

BREAKS = "\r\n\x85\u2028\u2029"
_UNPRINTABLE = re.compile(r"[^\n\t\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
_ESCAPED = re.compile(
    r"[^\x20\x21\x23-\x5b\x5d-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]"
)
_SPACE_BREAK = re.compile(f" [{BREAKS}]")
_BREAK_SPACE = re.compile(f"[{BREAKS}] ")
_BREAK = re.compile(f"[{BREAKS}]")
_INDICATOR = re.compile(r"[#,\[\]{}&*!|>'\"%@`]|-(?:[ \t]|$)|[?:](?:[ \t]|$)|---|\.\.\.")
_INSIDE = re.compile(rf":(?:[ \t]|$)|[ \t{BREAKS}]#")
_FLOW_INDICATOR = re.compile(r"[,?:\[\]{}]")

_WORDS = frozenset(
    {"", "~", ".nan", ".NaN", ".NAN"}
    | {form for word in ("null", "true", "false") for form in (word, word.title(), word.upper())}
    | {sign + word for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")}
)
_INTEGER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
    r"(?:[Tt][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:[.,][0-9]+)?(?:Z|[-+][0-9]{2}:[0-9]{2})"
    r"| [0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:[.,][0-9]+)?)?"
)
_ESCAPES = {
    "\0": "0",
    "\a": "a",
    "\b": "b",
    "\t": "t",
    "\n": "n",
    "\v": "v",
    "\f": "f",
    "\r": "r",
    "\x1b": "e",
    '"': '"',
    "\\": "\\",
    "\x85": "N",
    "\xa0": "_",
    "\u2028": "L",
    "\u2029": "P",
}


def reads_as_text(text: str) -> bool:
    """Return whether a plain scalar is a text, and no number, date, truth value or null."""
    if text in _WORDS:
        return False
    if not text[0].isascii() or text[0] not in "+-.0123456789":
        return True
    digits = text.replace("_", "") if text[0] != "." else text
    if _FLOAT.fullmatch(digits):
        return isinf(float(digits))
    if _INTEGER.fullmatch(digits):
        return False
    return not (_DATE.fullmatch(text) and _is_date(text))


def _is_date(text: str) -> bool:
    year, month, day, *clock = (int(part) for part in re.findall("[0-9]+", text)[:6])
    try:
        datetime(max(year, 1), month, day)  # noqa: DTZ001 - only the calendar is asked
    except ValueError:
        return False
    return all(part < limit for part, limit in zip(clock, (24, 60, 60), strict=False))


def has_break(text: str) -> bool:
    """Return whether a text has more than one line."""
    return _BREAK.search(text) is not None


def is_plain_line(text: str) -> bool:
    """Return whether a text is printable, on one line, and neither begins nor ends with space."""
    return (
        text == text.strip()
        and "\t" not in text
        and not (has_break(text) or _UNPRINTABLE.search(text))
    )


def style_for(text: str, wanted: Style, *, flow: bool, key: bool) -> Style:
    """Return the style in which a text is written, which is the wanted one where that is possible.

    `flow` says that it stands inside brackets, `key` that it is a key on one line.
    """
    style = wanted
    if key and has_break(text):
        style = '"'
    if style == "" and not _plain_allowed(text, flow=flow, key=key):
        style = "'"
    if style == "'" and not _single_allowed(text):
        style = '"'
    if style in ("|", ">") and (flow or key or not _block_allowed(text)):
        style = '"'
    return style


def _plain_allowed(text: str, *, flow: bool, key: bool) -> bool:
    if not text:
        return not flow and not key
    if text[0] in " " + BREAKS or text[-1] in " " + BREAKS or "\t" in text:
        return False
    if _UNPRINTABLE.search(text) or has_break(text):
        return False
    if _INDICATOR.match(text) or _INSIDE.search(text):
        return False
    return not (flow and _FLOW_INDICATOR.search(text))


def _single_allowed(text: str) -> bool:
    return not (
        "\t" in text
        or _UNPRINTABLE.search(text)
        or _SPACE_BREAK.search(text)
        or _BREAK_SPACE.search(text)
    )


def _block_allowed(text: str) -> bool:
    return bool(text) and not (
        text[-1] == " " or _UNPRINTABLE.search(text) or _SPACE_BREAK.search(text)
    )


def double_quoted(text: str) -> str:
    """Write a text in double quotes on one line."""
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if character in _ESCAPES:
        return "\\" + _ESCAPES[character]
    number = ord(character)
    if number <= 0xFF:  # noqa: PLR2004 - the widths of YAML's three escapes
        return f"\\x{number:02X}"
    return f"\\u{number:04X}" if number <= 0xFFFF else f"\\U{number:08X}"  # noqa: PLR2004


def chomping(text: str) -> str:
    """Return the sign behind `|` or `>` that keeps a text's end as it is."""
    if not text or text[-1] not in BREAKS:
        return "-"
    return "+" if len(text) == 1 or text[-2] in BREAKS else ""
