"""A workspace on a real sandbox, and `cjob` run in it as processes, through real pipes."""

import functools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import forked
from calls_proxy import Proxy
from sandboxes import Sandbox

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef
    from mypy_boto3_s3 import S3Client

ROOT = Path(__file__).resolve().parents[2]
CJOB = (sys.executable, "-c", "from cjob.cli.main import main; main()")
APP, ENV = "demo", "test"

MANIFEST = """\
name: {name}
type: Scheduled Job
image:
  location: public.ecr.aws/docker/library/busybox
on:
  schedule: "@daily"
"""

# What a job may have besides: an env file, a look-up of subnets, and addons.
LADEN = """\
env_file: {name}.env
network: {{vpc: {{placement: {{subnets: {{from_tags: {{Name: copilot-demo-test-pub0}}}}}}}}}}
"""
ADDON = """\
Parameters: {{App: {{Type: String}}, Env: {{Type: String}}, Name: {{Type: String}}}}
Resources:
  Setting: {{Type: AWS::SSM::Parameter, Properties: {{Type: String, Value: '{value}'}}}}
"""

# A resource that waits for a signal which never comes, for so many seconds, and then fails.
WAITING = """\
- op: add
  path: /Resources/Handle
  value: {{Type: 'AWS::CloudFormation::WaitConditionHandle'}}
- op: add
  path: /Resources/Signal
  value:
    Type: AWS::CloudFormation::WaitCondition
    Properties: {{Handle: !Ref Handle, Timeout: '{seconds}', Count: 1}}
"""

Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Place:
    """A workspace, and the environment that `cjob` runs with in it."""

    root: Path
    sandbox: Sandbox
    settings: Mapping[str, str]
    limit_s: float = 90

    # Files

    def job(self, name: str, more: str = "", text: str = MANIFEST) -> None:
        """Write a job's manifest."""
        self.write(f"copilot/{name}/manifest.yml", text.format(name=name) + more)

    def laden(self, name: str, value: str) -> None:
        """Write a job with all that makes calls; each value makes another one of it."""
        self.job(name, LADEN.format(name=name))
        self.write(f"{name}.env", f"JOB={name}\nVALUE={value}\n")
        self.write(f"copilot/{name}/addons/setting.yml", ADDON.format(value=value))

    def waiting(self, name: str, seconds: int) -> None:
        """Let a job's next deployment wait, and then fail."""
        path = f"copilot/{name}/overrides/cfn.patches.yml"
        self.write(path, WAITING.format(seconds=seconds))

    def write(self, path: str, text: str) -> None:
        """Write a file of the workspace."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    # Commands

    def run(self, *arguments: str, stdin: str = "", **settings: str) -> Done:
        """Run one command to its end; `deploy` writes its documents, unless it is given -o."""
        return self.typed(*_with_documents(arguments), stdin=stdin, **settings)

    def typed(self, *arguments: str, stdin: str = "", **settings: str) -> Done:
        """Run one command to its end, exactly as it is typed."""
        done = forked.run(
            arguments,
            folder=self.root,
            environment={**self.settings, **settings},
            stdin=stdin.encode(),
            limit_s=self.limit_s,
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        return subprocess.CompletedProcess(done.args, done.returncode, stdout=out, stderr=err)

    def done(self, *arguments: str, stdin: str = "", **settings: str) -> Done:
        """Run one command that has to succeed."""
        done = self.run(*arguments, stdin=stdin, **settings)
        assert done.returncode == 0, done.stderr
        return done

    def start(self, *arguments: str, **settings: str) -> "subprocess.Popen[str]":
        """Start a command, with pipes for what it prints; `deploy` writes its documents."""
        return subprocess.Popen(
            [*CJOB, *_with_documents(arguments)],
            cwd=self.root,
            env={**self.settings, **settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def pipe(self, *commands: Sequence[str]) -> Done:
        """Run commands that read one from another, all at once, each of which has to succeed."""
        started: list[subprocess.Popen[str]] = []
        for command in commands:
            started.append(
                subprocess.Popen(
                    [*CJOB, *command],
                    cwd=self.root,
                    env=self.settings,
                    stdin=started[-1].stdout if started else subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            if len(started) > 1:
                _close(started[-2].stdout)
        out, err = started[-1].communicate(timeout=90)
        for number, before in enumerate(started[:-1]):
            told = before.stderr.read() if before.stderr else ""
            _close(before.stderr)
            assert before.wait(10) == 0, (commands[number], told)
        return subprocess.CompletedProcess(
            list(commands[-1]), started[-1].returncode, stdout=out, stderr=err
        )

    # AWS

    @functools.cached_property
    def stacks(self) -> "CloudFormationClient":
        """CloudFormation, past whatever is between `cjob` and the sandbox."""
        return self.sandbox.session().client("cloudformation", endpoint_url=self.sandbox.endpoint)

    @property
    def objects(self) -> "S3Client":
        """S3, in the same way."""
        return self.sandbox.session().client("s3", endpoint_url=self.sandbox.endpoint)

    def stack(self, job: str) -> "StackTypeDef":
        """Return a job's stack as CloudFormation describes it."""
        return self.stacks.describe_stacks(StackName=name(job))["Stacks"][0]

    def status(self, job: str) -> str:
        """Return the status of a job's stack, empty where there is none."""
        stacks = self.stacks
        try:
            return stacks.describe_stacks(StackName=name(job))["Stacks"][0]["StackStatus"]
        except stacks.exceptions.ClientError as error:
            if "does not exist" not in str(error):
                raise
            return ""

    def change_sets(self, job: str) -> list[str]:
        """Return the change sets of a job's stack that were not executed."""
        found = self.stacks.list_change_sets(StackName=name(job))["Summaries"]
        return [one["ChangeSetName"] for one in found if one["ExecutionStatus"] == "AVAILABLE"]

    def all_change_sets(self, job: str) -> int:
        """Count the change sets of a job's stack, whatever came of them."""
        return len(self.stacks.list_change_sets(StackName=name(job))["Summaries"])


def make(root: Path, sandbox: Sandbox, **settings: str) -> Place:
    """Make a workspace of the sandbox's application."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CJOB_", "CI"))}
    own = {**kept, "PYTHONPATH": str(ROOT), **_set(sandbox.env), **settings}
    place = Place(root=root, sandbox=sandbox, settings=own)
    place.write("copilot/.workspace", f"application: {APP}\n")
    return place


def through(place: Place, proxy: Proxy) -> Place:
    """Let commands ask through a proxy."""
    settings = {**place.settings, "AWS_ENDPOINT_URL": proxy.address}
    return Place(root=place.root, sandbox=place.sandbox, settings=settings)


def _with_documents(arguments: Sequence[str]) -> Sequence[str]:
    """Return a command's arguments, those of `deploy` with -o json unless they have -o."""
    if arguments[0] != "deploy" or {"-o", "-h", "--help"} & set(arguments):
        return arguments
    return (*arguments, "-o", "json")


def name(job: str) -> str:
    """Return the name of a job's stack."""
    return f"{APP}-{ENV}-{job}"


def on(job: str) -> tuple[str, ...]:
    """Return the flags for a job in the environment."""
    return ("-n", job, "-e", ENV)


def document(done: Done) -> dict[str, Any]:
    """Read the one document that a command wrote."""
    assert done.returncode == 0, done.stderr
    return documents(done)[0]


def documents(done: Done) -> list[dict[str, Any]]:
    """Read the documents that a command wrote."""
    return [json.loads(line) for line in done.stdout.splitlines()]


def wait_for(running: "subprocess.Popen[str]", wanted: str, times: int = 1) -> None:
    """Read what a command says until so many lines had this in them."""
    assert running.stderr
    told = ""
    for line in running.stderr:
        told += line
        if told.count(wanted) == times:
            return
    running.communicate()
    raise AssertionError(told)


def interrupt(running: "subprocess.Popen[str]") -> Done:
    """Press Ctrl-C, and give how the command ended."""
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    return subprocess.CompletedProcess([], running.returncode, stdout=out, stderr=err)


def eventually(check: Any, seconds: float = 20) -> None:  # noqa: ANN401 - any condition
    """Wait until something holds."""
    ends = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < ends
        time.sleep(0.1)


def _close(stream: Any) -> None:  # noqa: ANN401 - a pipe of any kind
    if stream is not None:
        stream.close()


def _set(env: Mapping[str, str | None]) -> dict[str, str]:
    """Leave out what is to be unset."""
    return {key: value for key, value in env.items() if value is not None}
