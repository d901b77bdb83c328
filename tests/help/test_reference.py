"""The written reference of the commands, and what CONTRIBUTING.md says."""

import re
import subprocess
from pathlib import Path

import programs
import pytest
import reference

from cjob.cli import main as cli


@pytest.mark.parametrize("path", reference.files(), ids=lambda path: path.name)
def test_the_reference_is_what_the_parsers_say(path: Path) -> None:
    """It is made again by bin/reference."""
    assert path.read_text(encoding="utf-8") == reference.files()[path], "run bin/reference"


def test_every_command_has_a_man_page_and_no_other_is_there() -> None:
    """Pages of commands that are gone are gone, too."""
    there = {path.stem for path in reference.MAN.iterdir()}
    assert there == {"cjob", *(f"cjob-{name}" for name in cli.COMMANDS)}


def test_man_pages_are_typeset_without_a_warning() -> None:
    """With all warnings on, as packagers check them."""
    pages = sorted(reference.MAN.iterdir())
    programs.needs("groff")
    command = ["groff", "-man", "-Tutf8", "-ww", *map(str, pages)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "--resource-tags" in re.sub(r"\x1b\[[0-9;]*m|.\x08", "", done.stdout)


def test_contributing_names_files_that_there_are() -> None:
    """Whoever follows it finds each of them; NAME stands for a new one."""
    text = (reference.ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:cjob|tests|bin)/[\w./-]*)`", text))
    assert len(named) > 20
    for path in named:
        if "NAME" not in path:
            assert (reference.ROOT / path).exists(), path
