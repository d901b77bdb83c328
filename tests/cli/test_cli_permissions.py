"""What people are told who may not read or write a folder: run without the rights of root."""

import os
from pathlib import Path

import commands
import pytest

# Root passes every lock; without these two capabilities it is held up like anybody else.
ANYBODY = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--")

ADDON = """\
Parameters: {App: {Type: String}, Env: {Type: String}, Name: {Type: String}}
Resources:
  F: {Type: 'AWS::Lambda::Function', Properties: {Code: locked/}}
"""


def run_locked(*command: str, folder: Path, locked: str, bits: int = 0) -> commands.Done:
    """Run a command while a folder is locked for those who are not root."""
    place = folder / locked
    place.mkdir(parents=True, exist_ok=True)
    before = place.stat().st_mode
    place.chmod(bits)
    prefix = ANYBODY if os.geteuid() == 0 else ()
    done = commands.run(*prefix, *command, folder=folder)
    place.chmod(before)
    return done


@pytest.mark.parametrize(
    "locked",
    ["copilot", "copilot/report", "copilot/report/addons", "copilot/report/overrides"],
)
@pytest.mark.usefixtures("target")
def test_a_folder_that_must_not_be_read_is_named(locked: str, workspace: Path) -> None:
    """It is for the person to put right, and no bug."""
    line = ("cjob", "package", "-n", "report", "-e", "test", "--target", "target.json")
    done = run_locked(*line, folder=workspace, locked=locked)
    assert done.status == 2
    message, hint = commands.told(done)
    assert f"/{locked}" in message
    assert message.endswith(": Permission denied")
    assert hint == "check its permissions, and those of the folders above it"


def test_a_job_that_must_not_be_read_is_not_left_out(workspace: Path) -> None:
    """To deploy all jobs but one would be no good surprise."""
    done = run_locked("cjob", "list", "jobs", folder=workspace, locked="copilot/report")
    assert done.status == 2
    assert commands.told(done)[0].endswith("/copilot/report/manifest.yml': Permission denied")


@pytest.mark.usefixtures("target")
def test_a_folder_that_is_sent_must_be_readable(workspace: Path) -> None:
    """It is not taken for an empty one."""
    (workspace / "copilot/report/addons").mkdir()
    (workspace / "copilot/report/addons/f.yml").write_text(ADDON)
    line = ("cjob", "package", "-n", "report", "-e", "test", "--target", "target.json")
    done = run_locked(*line, folder=workspace, locked="locked")
    assert done.status == 2
    assert commands.told(done)[0].endswith("/locked': Permission denied")


@pytest.mark.usefixtures("target")
def test_a_dockerfile_that_must_not_be_read_is_named(workspace: Path) -> None:
    """Before an engine is looked for."""
    manifest = workspace / "copilot/report/manifest.yml"
    location = "location: public.ecr.aws/docker/library/busybox:stable"
    manifest.write_text(manifest.read_text().replace(location, "build: locked/Dockerfile"))
    done = run_locked(
        *("cjob-build", "-n", "report", "-e", "test"), folder=workspace, locked="locked"
    )
    assert done.status == 2
    assert commands.told(done)[0].endswith("/locked/Dockerfile': Permission denied")


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize(("bits", "below"), [(0, "locked/new"), (0o555, "locked")])
def test_files_are_written_only_where_that_is_allowed(
    bits: int, below: str, workspace: Path
) -> None:
    """Said before anything is done."""
    line = ("cjob", "package", "-n", "report", "-e", "test", "--output-dir", below)
    done = run_locked(*line, folder=workspace, locked="locked", bits=bits)
    assert done.status == 2
    assert commands.told(done)[0] == f"cannot write to {below!r}: Permission denied"
