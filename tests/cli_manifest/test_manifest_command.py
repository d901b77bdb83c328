"""`cjob manifest`, run as people run it."""

import json
import os
import subprocess
from pathlib import Path

import pytest

CJOB = Path(__file__).parents[2] / "bin/cjob"

MANIFEST = """\
name: {name}
type: Scheduled Job
image:
  location: alpine  # small
on:
  schedule: "@daily"
cpu: 256
colour: red
variables:
  LEVEL: ${{LEVEL}}
  STAGE: ${{COPILOT_ENVIRONMENT_NAME}}
environments:
  prod:
    cpu: 1024
    variables:
      MORE: "yes"
"""

PROD = """\
name: report
type: Scheduled Job
image:
  location: alpine
on:
  schedule: '@daily'
cpu: 1024
variables:
  LEVEL: info
  STAGE: prod
  MORE: 'yes'
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Make a workspace with two jobs."""
    for job in ("report", "sweep"):
        folder = tmp_path / "copilot" / job
        folder.mkdir(parents=True)
        (folder / "manifest.yml").write_text(MANIFEST.format(name=job))
    (tmp_path / "copilot/.workspace").write_text("application: acme\n")
    return tmp_path


def _manifest(
    workspace: Path, *arguments: str, level: str | None = "info"
) -> subprocess.CompletedProcess[str]:
    """Run the command without AWS."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(workspace)}
    return subprocess.run(
        [CJOB, "manifest", *arguments],
        cwd=workspace,
        env=environment | ({} if level is None else {"LEVEL": level}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_shows_the_resolved_manifest_of_an_environment(workspace: Path) -> None:
    """Variables are substituted, the section is merged, and ignored fields are left out."""
    done = _manifest(workspace, "-n", "report", "-e", "prod")
    assert (done.returncode, done.stdout) == (0, PROD)
    assert "copilot/report/manifest.yml:8:1: colour: unknown field is ignored" in done.stderr


def test_an_environment_that_is_not_listed_changes_nothing(workspace: Path) -> None:
    """As when it is deployed."""
    out = _manifest(workspace, "-n", "report", "-e", "test").stdout
    assert "cpu: 256\n" in out
    assert "MORE" not in out


def test_several_jobs_are_several_documents(workspace: Path) -> None:
    """In the order of the arguments."""
    out = _manifest(workspace, "-n", "sweep", "-n", "report", "-e", "prod").stdout
    assert out == PROD.replace("name: report", "name: sweep") + "---\n" + PROD


def test_json_has_one_object_per_line(workspace: Path) -> None:
    """With strings and numbers as they are."""
    out = _manifest(workspace, "--all", "-e", "prod", "-o", "json").stdout
    report, sweep = map(json.loads, out.splitlines())
    assert (report["name"], sweep["name"]) == ("report", "sweep")
    assert (report["cpu"], report["variables"]["MORE"]) == (1024, "yes")
    assert report["on"] == {"schedule": "@daily"}


def test_errors_have_their_place(workspace: Path) -> None:
    """As in other commands; stdout is empty."""
    done = _manifest(workspace, "-n", "report", "-e", "test", level=None)
    assert (done.returncode, done.stdout) == (2, "")
    assert "copilot/report/manifest.yml:10:10: variable 'LEVEL' is not defined" in done.stderr


def test_it_needs_a_job(workspace: Path) -> None:
    """It reads no documents."""
    done = _manifest(workspace, "-e", "test")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "cjob: no job named\nhint: name it with -n, or pass --all\n"
