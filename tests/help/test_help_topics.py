"""`cjob help TOPIC`, and that what the pages say is so."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cjob.cli import topics

ROOT = Path(__file__).parents[2]


def _help(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "bin/cjob", "help", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _rows() -> Iterator[list[str]]:
    """Give the cells of the tables of departures, without their heads."""
    for line in topics.page("departures").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0] != "Copilot" and set(line) - set("|-"):
            yield cells


def test_every_topic_is_listed_with_its_heading() -> None:
    """After the commands."""
    done = _help()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: cjob COMMAND")
    for name in topics.names():
        heading = topics.page(name).splitlines()[0].removeprefix("# ")
        assert re.search(rf"^  {name} +{re.escape(heading)}$", done.stdout, re.MULTILINE)


def test_a_topic_is_printed_as_it_is_written() -> None:
    """For a terminal as for a pipe."""
    done = _help("departures")
    assert (done.returncode, done.stdout, done.stderr) == (0, topics.page("departures"), "")


@pytest.mark.parametrize(
    ("topic", "hint"),
    [
        ("departure", "did you mean 'departures'?"),
        ("deplyo", "did you mean 'deploy'?"),
        ("../README", "see cjob --help"),
    ],
)
def test_what_is_no_topic_is_told_with_what_was_meant(topic: str, hint: str) -> None:
    """Commands have help, too."""
    done = _help(topic)
    assert (done.returncode, done.stdout) == (2, "")
    message = f"cjob: {topic!r} is neither a command of cjob nor a topic"
    assert done.stderr == f"{message}\nhint: {hint}\n"


def test_every_departure_has_a_reason_and_a_test() -> None:
    """The last cell names a test that there is."""
    sources = [file.read_text() for file in (ROOT / "tests").rglob("test_*.py")]
    tests = {
        name for text in sources for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE)
    }
    rows = list(_rows())
    assert len(rows) > 1
    for row in rows:
        copilot, own, why, test = row
        assert all((copilot, own, why)), row
        assert test.strip("`") in tests, row
