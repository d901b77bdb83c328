"""`cjob show`: what a document contains, whatever it is, without AWS."""

import json
from pathlib import Path
from typing import Any

import commands
import pytest

AGAINST = {"status": "", "stackId": "", "template": "", "parameters": "", "tags": "", "addons": ""}
PLAN: dict[str, Any] = {
    "apiVersion": "cjob/v1",
    "kind": "Release",
    "job": {"app": "acme", "env": "test", "name": "report"},
    "target": commands.TARGET,
    "images": {"report": {"id": "sha256:1a"}, "log": {"uri": "x/log@sha256:2b"}},
    "stack": {
        "name": "acme-test-report",
        "template": "Resources: {}",
        "parameters": {"Secret": "s3cret"},
        "tags": {},
        "missing": ["ContainerImage"],
    },
}
CHANGED = {"changed": True, "text": "~ A: \x1b]0;x\x07 -> 2\n", "changes": [], "against": AGAINST}


def show(document: dict[str, Any], folder: Path, *options: str) -> commands.Done:
    """Show a document in a folder that has nothing else."""
    return commands.run("cjob", "show", *options, folder=folder, stdin=json.dumps(document))


def test_a_document_that_was_not_compared_says_so(tmp_path: Path) -> None:
    """With its images, what is missing, and none of its parameters' values."""
    done = show(PLAN, tmp_path)
    assert (done.status, done.err) == (0, "")
    *lines, digest = done.out.splitlines()
    assert lines == [
        "report (test)",
        "  stack    acme-test-report",
        "  account  123456789012, eu-west-1",
        "  image    report: sha256:1a (not pushed)",
        "  image    log: x/log@sha256:2b",
        "  missing  ContainerImage (known only after a push)",
        "  changes  not compared (cjob-diff compares)",
    ]
    assert digest.startswith("  digest   sha256:")


def test_a_page_needs_a_comparison(tmp_path: Path) -> None:
    """An empty comment would read as if nothing changed."""
    done = show(PLAN, tmp_path, "-o", "markdown")
    assert done.status == 2
    message, hint = commands.told(done)
    assert message == 'the document has no "diff" section'
    assert "cjob-diff" in hint


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_what_drives_a_terminal_is_not_shown(form: str, tmp_path: Path) -> None:
    """A document may come from anywhere."""
    done = show({**PLAN, "diff": CHANGED}, tmp_path, "-o", form)
    assert done.status == 0
    assert "A: \\x1b]0;x\\x07 -> 2\n" in done.out
    assert "\x1b" not in done.out


def test_a_job_is_not_a_plan(workspace: Path) -> None:
    """Whoever names one wants to see what would change."""
    done = commands.run("cjob", "show", "report", folder=workspace)
    assert done.status == 2
    message, hint = commands.told(done)
    assert message == "there is no file 'report', but there is a job with that name"
    assert hint == "to name a job: cjob-diff -n report"


def test_several_plans_are_shown_one_after_the_other(tmp_path: Path) -> None:
    """In the order of the files."""
    for name in ("a", "b"):
        document = {**PLAN, "job": {**PLAN["job"], "name": name}}
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    done = commands.run("cjob", "show", "b.json", "a.json", folder=tmp_path)
    heads = [line for line in done.out.splitlines() if line and not line.startswith(" ")]
    assert heads == ["b (test)", "a (test)"]
