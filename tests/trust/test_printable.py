"""What reaches a terminal shows itself, and does nothing else."""

import sys
import unicodedata

import pytest
import unredacted

from cjob.cli.output.console import Console
from cjob.diff.colorize import colorize
from cjob.reporting import printable

TRICKS = "a\u202eb\u2066c\u200bd\x1b[2Je\x9b1mf\x07g\x08h\ufeffi\u2028j\U000e0041k\rl"


def test_each_character_that_controls_or_hides_is_escaped() -> None:
    """All of Unicode's control and bidirectional characters but line breaks and tabs."""
    hidden = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    kept = [
        chr(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in hidden and printable.visible(chr(code)) == chr(code)
    ]
    assert kept[:2] == ["\t", "\n"]
    assert {unicodedata.category(one) for one in kept[2:]} <= {"Cf"}
    assert {unicodedata.bidirectional(one) for one in kept[2:]} <= {"L", "AN", "NSM", "BN"}


@pytest.mark.parametrize("text", ["plain", "caf\xe9 \u65e5\u672c \U0001f600", "a\tb\n"])
def test_text_of_any_language_stays(text: str) -> None:
    """Only what is not seen as itself is changed."""
    assert printable.visible(text) == text


def test_a_difference_shows_what_would_reorder_it() -> None:
    """A person approves what is there."""
    old, new = (f"Resources: {{A: {{B: '{value}'}}}}" for value in ("x", "x\u202ey\u2066"))
    text = unredacted.text(old, new)
    assert "x\\u202ey\\u2066" in text
    assert [one for one in text if not one.isprintable() and one != "\n"] == []


def test_only_cjobs_own_colours_pass() -> None:
    """What is removed or shown in a difference stays so."""
    assert printable.coloured(colorize("+ a\n- b\n")) == colorize("+ a\n- b\n")
    assert printable.coloured("\x1b[8mhidden\x1b[31m") == "\\x1b[8mhidden\x1b[31m"


def test_output_of_programs_loses_its_colours(capfd: pytest.CaptureFixture[str]) -> None:
    """And what is left of sequences is shown."""
    assert printable.without_sequences("\x1b[1;32mok\x1b[0m\x1b]0;t\x07!\x08") == "ok!\\x08"
    Console().info(TRICKS)
    said = capfd.readouterr().err
    assert [one for one in said if not one.isprintable()] == ["\n"]
    assert printable.one_line("a\nb") == "a\\nb"
