"""The page on security: each promise names tests that there are."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "SECURITY.md").read_text("utf-8")


def test_every_promise_has_tests() -> None:
    """As functions of the test suite."""
    sources = [file.read_text("utf-8") for file in (ROOT / "tests").rglob("test_*.py")]
    known = {
        name for text in sources for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE)
    }
    promises = PAGE.partition("## Promises")[2]
    rows = [line.strip("| ").split(" | ") for line in promises.splitlines() if "| `test_" in line]
    assert len(rows) > 20
    assert [row[0] for row in rows if not set(re.findall(r"`(test_\w+)`", row[1])) <= known] == []
    heads = promises.count("| promise | test |")
    assert len(rows) + 2 * heads == sum(line.startswith("|") for line in promises.splitlines())
