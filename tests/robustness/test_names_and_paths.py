"""What becomes a path: names are checked first, paths of manifests and addons follow one rule.

The rule is Copilot's: a path begins at the workspace's root, with or without a slash before it, and
`..` may leave the root, as for a file that several workspaces share. But it has to stay in the
repository (tests/trust).
"""

import os
from pathlib import Path

import job_folders
import pytest

from cjob.cli.main import dispatch
from cjob.reporting.errors import InputError
from cjob.stages.load import load_job
from cjob.workspace.find import Workspace

CODE = "Code: worker"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Return a workspace two folders down, and no git to ask for its commit."""
    monkeypatch.setenv("PATH", "")
    return job_folders.write(tmp_path / "outer/root")


def change(workspace: Workspace, file: str, old: str, new: str) -> None:
    """Change one file of the job."""
    path = workspace.root / "copilot/report" / file
    path.write_text(path.read_text().replace(old, new))


def said(workspace: Workspace) -> str:
    """Return what is said against the job."""
    (problem,) = job_folders.refusals(workspace)
    return problem.message + "; " + problem.hint


@pytest.mark.parametrize(
    "name",
    ["../report", "..", ".", "/etc", "a/b", "a b", "a\nb", "a\x00b", "-n", "~", "$HOME", "é"],
)
@pytest.mark.parametrize("flag", ["--name", "--env", "--app"])
def test_names_are_checked_before_they_become_paths(
    workspace: Workspace, flag: str, name: str
) -> None:
    """A job, an environment or an application with such a name is looked for nowhere."""
    chosen = {"--name": "report", "--env": "test", "--app": "acme", flag: name}
    arguments = ["render", "-C", str(workspace.root), *(f"{k}={v}" for k, v in chosen.items())]
    with pytest.raises(InputError, match="is not a valid name"):
        dispatch(arguments)


@pytest.mark.parametrize("path", ["/report.env", "./report.env", "copilot/../report.env"])
def test_paths_begin_at_the_root(workspace: Workspace, path: str) -> None:
    """With a slash before them, too."""
    change(workspace, "manifest.yml", "env_file: report.env", f"env_file: {path}")
    assert job_folders.refusals(workspace) == ()


def test_a_path_may_leave_the_root(workspace: Workspace) -> None:
    """An env file beside the workspace is sent under a key made from its digest and its name."""
    (workspace.root.parent / ".git").mkdir()
    (workspace.root.parent / "shared.env").write_text("A=b\n")
    change(workspace, "manifest.yml", "env_file: report.env", "env_file: ../shared.env")

    release = load_job(job_folders.JOB, workspace, job_folders.VARIABLES, lambda _: None)

    assert release.source is not None
    (sent,) = (asset for asset in release.source.assets if asset.kind == "envFile")
    assert sent.path == "../shared.env"
    assert sent.key.startswith("manual/env-files/shared.env/")
    assert ".." not in sent.key


def test_an_absolute_path_is_no_way_out(workspace: Workspace) -> None:
    """It is looked for below the root, and the hint says so."""
    change(workspace, "manifest.yml", "env_file: report.env", "env_file: /etc/passwd.env")
    assert said(workspace) == (
        "there is no file '/etc/passwd.env'; check the name; paths begin at the workspace's root"
    )
    change(workspace, "manifest.yml", "env_file: /etc/passwd.env", "env_file: report.env")
    change(workspace, "addons/table.yml", CODE, "Code: /etc/passwd")
    assert "paths begin at the workspace's root" in said(workspace)


def test_an_env_file_is_called_one(workspace: Workspace) -> None:
    """ECS takes no others, so that no other file can be meant."""
    change(workspace, "manifest.yml", "env_file: report.env", "env_file: ../../etc/passwd")
    assert "does not end in .env" in said(workspace)


def test_a_folder_is_no_env_file(workspace: Workspace) -> None:
    """Nothing is zipped that a container would read as text."""
    (workspace.root / "folder.env").mkdir()
    (workspace.root / "folder.env/a").write_text("a")
    change(workspace, "manifest.yml", "env_file: report.env", "env_file: folder.env")
    assert said(workspace) == "cannot read 'folder.env': Is a directory; check the file"


@pytest.mark.parametrize("path", ['"a\\0b"', "a" * 5000])
def test_names_that_no_file_can_have(workspace: Workspace, path: str) -> None:
    """They are refused as files that cannot be read."""
    change(workspace, "addons/table.yml", CODE, f"Code: {path}")
    assert said(workspace).startswith("cannot read 'a")


def test_a_pipe_is_not_waited_for(workspace: Workspace) -> None:
    """Nor is a device read that has no end."""
    os.mkfifo(workspace.root / "pipe.env")
    change(workspace, "manifest.yml", "env_file: report.env", "env_file: pipe.env")
    assert said(workspace).startswith("cannot read 'pipe.env': it is a pipe or a device")
    change(workspace, "manifest.yml", "env_file: pipe.env", "env_file: report.env")
    os.mkfifo(workspace.root / "worker/pipe")
    assert said(workspace).startswith("cannot read 'worker/pipe': it is a pipe or a device")


@pytest.mark.parametrize("target", [".", "..", "../worker"])
def test_a_folder_that_contains_itself_is_refused(workspace: Workspace, target: str) -> None:
    """Links are followed, but not for ever."""
    (workspace.root / "worker/again").symlink_to(target)
    assert (
        said(workspace)
        == "the folder 'worker' contains itself, by the link 'again'; remove the link"
    )


def test_two_folders_that_contain_each_other_are_refused(workspace: Workspace) -> None:
    """However long the way round is."""
    (workspace.root / "other").mkdir()
    (workspace.root / "other/a").write_text("a")
    (workspace.root / "worker/other").symlink_to("../other")
    (workspace.root / "other/worker").symlink_to("../worker")
    assert said(workspace).startswith("the folder 'worker' contains itself, by the link 'worker'")
