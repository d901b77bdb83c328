"""What a scalar is read as: one table for each version of YAML, and conversions to a wanted type.

`tag_1_2` is the table of Copilot's reader (yaml.v3): YAML 1.2, with underscores in numbers and
1.1's octal numbers. `tag_1_1` is PyYAML's, which is what CloudFormation's reader goes by. Pure.
"""

import base64
import binascii
import functools
import math
import re
from datetime import datetime

import yaml
from yaml.nodes import ScalarNode

from cjob.yamlio.nodes import BINARY, BOOL, FLOAT, INT, MERGE, NULL, STANDARD, STR, TIMESTAMP

_CONSTANTS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), NULL),
    **dict.fromkeys(("true", "True", "TRUE", "false", "False", "FALSE"), BOOL),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), FLOAT),
    **{sign + word: FLOAT for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")},
    "<<": MERGE,
}
_NUMBER_START = frozenset("0123456789+-.")
_INTEGER = re.compile(
    r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)", re.ASCII
)
# Rare enough to be compiled only when one is met.
_DECIMAL = r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
_TIME = r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?"
_DATE = rf"([0-9]{{4}})-([0-9]{{1,2}})-([0-9]{{1,2}})(?:[Tt]{_TIME}(?:Z|[-+]\d\d:\d\d)| {_TIME})?"
_BASES = {"x": 16, "b": 2, "o": 8}
_INT64 = 2**63
_UINT64 = 2**64
_TRUE_WORDS = frozenset(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON"))
_FALSE_WORDS = frozenset(("n", "N", "no", "No", "NO", "off", "Off", "OFF"))
_RESOLVERS = yaml.resolver.Resolver.yaml_implicit_resolvers


def tag_1_2(text: str) -> str:
    """Return the tag that YAML 1.2 gives to a plain scalar."""
    constant = _CONSTANTS.get(text)
    if constant is not None:
        return constant
    if text[0] not in _NUMBER_START:
        return STR
    if text[0] == ".":
        return FLOAT if re.fullmatch(_DECIMAL, text) else STR
    if text[4:5] == "-" and _is_date(text):
        return TIMESTAMP
    digits = text.replace("_", "")
    if _integer(digits) is not None:
        return INT
    return FLOAT if re.fullmatch(_DECIMAL, digits) and math.isfinite(float(digits)) else STR


def tag_1_1(text: str) -> str:
    """Return the tag that YAML 1.1 gives to a plain scalar."""
    if text in ("y", "Y", "n", "N"):  # booleans by the specification, though not in PyYAML
        return BOOL
    for tag, pattern in _RESOLVERS.get(text[:1], ()):
        if pattern.match(text):
            return str(tag)
    return STR


@functools.lru_cache(maxsize=4096)
def is_string(text: str) -> bool:
    """Return whether a plain scalar is a string in both versions of YAML."""
    return tag_1_2(text) == STR == tag_1_1(text)


def as_text(node: ScalarNode) -> str | None:
    """Return a scalar as a string: its source text, whatever its type; `!!binary` is decoded.

    Return None if `!!binary` is not base64 of UTF-8.
    """
    if node.tag != BINARY:
        return str(node.value)
    try:
        return base64.b64decode(node.value.replace("\n", ""), validate=True).decode()
    except (binascii.Error, ValueError):
        return None


def as_integer(node: ScalarNode) -> int | None:
    """Return a scalar as an integer, fractions truncated; None if it is not a 64-bit number."""
    digits = node.value.replace("_", "")
    if node.tag == INT:
        number = _integer(digits)
        return number if number is not None and number < _INT64 else None
    if node.tag != FLOAT:
        return None
    whole = _integer(digits)
    value = float(whole) if whole is not None else _float(digits)
    if not math.isfinite(value) or not -_INT64 <= value < _INT64:
        return None
    return int(value)


def as_boolean(node: ScalarNode) -> bool | None:
    """Return a scalar as a boolean; YAML 1.1's words (`yes`, `off`) count, also in quotes."""
    if node.tag == BOOL:
        return bool(node.value.lower() == "true")
    if node.tag.startswith(STANDARD) and node.tag != STR:
        return None
    if node.value in _TRUE_WORDS:
        return True
    return False if node.value in _FALSE_WORDS else None


def _is_date(text: str) -> bool:
    found = re.fullmatch(_DATE, text, re.ASCII)
    if found is None:
        return False
    year, *rest = (int(part) for part in found.groups() if part)
    try:
        datetime(max(year, 1), *rest)  # type: ignore[arg-type] # noqa: DTZ001 - only the calendar is asked
    except ValueError:
        return False
    return True


def _integer(digits: str) -> int | None:
    # Longer than any 64-bit number in any base; Python would refuse thousands of digits.
    if len(digits) > len("-0b") + 64 or not _INTEGER.fullmatch(digits):
        return None
    plain = digits.lstrip("+-")
    base = _BASES.get(plain[1:2].lower())
    if base is None:
        base = 8 if plain[0] == "0" and len(plain) > 1 else 10
    else:
        plain = plain[2:]
    number = int(plain, base)
    if digits[0] == "-":
        return -number if number <= _INT64 else None
    return number if number < (_INT64 if digits[0] == "+" else _UINT64) else None


def _float(digits: str) -> float:
    try:
        return float(digits)
    except ValueError:
        # The remaining spellings are .inf and .nan, in several cases and with signs.
        return math.nan
