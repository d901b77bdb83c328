"""Fixtures of the command line's tests."""

import json
from collections.abc import Iterator
from pathlib import Path

import aws_fake
import commands
import pytest


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return a workspace with one job, named as in the page that people start from."""
    return commands.make_workspace(tmp_path)


@pytest.fixture
def aws() -> Iterator[aws_fake.Fake]:
    """Yield an AWS without anything in it."""
    with aws_fake.running() as fake:
        yield fake


@pytest.fixture
def target(workspace: Path) -> str:
    """Return the name of a file as `cjob-target` writes it, so that a command can stay offline."""
    document = {
        "apiVersion": "cjob/v1",
        "kind": "Release",
        "job": {"app": "acme", "env": "test", "name": "report"},
        "target": commands.TARGET,
    }
    (workspace / "target.json").write_text(json.dumps(document))
    return "target.json"
