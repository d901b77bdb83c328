"""Git runs no program that a checkout brings along, whatever its files and its configuration."""

import os
import shutil
from pathlib import Path

import commands
import hostile_checkouts
import pytest
from hostile_checkouts import Trap

from cjob.document.models import Revision
from cjob.workspace import git

MAKEFILE = Path(__file__).parents[2] / "Makefile.example"


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    """Return a program that must not run."""
    return Trap(tmp_path / "trap")


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """Return the top folder of a checkout with a workspace in its folder `jobs`."""
    hostile_checkouts.workspace(tmp_path / "repo/jobs")
    return tmp_path / "repo"


def revision(root: Path) -> Revision | None:
    """Read the revision; no warning is expected."""
    return git.revision(root, {}, pytest.fail)


@pytest.mark.parametrize("setting", ["fsmonitor", "clean"])
def test_committed_files_that_look_like_a_repository_are_none(
    top: Path, trap: Trap, setting: str
) -> None:
    """The checkout above them is what git reads."""
    commands = {
        "fsmonitor": f"\tfsmonitor = {trap.program}\n",
        "clean": f'[filter "x"]\n\tclean = {trap.program}\n',
    }
    hostile_checkouts.plant_bare_repository(top / "jobs", commands[setting])
    (top / "jobs/.gitattributes").write_text("* filter=x\n")
    hostile_checkouts.committed(top)
    commit = hostile_checkouts.git(top, "rev-parse", "--short", "HEAD")
    os.utime(top / "jobs/Dockerfile", (1, 1))

    assert revision(top / "jobs") == Revision(commit=commit, dirty=False)
    assert not trap.sprung


@pytest.mark.parametrize("key", ["clean", "process"])
@pytest.mark.parametrize("name", ["x", "a=b", "a.clean"])
def test_filters_of_the_repository_do_not_run(top: Path, trap: Trap, key: str, name: str) -> None:
    """Its configuration may include a committed file, and `.gitattributes` is committed, too."""
    hostile_checkouts.committed(top)
    (top / "team.config").write_text(f'[filter "{name}"]\n\t{key} = {trap.program}\n\trequired\n')
    hostile_checkouts.git(top, "config", "include.path", "../team.config")
    (top / ".gitattributes").write_text(f"* filter={name}\n")
    (top / "jobs/Dockerfile").write_text("FROM busybox\n")

    found = revision(top / "jobs")

    assert found is not None
    assert found.dirty
    assert not trap.sprung


def test_hooks_and_monitors_of_the_repository_do_not_run(top: Path, trap: Trap) -> None:
    """Reading the status neither asks a monitor nor writes the index."""
    hostile_checkouts.committed(top)
    hostile_checkouts.git(top, "config", "core.fsmonitor", str(trap.program))
    hostile_checkouts.git(top, "config", "core.hooksPath", str(trap.program.parent))
    shutil.copy(trap.program, trap.program.with_name("post-index-change"))
    os.utime(top / "jobs/Dockerfile", (1, 1))

    assert revision(top / "jobs") is not None
    assert not trap.sprung


def test_missing_objects_are_not_fetched(top: Path, trap: Trap) -> None:
    """A partial clone would start whatever its remote's settings name."""
    hostile_checkouts.committed(top)
    for key, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": f"ext::{trap.program}",
        "protocol.ext.allow": "always",
    }.items():
        hostile_checkouts.git(top, "config", key, value)
    tree = hostile_checkouts.git(top, "rev-parse", "HEAD^{tree}")
    (top / ".git/objects" / tree[:2] / tree[2:]).unlink()

    found = git.revision(top / "jobs", {}, lambda _: None)

    assert found is not None
    assert found.dirty
    assert not trap.sprung


def test_the_users_own_filters_still_run(
    top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git LFS and the like are set up by the user, not by the checkout."""
    settings = tmp_path / "gitconfig"
    settings.write_text('[filter "upper"]\n\tclean = tr a-z A-Z\n')
    (top / ".gitattributes").write_text("*.txt filter=upper\n")
    (top / "a.txt").write_text("ABC\n")
    hostile_checkouts.committed(top)
    (top / "a.txt").write_text("abc\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))

    found = revision(top / "jobs")

    assert found is not None
    assert not found.dirty


def test_the_makefile_runs_none_either(top: Path, trap: Trap) -> None:
    """Whatever the folder that it is in looks like to git."""
    jobs = top / "jobs"
    hostile_checkouts.plant_bare_repository(jobs, f"\tfsmonitor = {trap.program}\n")
    shutil.copy(MAKEFILE, jobs / "Makefile")
    hostile_checkouts.committed(top)

    done = commands.run("make", "-n", "plan", "ENV=test", folder=jobs, settings={"MAKEFLAGS": ""})

    assert "cjob-build -n report -e test" in done.out, done.err
    assert not trap.sprung
