"""Commands as people run them: processes of the scripts in bin/, with real pipes."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import forked

BIN = Path(__file__).parents[2] / "bin"
FILTERS = ("target", "build", "push", "render", "diff", "apply")
COMMANDS = (
    "deploy",
    "package",
    *FILTERS,
    "show",
    "manifest",
    "schema",
    "completion",
    "list",
    "iam",
    "doctor",
    "version",
    "sandbox",
)
LIMIT_S = 60

MANIFEST = """\
name: report
type: Scheduled Job
image:
  location: public.ecr.aws/docker/library/busybox:stable
on:
  schedule: "@daily"
cpu: 256
memory: 512
"""

TARGET = {
    "accountId": "123456789012",
    "region": "eu-west-1",
    "managerRoleArn": "arn:aws:iam::123456789012:role/acme-test-EnvManagerRole",
    "executionRoleArn": "arn:aws:iam::123456789012:role/acme-test-CFNExecutionRole",
    "artifactBucket": "acme-artifacts",
    "artifactKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1",
    "repositories": {"report": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/acme/report"},
    "environmentVersion": "v1.33.2",
    "serviceDiscoveryEndpoint": "test.acme.local",
}


@dataclass(frozen=True)
class Done:
    """What a command left: its exit status, and what it wrote."""

    status: int
    out: str
    err: str


def make_workspace(folder: Path) -> Path:
    """Write a workspace with one job into a folder, and return the folder."""
    job = folder / "copilot" / "report"
    job.mkdir(parents=True)
    (folder / "copilot" / ".workspace").write_text("application: acme\n")
    (job / "manifest.yml").write_text(MANIFEST)
    return folder


def environment(home: Path, settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment without anything of AWS but what is set, and a home of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CJOB_", "COLOR"))}
    offline = {"HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true"}
    path = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    return {**kept, **offline, **path, **(settings or {})}


def run(
    *command: str, folder: Path, stdin: str | bytes = b"", settings: Mapping[str, str] | None = None
) -> Done:
    """Run a command to its end; `cjob …` and `cjob-…` in a fork of a process that imported cjob."""
    given = stdin.encode() if isinstance(stdin, str) else stdin
    variables = environment(folder, settings)
    program, *arguments = command
    if program.startswith("cjob-"):
        arguments.insert(0, program.removeprefix("cjob-"))
    if program.partition("-")[0] == "cjob" and forked.can_fork(settings or {}):
        done = forked.run(arguments, folder=folder, environment=variables, stdin=given)
    else:
        done = subprocess.run(
            command,
            cwd=folder,
            env=variables,
            input=given,
            capture_output=True,
            timeout=LIMIT_S,
            check=False,
        )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def shell(script: str, *, folder: Path, settings: Mapping[str, str] | None = None) -> Done:
    """Run a line of bash, for what only a shell can do with streams."""
    return run("bash", "-c", script, folder=folder, settings=settings)


def told(done: Done) -> tuple[str, str]:
    """Return message and hint of a command that failed with one of each, and wrote no data."""
    assert done.out == "", done
    lines = done.err.splitlines()
    assert len(lines) == 2, done.err
    assert lines[0].startswith("cjob: "), done.err
    assert lines[1].startswith("hint: "), done.err
    return lines[0].removeprefix("cjob: "), lines[1].removeprefix("hint: ")
