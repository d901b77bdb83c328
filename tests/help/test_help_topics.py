"""`cjob help TOPIC`, and that what the pages say is so."""

import contextlib
import os
import pty
import re
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from cjob.cli import help_topics

ROOT = Path(__file__).parents[2]


def _help(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "bin/cjob", "help", *arguments],
        env={**os.environ, **settings},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def _rows() -> Iterator[list[str]]:
    """Yield the cells of the tables of departures, without their heads."""
    for line in help_topics.page("departures").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0] != "Copilot" and set(line) - set("|-"):
            yield cells


def test_every_topic_is_listed_with_its_heading() -> None:
    """After the commands."""
    done = _help()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: cjob COMMAND")
    for name in help_topics.names():
        heading = help_topics.page(name).splitlines()[0].removeprefix("# ")
        assert re.search(rf"^  {name} +{re.escape(heading)}$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("topic", help_topics.names())
def test_a_pipe_gets_a_topic_as_it_is_written(topic: str) -> None:
    """In UTF-8, though the locale knows ASCII only."""
    done = _help(topic, PYTHONIOENCODING="ascii", LC_ALL="C")
    assert (done.returncode, done.stdout, done.stderr) == (0, help_topics.page(topic), "")


@pytest.mark.parametrize("topic", help_topics.names())
def test_a_terminal_gets_a_topic_that_fits_it(topic: str) -> None:
    """Prose and tables are as wide as it is; what can be copied has its lines whole."""
    code = set(re.findall(r"^.+$", "".join(_code(topic)), re.MULTILINE))
    shown = _on_a_terminal(60, "help", topic, NO_COLOR="1").splitlines()
    assert "\x1b" not in "".join(shown)
    wide = {line for line in shown if len(line) > 60}
    assert {line.strip() for line in wide} <= {line.strip() for line in code}
    assert {line.strip() for line in code} <= {line.strip() for line in shown}
    words = re.sub(r"\W", "", "".join(shown))
    for paragraph in re.findall(r"^(?:\w.*\n)+", help_topics.page(topic), re.MULTILINE):
        assert re.sub(r"\W", "", paragraph) in words


def test_a_terminal_gets_no_names_of_tests() -> None:
    """They are for those who work on cjob, and would leave the rest no room."""
    shown = _on_a_terminal(80, "help", "departures", NO_COLOR="1")
    assert "Copilot" in shown
    assert "test_" not in shown


def test_a_terminal_gets_colour_unless_it_is_unwanted() -> None:
    """As all else that is shown there."""
    assert "\x1b[" in _on_a_terminal(80, "help", "statuses", TERM="xterm")
    assert "\x1b" not in _on_a_terminal(80, "help", "statuses", TERM="dumb")


def _code(topic: str) -> list[str]:
    """Return the texts of a page's fenced blocks."""
    return re.findall(r"^```.*\n((?:.*\n)*?)```$", help_topics.page(topic), re.MULTILINE)


def _on_a_terminal(columns: int, *arguments: str, **settings: str) -> str:
    """Run cjob on a terminal of a width, and give what that showed."""
    kept = {k: v for k, v in os.environ.items() if k not in ("COLOR", "COLUMNS", "NO_COLOR")}
    controller, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, columns))
    with subprocess.Popen(
        [ROOT / "bin/cjob", *arguments], env={**kept, **settings}, stdout=terminal
    ) as running:
        os.close(terminal)
        shown = b""
        with contextlib.suppress(OSError):  # it is closed once nobody writes to it
            while read := os.read(controller, 65536):
                shown += read
    os.close(controller)
    assert running.returncode == 0
    return shown.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("topic", "hint"),
    [
        ("departure", "did you mean 'departures'?"),
        ("deplyo", "did you mean 'deploy'?"),
        ("../README", "see cjob help"),
    ],
)
def test_what_is_no_topic_is_told_with_what_was_meant(topic: str, hint: str) -> None:
    """Commands have help, too."""
    done = _help(topic)
    assert (done.returncode, done.stdout) == (2, "")
    message = f"cjob: {topic!r} is neither a command of cjob nor a help topic"
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
