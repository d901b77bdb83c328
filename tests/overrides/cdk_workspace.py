"""A workspace with jobs that have a CDK app as overrides, and cjob-render run in it."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
APP = Path(__file__).parent / "app"

MANIFEST = """\
name: {name}
type: Scheduled Job
image:
  location: alpine
on:
  schedule: "@daily"
"""

TARGET = {
    "accountId": "123456789012",
    "region": "eu-west-1",
    "managerRoleArn": "arn:aws:iam::123456789012:role/acme-test-EnvManagerRole",
    "executionRoleArn": "arn:aws:iam::123456789012:role/acme-test-CFNExecutionRole",
    "artifactBucket": "acme-artifacts",
    "artifactKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1",
    "environmentVersion": "v1.33.2",
    "serviceDiscoveryEndpoint": "test.acme.local",
}


def make(folder: Path, files: Mapping[str, str], jobs: Sequence[str] = ("report",)) -> Path:
    """Write a workspace whose jobs all have these files as overrides, and a target beside it."""
    (folder / "copilot").mkdir(parents=True)
    (folder / "copilot/.workspace").write_text("application: acme\n")
    for job in jobs:
        overrides = folder / "copilot" / job / "overrides"
        overrides.mkdir(parents=True)
        (overrides.parent / "manifest.yml").write_text(MANIFEST.format(name=job))
        for name, text in files.items():
            (overrides / name).write_text(text)
    subject = {"app": "acme", "env": "test", "name": "report"}
    document = {"apiVersion": "cjob/v1", "kind": "Release", "job": subject, "target": TARGET}
    (folder / "target.json").write_text(json.dumps(document))
    return folder


def app() -> dict[str, str]:
    """Return the files of a real CDK app."""
    return {file.name: file.read_text() for file in APP.iterdir() if file.is_file()}


def start(
    folder: Path, *arguments: str, settings: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start cjob-render in a workspace, offline."""
    return subprocess.Popen(
        [ROOT / "bin/cjob-render", "-e", "test", "--target", "target.json", *arguments],
        cwd=folder,
        env=os.environ | dict(settings or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
