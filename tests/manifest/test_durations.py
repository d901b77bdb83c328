"""Lengths of time in Go's syntax."""

import pytest

from cjob.manifest import durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("1h30m", 5400),
        ("1h1h", 7200),
        ("1.5h", 5400),
        (".5m", 30),
        ("1.m", 60),
        ("1500ms", 1.5),
        ("0", 0),
        ("-5m", -300),
        ("+1s", 1),
        ("1\N{MICRO SIGN}s", 0.000001),
    ],
)
def test_parts_add_up(text: str, seconds: float) -> None:
    """Units follow numbers without spaces; fractions and signs are allowed."""
    assert durations.parse(text) == round(seconds * durations.SECOND)


@pytest.mark.parametrize(
    "text", ["", "90", "1h 30m", "1d", "h", ".", ".s", "1h30", "--1s", "9" * 99 + "h"]
)
def test_other_strings_are_not_durations(text: str) -> None:
    """A unit is required, days are unknown, and 300 years are too long."""
    assert durations.parse(text) is None
