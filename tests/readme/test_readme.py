"""The README cannot lie: its console blocks are run, and print what it shows.

Each line after `$ ` is run on a terminal of its own, in one workspace on one sandbox, in the
README's order. `…` stands for anything that differs from run to run, over lines too. The sandbox is
strict, and its caller may do what `cjob iam` prints and nothing else: that is enough for all of it.
"""

import os
import re
import subprocess
from pathlib import Path

import programs
import pytest
import sandboxes
from shown import blocks, on_a_terminal, pattern, steps

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Make a workspace as the README says, in an empty folder, with its manifest."""
    (made,) = [block for block in blocks(README, "sh") if "copilot/.workspace" in block]
    subprocess.run(["bash", "-e", "-c", made], cwd=tmp_path, check=True)
    (tmp_path / "copilot/report/manifest.yml").write_text(blocks(README, "yaml")[0])
    return tmp_path


def test_every_command_prints_what_the_readme_shows(workspace: Path) -> None:
    """The blocks are run in order, by a caller with the printed policy of `cjob iam` alone."""
    programs.needs("jq")
    place = workspace / ".sandbox"
    sandboxes.prepare(place)
    policy = workspace / "policy.json"
    iam = [*sandboxes.CJOB, "iam", "-o", "json"]
    policy.write_text(subprocess.check_output(iam, cwd=workspace, text=True))
    running = sandboxes.start(place, "--strict", "--policy", str(policy))
    settings = {name: value for name, value in running.env.items() if value}  # null: unset
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CI", "CJOB_", "MAKE"))
    }
    environment = {
        **kept,
        **settings,
        "CJOB_SANDBOX_DIR": str(place),
        "PATH": f"{ROOT / 'bin'}:{os.environ['PATH']}",
        "NO_COLOR": "1",
        "TERM": "xterm",
    }
    try:
        for command, output in steps(README, "console"):
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
    from cjob.reporting import errors  # noqa: PLC0415 - beside what it is compared with

    named = {int(n) for n in re.findall(r"\b\d+\b", README.split("## Exit status")[1][:900])}
    statuses = {value for value in vars(errors).values() if isinstance(value, int)}
    assert statuses <= named
