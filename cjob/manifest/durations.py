"""Durations as manifests write them (`90s`, `1h30m`): Go's syntax, in nanoseconds. Pure."""

import re


class Nanoseconds(int):
    """A duration; as a type of its own, so that it is written with a unit."""


SECOND = 1_000_000_000
MINUTE = 60 * SECOND

FORM = "a number and a unit (h, m, s, ms), such as 30s, 10m or 1h30m"
"""How a duration is written."""

_UNITS = {
    "ns": 1,
    "us": 1_000,
    "\N{MICRO SIGN}s": 1_000,
    "\N{GREEK SMALL LETTER MU}s": 1_000,
    "ms": 1_000_000,
    "s": SECOND,
    "m": MINUTE,
    "h": 60 * MINUTE,
}
_PART = re.compile(
    r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|\N{MICRO SIGN}s|\N{GREEK SMALL LETTER MU}s|ms|s|m|h)"
)
_WHOLE = re.compile(rf"[-+]?(?:{_PART.pattern})+")
_LIMIT = 2**63


def parse(text: str) -> Nanoseconds | None:
    """Return a duration; None if the string is not one, or is more than 292 years.

    Parts add up (`1h1h` is two hours), fractions of a nanosecond are cut off, `0` needs no unit.
    """
    if text.lstrip("+-") == "0" and len(text) <= len("-0"):
        return Nanoseconds(0)
    if not _WHOLE.fullmatch(text):
        return None
    total = 0
    for number, unit in _PART.findall(text):
        whole, _, fraction = number.partition(".")
        if len(whole) + len(fraction) > len(str(_LIMIT)) * 2:
            return None
        total += int(whole or "0") * _UNITS[unit]
        total += int(fraction or "0") * _UNITS[unit] // 10 ** len(fraction)
    if total >= _LIMIT:
        return None
    return Nanoseconds(-total if text[0] == "-" else total)


def hint(text: str) -> str:
    """Return how to fix a string that is not a duration."""
    return "add a unit, such as 30s, 10m or 1h30m" if text.isdecimal() else f"write {FORM}"


def to_string(length: Nanoseconds) -> str:
    """Return a duration in the largest unit that divides it."""
    units = sorted(((size, name) for name, size in _UNITS.items() if name.isascii()), reverse=True)
    for size, name in units:
        if length % size == 0 and (length or name == "s"):
            return f"{length // size}{name}"
    raise ValueError(length)
