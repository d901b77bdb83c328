"""The script that runs conformance cases: what it writes for a case, a refusal and a failure."""

import json
import subprocess
import sys
from pathlib import Path

ADAPTER = Path(__file__).with_name("adapter")
MANIFEST = """\
name: report
type: Scheduled Job
image:
  build: jobs/Dockerfile
on:
  schedule: "@daily"
env_file: report.env
"""
RUNTIME = {
    "job": "report",
    "app": "acme",
    "env": "test",
    "account_id": "123456789012",
    "region": "eu-central-1",
    "env_version": "v1.33.2",
    "version": "v1.33.2",
    "service_discovery_endpoint": "test.acme.local",
    "artifact_bucket": "artifacts",
    "artifact_key": "arn:aws:kms:eu-central-1:123456789012:key/1",
    "permissions_boundary": "",
    "tags": {"team": "a"},
    "images": {"report": {"repo": "repo", "tag": "1"}},
    "env_file_arns": {"report": "arn:aws:s3:::artifacts/report.env"},
    "addons_url": "",
    "os_env": {},
}


def _run(what: str, cases: Path) -> tuple[Path, str]:
    out = cases.with_name("out")
    done = subprocess.run(
        [sys.executable, str(ADAPTER), what, str(cases), str(out)],
        check=True,
        capture_output=True,
        text=True,
    )
    return out, done.stderr


def _workspace(case: Path, manifest: str = MANIFEST) -> None:
    folder = case / "copilot/report"
    folder.mkdir(parents=True)
    (folder / "manifest.yml").write_text(manifest)
    (case / "runtime.json").write_text(json.dumps(RUNTIME))


def test_a_case_is_rendered_with_all_that_the_manifest_asks_for(tmp_path: Path) -> None:
    """Stack, parameters and tags, builds, env files and features are files of their own."""
    _workspace(tmp_path / "cases/one")

    out, stderr = _run("render", tmp_path / "cases")

    written = {file.name: file.read_text() for file in (out / "one").iterdir()}
    parameters = json.loads(written["params.json"])
    assert stderr == ""
    assert written["stack.yml"].startswith("AWSTemplateFormatVersion: 2010-09-09\n")
    assert parameters["Parameters"]["ContainerImage"] == "repo:1"
    assert parameters["Tags"]["team"] == "a"
    assert json.loads(written["build.json"]) == {
        "report": {"dockerfile": "jobs/Dockerfile", "context": "jobs"}
    }
    assert json.loads(written["env_files.json"]) == {"report": "report.env"}
    assert json.loads(written["features.json"]) is None


def test_a_refusal_is_its_message_and_a_failure_leaves_nothing(tmp_path: Path) -> None:
    """The other cases are worked on all the same."""
    _workspace(tmp_path / "cases/refused", MANIFEST.replace("Scheduled Job", "Scheduled"))
    (tmp_path / "cases/without-a-workspace").mkdir()

    out, stderr = _run("render", tmp_path / "cases")

    assert "copilot/report/manifest.yml:2" in (out / "refused/rejected").read_text()
    assert not (out / "without-a-workspace").exists()
    assert "FileNotFoundError" in stderr


def test_two_templates_are_compared(tmp_path: Path) -> None:
    """The text of equal ones is empty."""
    case = tmp_path / "cases/one"
    case.mkdir(parents=True)
    for name in ("old.yml", "new.yml"):
        (case / name).write_text("Resources: {}\n")

    out, _ = _run("diff", tmp_path / "cases")

    assert (out / "one/diff.txt").read_text() == ""
