"""What importing costs and needs: each module alone, and a command's help."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import modules
import pytest

from cjob.cli import main as cli

# Forks of one interpreter that has imported no module of cjob, and once what all of them need from
# elsewhere: for cjob's modules as fresh as a new one, and far faster.
IMPORT_ALONE = """
import json, os, sys
modules, libraries = json.load(sys.stdin)
for library in libraries:
    __import__(library)
failed = {}
for module in modules:
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.close(reading)
        try:
            __import__(module)
        except BaseException as error:
            os.write(writing, repr(error).encode())
        os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as told:
        if message := told.read():
            failed[module] = message
    os.wait()
print(json.dumps(failed))
"""

HELP = """
import sys
sys.argv = ["cjob", *sys.argv[1:]]
before = set(sys.modules)
from cjob.cli import main as cli
cli.run_with_streams(sys.argv[1:])
print(*sorted(set(sys.modules) - before), file=sys.stderr)
"""

# Each of these takes longer to import than all that a help needs, or leads to one that does.
HEAVY = {
    "asyncio",
    "boto3",
    "botocore",
    "cfn_flip",
    "concurrent.futures",
    "dataclasses",
    "dictdiffer",
    "docker",
    "email",
    "hashlib",
    "http",
    "inspect",
    "logging",
    "pathlib",
    "requests",
    "rich",
    "socket",
    "ssl",
    "subprocess",
    "tempfile",
    "urllib3",
    "yaml",
}

MANIFEST = """\
name: report
type: Scheduled Job
on:
  schedule: "@daily"
image:
  location: busybox
"""

TARGET = {
    "apiVersion": "cjob/v1",
    "kind": "Release",
    "job": {"app": "acme", "env": "test", "name": "report"},
    "target": {
        "accountId": "123456789012",
        "region": "eu-west-1",
        "managerRoleArn": "arn:aws:iam::123456789012:role/manager",
        "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
        "artifactBucket": "bucket",
        "artifactKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1",
        "environmentVersion": "v1.33.2",
        "serviceDiscoveryEndpoint": "test.acme.local",
    },
}


def test_every_module_imports_alone() -> None:
    """None counts on another one to have been imported before it.

    The sandbox's server is left out: it runs in an installation of its own.
    """
    alone = [m for m in modules.files() if not m.startswith("cjob.sandbox.server")]
    wanted = {i.name for m in alone for i in modules.imports(m) if i.at_once}
    libraries = sorted(wanted - set(modules.files()))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT_ALONE],
        input=json.dumps([alone, libraries]),
        capture_output=True,
        text=True,
        cwd=modules.ROOT,
        check=False,
    )
    assert done.stderr == ""
    assert json.loads(done.stdout) == {}


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--help",),
        ("--version",),
        *((name, "--help") for name in cli.COMMANDS),
    ],
)
def test_help_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    """A person who asks how to type a command waits for nothing that runs it."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", HELP, *arguments],
        capture_output=True,
        text=True,
        cwd=modules.ROOT,
        check=True,
    )
    assert "cjob" in done.stdout + done.stderr
    imported = set(done.stderr.splitlines()[-1].split())
    assert "cjob.cli" in imported
    assert imported & HEAVY == set()
    if not arguments or arguments[0].startswith("--"):
        assert imported & {"argparse", "typing", "json", "re"} == set()


# A job is rendered without these: each is a good part of what all else together takes.
NOT_TO_RENDER = HEAVY - {"hashlib", "pathlib", "yaml"} | {"zipfile", "cjob.aws", "cjob.engines"}


def test_rendering_imports_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    """From a workspace, with a target that was looked up before, to the template."""
    job = tmp_path / "copilot" / "report"
    job.mkdir(parents=True)
    (tmp_path / "copilot" / ".workspace").write_text("application: acme\n")
    (job / "manifest.yml").write_text(MANIFEST)
    (tmp_path / "target.json").write_text(json.dumps(TARGET))
    arguments = [
        "render",
        "-n",
        "report",
        "-e",
        "test",
        "--target",
        "target.json",
        "-o",
        "template",
    ]
    done = subprocess.run(
        [sys.executable, "-S", "-c", HELP, *arguments],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": os.pathsep.join([str(modules.ROOT), sysconfig.get_path("purelib")])},
        check=False,
    )
    assert "AWS::StepFunctions::StateMachine" in done.stdout, done.stderr
    imported = set(done.stderr.splitlines()[-1].split())
    assert "cjob.template.stack" in imported
    assert imported & NOT_TO_RENDER == set()
