"""Names of folders and environments never become commands, nor drive a terminal.

They reach shells by completion, by the Makefile, and by loops over `cjob list`.
"""

import json
import shutil
import subprocess
from pathlib import Path

import commands
import pytest
import shells

MAKEFILE = Path(__file__).parents[2] / "Makefile.example"

NAMES = (
    "$(touch${IFS}PWNED)",
    "`touch PWNED`",
    "a;touch PWNED",
    "a) touch PWNED (b",
    "a'$(touch PWNED)'b",
    'a"$(touch PWNED)"b',
    "a\ntouch PWNED",
    "a:$(touch PWNED)",
    "-rf",
    "..",
    "\x1b]0;title\x07",
    "\u202egnp.exe",
    "\x9b2J",
)

MANIFEST = """\
name: report
type: Scheduled Job
image: {location: busybox}
on: {schedule: "@daily"}
cpu: 256
memory: 512
environments:
"""

JOBS = "tidy"
ENVIRONMENTS = "prod"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return a workspace with a good job and environment, and hostile ones."""
    folders = (name.replace("/", "") for name in NAMES if name != "..")
    for folder in (JOBS, *folders):
        (tmp_path / "copilot" / folder).mkdir(parents=True)
        (tmp_path / "copilot" / folder / "manifest.yml").write_text(MANIFEST.rpartition("env")[0])
        (tmp_path / "copilot/environments" / folder).mkdir(parents=True)
        if folder != JOBS:
            (tmp_path / "copilot/environments" / folder / "manifest.yml").write_text("")
    sections = "".join(f"  {json.dumps(name)}: {{cpu: 512}}\n" for name in (ENVIRONMENTS, *NAMES))
    (tmp_path / "copilot" / JOBS / "manifest.yml").write_text(MANIFEST + sections)
    (tmp_path / "copilot/.workspace").write_text("application: acme\n")
    return tmp_path


def no_command_ran(folder: Path) -> bool:
    """Return whether nothing left its proof anywhere."""
    return not list(folder.rglob("PWNED*"))


@pytest.mark.parametrize(("what", "expected"), [("jobs", JOBS), ("envs --offline", ENVIRONMENTS)])
def test_only_valid_names_are_listed(workspace: Path, what: str, expected: str) -> None:
    """The others are warned about, without a control character."""
    done = commands.run("cjob", "list", *what.split(), folder=workspace)
    assert (done.status, done.out) == (0, f"{expected}\n")
    assert "touch" in done.err
    assert [one for one in done.err if not one.isprintable() and one != "\n"] == []
    done = commands.run("cjob", "list", *what.split(), "-o", "json", folder=workspace)
    assert json.loads(done.out) == [expected]


@pytest.mark.parametrize(("option", "expected"), [("-n", JOBS), ("-e", ENVIRONMENTS)])
def test_bash_completes_without_running_anything(
    workspace: Path, option: str, expected: str
) -> None:
    """Bash expands the words that it completes from."""
    assert shells.bash(f"cjob deploy {option} ", folder=workspace) == [expected]
    assert no_command_ran(workspace)


@pytest.mark.parametrize(("option", "expected"), [("-n", JOBS), ("-e", ENVIRONMENTS)])
def test_fish_completes_without_running_anything(
    workspace: Path, option: str, expected: str
) -> None:
    """Fish runs the command that lists the words."""
    assert shells.fish(f"cjob deploy {option} ", folder=workspace) == [expected]
    assert no_command_ran(workspace)


@pytest.mark.parametrize(("option", "expected"), [("-n", JOBS), ("-e", ENVIRONMENTS)])
def test_zsh_completes_without_running_anything(
    workspace: Path, option: str, expected: str
) -> None:
    """Zsh splits what the command prints."""
    with shells.zsh(workspace) as controller:
        shells.complete_in_zsh(controller, f"cjob deploy {option} ", [expected])
    assert no_command_ran(workspace)


@pytest.mark.parametrize("goal", ["diff", "package", "plan"])
def test_the_makefile_runs_only_what_it_says(workspace: Path, goal: str) -> None:
    """Jobs are listed, not globbed."""
    shutil.copy(MAKEFILE, workspace / "Makefile")
    subprocess.run(["git", "init", "-q"], cwd=workspace, check=True)
    settings = {"MAKEFLAGS": "", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    done = commands.run("make", "-i", goal, "ENV=test", folder=workspace, settings=settings)
    assert f"-n {JOBS} -e test" in done.out, done.err
    assert no_command_ran(workspace)
