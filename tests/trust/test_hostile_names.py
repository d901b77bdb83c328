"""Names of folders and environments never become commands, nor drive a terminal.

They reach shells by completion, by the Makefile, and by loops over `cjob list`.
"""

import json
import os
import pty
import select
import shutil
import subprocess
import termios
import time
from pathlib import Path

import commands
import pytest

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


BASH = """
eval "$(cjob completion bash)"
COMP_WORDS=(cjob deploy %s '') COMP_CWORD=3
"$(complete -p cjob | sed 's/.*-F \\([^ ]*\\).*/\\1/')" cjob '' %s
echo "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize(("flag", "expected"), [("-n", JOBS), ("-e", ENVIRONMENTS)])
def test_bash_completes_without_running_anything(workspace: Path, flag: str, expected: str) -> None:
    """The words that it completes from are expanded by it."""
    done = commands.shell(BASH % (flag, flag), folder=workspace)
    assert done.out == f"{expected}\n", done.err
    assert no_command_ran(workspace)


@pytest.mark.parametrize(("flag", "expected"), [("-n", JOBS), ("-e", ENVIRONMENTS)])
def test_fish_completes_without_running_anything(workspace: Path, flag: str, expected: str) -> None:
    """Likewise."""
    script = f'cjob completion fish | source; complete -C "cjob deploy {flag} "'
    done = commands.run("fish", "--no-config", "-c", script, folder=workspace)
    assert [row.split("\t")[0] for row in done.out.splitlines()] == [expected], done.err
    assert no_command_ran(workspace)


@pytest.mark.parametrize(("flag", "expected"), [("-n", JOBS), ("-e", ENVIRONMENTS)])
def test_zsh_completes_without_running_anything(workspace: Path, flag: str, expected: str) -> None:
    """Likewise, on a terminal."""
    controller, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 100))
    start = (
        "autoload -U compinit && compinit -u -D; eval \"$(cjob completion zsh)\"; PS1=re'ady> '\n"
    )
    with subprocess.Popen(
        ["zsh", "-f"],
        cwd=workspace,
        env={**commands.environment(workspace), "TERM": "dumb"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    ) as running:
        os.close(terminal)
        os.write(controller, (start + "PS1=re'ady> '\n").encode())
        shown(controller, "ready> ")
        os.write(controller, f"cjob deploy {flag} \t\t".encode())
        shown(controller, expected)
        running.kill()
    os.close(controller)
    assert no_command_ran(workspace)


def shown(controller: int, wanted: str) -> None:
    """Read what a terminal shows until the wanted text was there."""
    text, until = "", time.monotonic() + commands.LIMIT_S
    while wanted not in text:
        assert time.monotonic() < until, text
        if select.select([controller], [], [], 0.2)[0]:
            text += os.read(controller, 65536).decode(errors="replace")


@pytest.mark.parametrize("goal", ["diff", "package", "plan"])
def test_the_makefile_runs_only_what_it_says(workspace: Path, goal: str) -> None:
    """Jobs are listed, not globbed."""
    shutil.copy(MAKEFILE, workspace / "Makefile")
    subprocess.run(["git", "init", "-q"], cwd=workspace, check=True)
    settings = {"MAKEFLAGS": "", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    done = commands.run("make", "-i", goal, "ENV=test", folder=workspace, settings=settings)
    assert f"-n {JOBS} -e test" in done.out, done.err
    assert no_command_ran(workspace)
