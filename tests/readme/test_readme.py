"""The README cannot lie: its console blocks are run, and print what it shows.

Each line after `$ ` is run on a terminal of its own, in one workspace on one sandbox, in the
README's order. `…` stands for anything that differs from run to run, over lines too.
"""

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import sandboxes

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
LIMIT_S = 60
COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # of other programs: cjob is asked for none


def blocks(language: str) -> list[str]:
    """Give the texts of the README's fenced blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def steps() -> Iterator[tuple[str, str]]:
    """Give each command of the console blocks with the output that is shown for it."""
    for block in blocks("console"):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = step.partition("\n")
            yield command, output


def on_a_terminal(command: str, folder: Path, environment: Mapping[str, str]) -> str:
    """Run a command as a person sees it, and give what the terminal showed."""
    primary, secondary = pty.openpty()
    process = subprocess.Popen(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdin=secondary,
        stdout=secondary,
        stderr=secondary,
    )
    os.close(secondary)
    shown, until = b"", time.monotonic() + LIMIT_S
    while time.monotonic() < until:
        if not select.select([primary], [], [], 0.1)[0]:
            continue
        try:
            read = os.read(primary, 65536)
        except OSError:  # the terminal is closed when the last process is gone
            break
        if not read:
            break
        shown += read
    else:
        process.kill()
    process.wait()
    os.close(primary)
    return COLOURS.sub("", shown.decode().replace("\r\n", "\n"))


def pattern(shown: str) -> str:
    """Give the pattern that an output has to match."""
    return ".+".join(re.escape(part) for part in shown.split("…"))


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Make a workspace with the README's own manifest."""
    job = tmp_path / "copilot" / "report"
    job.mkdir(parents=True)
    (tmp_path / "copilot" / ".workspace").write_text("application: demo\n")
    (job / "manifest.yml").write_text(blocks("yaml")[0])
    return tmp_path


def test_every_command_prints_what_the_readme_shows(workspace: Path) -> None:
    """The blocks are run in order, so that each finds what the one before it left."""
    place = workspace / ".sandbox"
    sandboxes.prepare(place)
    running = sandboxes.start(place)
    settings = {name: value for name, value in running.env.items() if value}  # null: unset
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CJOB_"))}
    environment = {
        **kept,
        **settings,
        "PATH": f"{ROOT / 'bin'}:{os.environ['PATH']}",
        "NO_COLOR": "1",
        "TERM": "xterm",
    }
    try:
        for command, output in steps():
            shown = on_a_terminal(command, workspace, environment)
            assert re.fullmatch(pattern(output), shown, re.DOTALL), f"$ {command}\n{shown}"
    finally:
        running.stop()


def test_the_first_line_with_the_demo_is_the_command() -> None:
    """A newcomer, and any script, finds the command to start with."""
    lines = [line for line in README.splitlines() if line.startswith("bin/demo")]
    assert lines[0].split()[0] == "bin/demo"
    assert len(README.splitlines()) <= 300


def test_the_readme_names_every_exit_status() -> None:
    """The table of statuses is the one in the code."""
    from cjob import errors  # noqa: PLC0415 - beside what it is compared with

    named = {int(n) for n in re.findall(r"\b\d+\b", README.split("## Exit status")[1][:900])}
    statuses = {value for value in vars(errors).values() if isinstance(value, int)}
    assert statuses <= named
