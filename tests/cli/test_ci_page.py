"""The page about CI: its recipes and its roles are what the page says of them."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import commands
import pytest
import yaml

from cjob.cli import help_topics

CHANGING = ("cjob-build", "cjob-push", "cjob-apply", "cjob deploy")


def blocks(language: str) -> list[str]:
    """Return the page's fenced blocks in a language."""
    page = help_topics.page("ci")
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def script_of(job: Any) -> str:  # noqa: ANN401 - a job of either system
    """Return all that a job runs."""
    if "steps" in job:
        return "\n".join(step.get("run", "") for step in job["steps"])
    return "\n".join(job["script"])


@pytest.mark.parametrize("recipe", blocks("yaml"), ids=["github", "gitlab"])
def test_what_runs_for_a_pull_request_only_reads(recipe: str) -> None:
    """It has a role of its own, which the plan and its application have not."""
    parsed = yaml.safe_load(recipe)
    jobs = parsed.get("jobs", parsed)
    reading = script_of(jobs["diff"])
    assert "--as-caller" in reading
    assert [word for word in CHANGING if word in reading] == []
    assert "cjob-push" in script_of(jobs["plan"])
    assert "cjob-apply" in script_of(jobs["apply"])
    for name, role in (("diff", "READ"), ("plan", "PUSH"), ("apply", "DEPLOY")):
        assert set(re.findall(r"(\w+)_ROLE\b", str(jobs[name]))) - {"AWS"} == {role}


def test_the_roles_of_the_page_have_the_policies_that_it_says(tmp_path: Path) -> None:
    """Each line of it that makes one is run; only the first role may not assume another."""
    text = next(block for block in blocks("sh") if "cjob iam" in block)
    variables: dict[str, str] = {}
    made: dict[str, Any] = {}
    for line in text.splitlines():
        for name, value in variables.items():
            line = line.replace(f"${name}", value)  # noqa: PLW2901 - as a shell does
        if assignment := re.fullmatch(r"(\w+)=\"?(.*?)\"?", line):
            variables[assignment[1]] = assignment[2]
        if line.startswith("cjob iam"):
            command, _, file = line.partition(" > ")
            done = commands.run(*shlex.split(command), folder=tmp_path)
            assert done.status == 0, done.err
            made[file] = json.loads(done.out)
    assert len(made) == 6
    assuming = [name for name, policy in made.items() if '"sts:AssumeRole"' in json.dumps(policy)]
    assert assuming == ["push.json", "deploy.json"]
    subjects = re.findall(r"repo:acme/jobs:([^\"]+)", json.dumps(made))
    assert subjects == ["pull_request", "ref:refs/heads/main", "environment:prod"]
