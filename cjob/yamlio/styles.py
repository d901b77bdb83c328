"""How a scalar may be written: which style its text allows, and its text in that style.

The rules are libyaml's, which yaml.v3, the library that Copilot prints with, and PyYAML share. Long
lines are never folded. Pure functions of strings.
"""

import re
from typing import Final

PLAIN: Final = ""
SINGLE: Final = "'"
DOUBLE: Final = '"'
LITERAL: Final = "|"
FOLDED: Final = ">"

_BREAKS = "\r\n\x85\u2028\u2029"
# The patterns for strings beyond ASCII take long to compile, and few strings need them.
_ASCII_UNPRINTABLE = re.compile(r"[^\n\t\x20-\x7e]")
_UNPRINTABLE = r"[^\n\t\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]"
_ASCII_ESCAPED = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]")
_ESCAPED = r"[^\x20\x21\x23-\x5b\x5d-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]"
_SPACE_BREAK = re.compile(f" [{_BREAKS}]")
_BREAK_SPACE = re.compile(f"[{_BREAKS}] ")
_BREAK = re.compile(f"[{_BREAKS}]")
_LINES = re.compile(f"([{_BREAKS}])")
_INDICATOR = re.compile(r"[#,\[\]{}&*!|>'\"%@`]|-(?:[ \t]|$)|[?:](?:[ \t]|$)|---|\.\.\.")
_INDICATOR_WITHIN = re.compile(rf":(?:[ \t]|$)|[ \t{_BREAKS}]#")
_FLOW_INDICATOR = re.compile(r"[,?:\[\]{}]")
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


def has_break(text: str) -> bool:
    """Return whether a string has more than one line."""
    return _BREAK.search(text) is not None


def _is_unprintable(text: str) -> bool:
    pattern = _ASCII_UNPRINTABLE if text.isascii() else _UNPRINTABLE
    return re.search(pattern, text) is not None


def is_plain_line(text: str) -> bool:
    """Return whether a string is one printable line without space at its ends."""
    return (
        text == text.strip() and "\t" not in text and not (has_break(text) or _is_unprintable(text))
    )


def allowed(text: str, style: str, *, flow: bool = False, key: bool = False) -> str:
    """Return the wanted style if a string can be written in it, otherwise the next best one.

    `flow` is set inside brackets, `key` for a key, which has to be on one line.
    """
    if key and has_break(text):
        return DOUBLE
    if style == PLAIN and not _plain_allowed(text, flow=flow, key=key):
        style = SINGLE
    if style == SINGLE and not _single_allowed(text):
        return DOUBLE
    if style in (LITERAL, FOLDED) and (flow or key or not _block_allowed(text)):
        return DOUBLE
    return style


def _plain_allowed(text: str, *, flow: bool, key: bool) -> bool:
    if not text:
        return not flow and not key
    if text[0] in " " + _BREAKS or text[-1] in " " + _BREAKS or "\t" in text:
        return False
    if _is_unprintable(text) or has_break(text):
        return False
    if _INDICATOR.match(text) or _INDICATOR_WITHIN.search(text):
        return False
    return not (flow and _FLOW_INDICATOR.search(text))


def _single_allowed(text: str) -> bool:
    return not (
        "\t" in text
        or _is_unprintable(text)
        or _SPACE_BREAK.search(text)
        or _BREAK_SPACE.search(text)
    )


def _block_allowed(text: str) -> bool:
    return bool(text) and not (
        text[-1] == " " or _is_unprintable(text) or _SPACE_BREAK.search(text)
    )


def written(
    text: str, style: str, *, margin: str = "", step: int = 2, as_yaml_v3: bool = False
) -> str:
    """Return a string as it is written in a style that its text allows.

    Lines after the first one begin with `margin`; `step` is the indentation of a block. With
    `as_yaml_v3`, blocks have yaml.v3's errors: a line break at the start is lost, for example.
    """
    if style == SINGLE:
        return _single_quoted(text, margin)
    if style == DOUBLE:
        return double_quoted(text)
    if style in (LITERAL, FOLDED):
        return _block(text, style, margin, step, as_yaml_v3=as_yaml_v3)
    return text


def double_quoted(text: str) -> str:
    """Return a string in double quotes, on one line."""
    pattern = _ASCII_ESCAPED if text.isascii() else _ESCAPED
    return f'"{re.sub(pattern, _escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if character in _ESCAPES:
        return "\\" + _ESCAPES[character]
    number = ord(character)
    if number <= 0xFF:  # noqa: PLR2004 - the widths of YAML's three escapes
        return f"\\x{number:02X}"
    return f"\\u{number:04X}" if number <= 0xFFFF else f"\\U{number:08X}"  # noqa: PLR2004


def _single_quoted(text: str, margin: str) -> str:
    out = ["'"]
    broken = False
    for part in _LINES.split(text.replace("'", "''")):
        if part and part in _BREAKS:
            # The first line break of a run is read as a space.
            out.append("\n" + part if part == "\n" and not broken else part)
            broken = True
        elif part:
            out.append(margin + part if broken else part)
            broken = False
    return "".join([*out, "'"])


def _block(text: str, style: str, margin: str, step: int, *, as_yaml_v3: bool) -> str:
    """Return a string as a block of lines below its sign."""
    # Without the number, YAML would take the first line's own space for the margin.
    numbered = text[0] in " " + _BREAKS or (text[0] == "\t" and not as_yaml_v3)
    out = [style, str(step) if numbered else "", _chomping(text)]
    if text[0] not in _BREAKS or not as_yaml_v3:
        out.append("\n")
    lines = [part for part in _LINES.split(text) if part]
    folds = style == FOLDED and _folds(lines)
    broken = indented = True
    for part in lines:
        if part in _BREAKS:
            # The first line break of a run is read as a space, except around indented lines.
            out.append("\n\n" if folds and part == "\n" and not broken and not indented else part)
            broken = True
        else:
            indented = part[0] in " \t" if broken else indented
            out.append(margin + part if broken else part)
            broken = False
    return "".join(out).removesuffix("\n")


def _folds(lines: list[str]) -> bool:
    """Return whether the first line that is not empty begins with something other than space.

    yaml.v3 doubles a folded string's line breaks only then.
    """
    first = next((line for line in lines if line not in _BREAKS), "")
    return bool(first) and first[0] not in " \t"


def _chomping(text: str) -> str:
    """Return the sign that keeps the end of a block as it is."""
    if text[-1] not in _BREAKS:
        return "-"
    return "+" if len(text) == 1 or text[-2] in _BREAKS else ""
