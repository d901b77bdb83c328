"""What would cost a careless reader its time or memory is refused, or borne, in good time."""

import math
import os
import resource
import subprocess
import sys
from functools import partial
from pathlib import Path

import effort
import hostile_texts
import job_folders
import pytest

from cjob.document import codec
from cjob.document.models import Release
from cjob.reporting.errors import INVALID

MEMORY = 500 * 1024 * 1024
CJOB_RENDER = (sys.executable, "-c", "from cjob.cli.main import main; main()", "render")


@pytest.fixture(autouse=True)
def _without_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """Find no git: the workspace's commit is not what these are about."""
    monkeypatch.setenv("PATH", "")


def check(root: Path, **files: str | bytes) -> str:
    """Load and render a job with these files; give what is said against it, if anything."""
    workspace = job_folders.write(root, **files)
    with effort.bounded():
        problems = job_folders.refusals(workspace)
    assert all(p.status == INVALID and p.hint for p in problems)
    return str(problems[0]) if problems else ""


@pytest.mark.parametrize("name", hostile_texts.MANIFESTS)
def test_manifests_that_cost_much(tmp_path: Path, name: str) -> None:
    """Each is refused at a place in the manifest, unless it only is long."""
    said = check(tmp_path, manifest=hostile_texts.MANIFESTS[name])
    assert said.startswith("copilot/report/manifest.yml") == (name not in hostile_texts.BORNE), said


@pytest.mark.parametrize("name", hostile_texts.FOLDERS)
def test_addons_and_patches_that_cost_much(tmp_path: Path, name: str) -> None:
    """Each is refused at a place in its file, unless it only is long."""
    files = hostile_texts.FOLDERS[name]
    said = check(tmp_path, manifest=hostile_texts.MANIFEST, **files)
    assert said.startswith("copilot/report/") == (name not in hostile_texts.BORNE), said


@pytest.mark.parametrize("file", ["manifest", "table", "parameters", "patches"])
def test_files_that_are_no_text(tmp_path: Path, file: str) -> None:
    """Bytes that are no UTF-8 are refused with their line."""
    said = check(tmp_path, **{file: b"a: b\n# \xff\xfe\x00\n"})
    assert ":2: the file is not UTF-8" in said


@pytest.mark.parametrize("file", ["manifest", "table", "parameters", "patches"])
def test_files_of_more_than_10_mb(tmp_path: Path, file: str) -> None:
    """None is read that large."""
    assert "bytes, more than" in check(tmp_path, **{file: "#" * 11_000_000})


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (hostile_texts.MANIFESTS["an alias bomb"], b"copilot/report/manifest.yml:10:6: more than"),
        (hostile_texts.MANIFESTS["10 MB"], b"copilot/report/manifest.yml: the file has"),
        (hostile_texts.MANIFESTS["2,000 levels made of aliases"], b"200 levels deep"),
        (b"\xff\xfe", b"copilot/report/manifest.yml:1: the file is not UTF-8"),
        ("", b"copilot/report/manifest.yml: the manifest is empty"),
        (hostile_texts.MANIFESTS["a name that doubles itself"], b"manifest.yml:5:10: with its"),
    ],
    ids=["aliases", "10 MB", "depth", "no UTF-8", "empty", "doubling"],
)
def test_a_process_ends_with_status_2(tmp_path: Path, manifest: str | bytes, said: bytes) -> None:
    """It is told what is wrong and where, without a traceback, in little memory."""
    workspace = job_folders.write(tmp_path, manifest=manifest)
    target = tmp_path / "target.json"
    seconds = math.ceil(effort.LIMIT * effort.unit())
    target.write_text(codec.dump([Release(job=job_folders.JOB, target=job_folders.TARGET)]))
    command = [*CJOB_RENDER, "-n", "report", "-e", "test", "--target", str(target)]

    done = subprocess.run(
        command,
        cwd=workspace.root,
        env={**os.environ, **job_folders.VARIABLES},
        capture_output=True,
        check=False,
        preexec_fn=partial(_limit, seconds),
    )

    assert done.returncode == INVALID, done.stderr
    assert done.stdout == b""
    assert said in done.stderr
    assert b"hint:" in done.stderr
    assert b"Traceback" not in done.stderr


def _limit(seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
