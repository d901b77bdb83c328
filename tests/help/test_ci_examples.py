"""The examples for CI are run: every line of shell of the page, on a sandbox."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import programs
import pytest
import sandboxes
import yaml

from cjob.cli import help_topics

ROOT = Path(__file__).parents[2]
PAGE = help_topics.page("ci")

MANIFEST = """\
name: {name}
type: Scheduled Job
image: {{location: public.ecr.aws/docker/library/busybox}}
on: {{schedule: "@daily"}}
"""

# Stands for a program that needs a forge: writes down its arguments, answers what is asked for.
FORGE = """\
#!/bin/sh
echo "$(basename "$0") $*" >> "$TOLD"
"""


def fenced(language: str) -> list[str]:
    """Return the texts of the page's fenced blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Run a sandbox with an environment `prod`; give what the examples find around them."""
    folder = tmp_path_factory.mktemp("ci")
    tools = folder / "tools"
    tools.mkdir()
    for name in ("apk", "curl", "gh", "pipx"):
        (tools / name).write_text(FORGE)
        (tools / name).chmod(0o755)
    sandboxes.prepare(folder / "sandbox")
    sandbox = sandboxes.start(folder / "sandbox", "--env", "prod")
    yield {
        **sandboxes.environment(folder / "sandbox"),
        **{name: value for name, value in sandbox.env.items() if value},
        "PATH": f"{tools}:{ROOT / 'bin'}:{os.environ['PATH']}",
        "TOLD": str(folder / "told"),
        "CI": "true",
        "CJOB_SOURCE": "cjob",
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        "GITHUB_OUTPUT": str(folder / "output"),
        "AWS_TOKEN": "token",
    }
    sandbox.stop()


def workspace(folder: Path, *jobs: str) -> None:
    """Write a workspace with some jobs."""
    for job in jobs:
        (folder / "copilot" / job).mkdir(parents=True)
        (folder / "copilot" / job / "manifest.yml").write_text(MANIFEST.format(name=job))
    (folder / "copilot/.workspace").write_text("application: demo\n")


def shell(
    script: str, folder: Path, settings: Mapping[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run a script as CI does: at the first command that fails it ends."""
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script, "deploy.sh", *arguments],
        cwd=folder,
        env=settings,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def statuses(folder: Path) -> list[str]:
    """Return what became of each job."""
    lines = (folder / "deployed.json").read_text().splitlines()
    return [json.loads(line)["deployment"]["status"] for line in lines]


def test_the_github_workflow_plans_and_applies(tmp_path: Path, settings: Mapping[str, str]) -> None:
    """Its steps in their order, with what the forge puts in put in."""
    workspace(tmp_path, "hub-a", "hub-b")
    workflow = yaml.safe_load(fenced("yaml")[0])
    expected = ""
    for name in ("diff", "plan", "apply"):
        for step in workflow["jobs"][name]["steps"]:
            script = step.get("run", "").replace("${{ github.event.number }}", "7")
            assert "${{" not in script
            done = shell(script, tmp_path, {**settings, "EXPECTED": expected})
            assert done.returncode == 0, done.stderr
        if name == "plan":
            expected = Path(settings["GITHUB_OUTPUT"]).read_text().strip().partition("=")[2]
            assert re.fullmatch("(--expect-digest sha256:[0-9a-f]{64} ?){2}", expected)
    assert (tmp_path / "comment.md").read_text().startswith("**hub-a (prod)**")
    assert Path(settings["GITHUB_STEP_SUMMARY"]).read_text().startswith("**hub-a (prod)**")
    assert statuses(tmp_path) == ["CREATE_COMPLETE"] * 2
    told = Path(settings["TOLD"]).read_text().splitlines()
    assert "pipx install cjob" in told
    assert any(line.startswith("gh pr comment 7 ") for line in told)


def test_the_gitlab_pipeline_plans_and_applies(tmp_path: Path, settings: Mapping[str, str]) -> None:
    """The lines of each job make one script, as its runner has it; merge requests get a note."""
    workspace(tmp_path, "lab-a", "lab-b")
    pipeline = yaml.safe_load(fenced("yaml")[1])
    default, told = pipeline["default"], Path(settings["TOLD"])
    variables = {
        **settings,
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
        "AWS_TOKEN": "header.payload.signature",
        "GITLAB_TOKEN": "secret",
        "CI_API_V4_URL": "https://gitlab.example/api/v4",
        "CI_PROJECT_ID": "5",
    }
    note = "https://gitlab.example/api/v4/projects/5/merge_requests/7/notes"
    for name, request in (("diff", "7"), ("plan", ""), ("apply", "")):
        told.write_text("")
        script = "\n".join([*default["before_script"], *pipeline[name]["script"]])
        done = shell(script, tmp_path, {**variables, "CI_MERGE_REQUEST_IID": request})
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "token").read_text() == "header.payload.signature"
        assert ("body@comment.md " + note in told.read_text()) == bool(request)
    assert statuses(tmp_path) == ["CREATE_COMPLETE"] * 2


def test_the_gitlab_pipeline_declares_what_it_uses() -> None:
    """Every variable in it is GitLab's own, declared there, or named in the text above it."""
    text = fenced("yaml")[1]
    pipeline = yaml.safe_load(text)
    prose = PAGE.partition("## GitLab CI")[2].partition("```")[0]
    known = {*pipeline["variables"], *pipeline["default"]["id_tokens"]}
    known |= set(re.findall(r"`([A-Z_]+)`", prose))
    used = {name for name in re.findall(r"\$\{?([A-Z_0-9]+)", text) if not name.startswith("CI_")}
    assert used <= known
    assert pipeline["default"]["services"][0].startswith("docker:")
    assert pipeline["default"]["cache"]["paths"] == [".cache/pip"]
    needed = {"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"}
    for name in ("plan", "apply"):
        assert needed <= {*pipeline["variables"], *pipeline[name]["variables"]}


def test_the_plain_script_deploys_and_finds_nothing_to_do(
    tmp_path: Path, settings: Mapping[str, str]
) -> None:
    """Run twice; and the nightly check fails once the repository says something else."""
    programs.needs("jq")
    workspace(tmp_path, "sh-a", "sh-b")
    _, deploy, check = fenced("sh")
    assert shell(check, tmp_path, settings).returncode == 1
    for changed in (True, False):
        done = shell(deploy, tmp_path, settings, "prod")
        assert done.returncode == 0, done.stderr
        assert ("Resources" in done.stdout) == changed
        assert done.stdout.endswith("sh-a: CREATE_COMPLETE\nsh-b: CREATE_COMPLETE\n")
    assert shell(check, tmp_path, settings).returncode == 0
    manifest = tmp_path / "copilot/sh-b/manifest.yml"
    manifest.write_text(manifest.read_text() + "retries: 3\n")
    assert shell(check, tmp_path, settings).returncode == 1
