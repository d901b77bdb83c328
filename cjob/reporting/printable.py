"""Makes text safe to print: escapes what would control a terminal, or hide or reorder text.

Pure. Everything that people see passes through here: messages, progress, differences, and data on a
terminal. Control, bidirectional and invisible characters become escapes as in Python; line breaks
and tabs stay.
"""

import re

# Compiled when first used: help starts without them.
_HIDDEN = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_SEQUENCE = (
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, moves
    "|\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)"  # titles, links
    "|\x1b[@-_]?"
)

# What `diff.colorize` writes, and nothing else.
_COLOUR = "(\x1b\\[(?:0|1|2|31|32|33)m)"


def visible(text: str) -> str:
    """Return a text with an escape for each character that is not shown as itself."""
    return re.sub(_HIDDEN, _escape, text)


def one_line(text: str) -> str:
    """Return a text on one line: line breaks and tabs become escapes, too."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def without_sequences(text: str) -> str:
    """Return a program's output without escape sequences, and then escaped as by `visible`."""
    return visible(re.sub(_SEQUENCE, "", text))


def coloured(text: str) -> str:
    """Return a text as `visible` does, but keep cjob's own colours."""
    if "\x1b" not in text:
        return visible(text)
    parts = re.split(_COLOUR, text)
    return "".join(part if number % 2 else visible(part) for number, part in enumerate(parts))


def _escape(found: re.Match[str]) -> str:
    return ascii(found[0])[1:-1]
