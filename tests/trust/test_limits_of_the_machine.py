"""What the machine can't give is not a bug in cjob, and does not hide what was done."""

import argparse
import subprocess
import sys
from pathlib import Path

import commands
import pytest

from cjob.cli.commands import apply
from cjob.cli.output.console import Console
from cjob.document.models import Deployment, Job, Release
from cjob.reporting.errors import InputError

DEPLOYED = Release(
    job=Job(app="acme", env="test", name="report"),
    deployment=Deployment(stack_id="s", status="UPDATE_COMPLETE", changed=True),
)


@pytest.mark.parametrize("length", [256, 5000])
def test_a_name_that_is_too_long_is_an_error_in_the_input(tmp_path: Path, length: int) -> None:
    """Wherever a folder is named."""
    done = commands.run("cjob", "list", "jobs", "-C", "a" * length, folder=tmp_path)
    assert done.status == 2
    message, hint = commands.told(done)
    assert "file name too long" in message
    assert "shorter name" in hint


FEW_FILES = """\
import os, resource, socket, sys
import botocore.session
from cjob.cli import main as cli
from cjob.aws.errors import translating_errors
from cjob.cli import parser
from cjob.cli.arguments import list as _
from cjob.cli.commands import list as _
from cjob import context, pipeline
from cjob.workspace import find
from cjob.engines.docker_api import connect

client = botocore.session.Session().create_client(
    "ssm", region_name="eu-west-1", endpoint_url="http://127.0.0.1:9"
)
engine = connect

def ask():
    with translating_errors("read the record"):
        client.get_parameter(Name="a")

do = {"list": lambda: cli.dispatch(["list", "jobs"]), "ask": ask, "connect": engine}[sys.argv[1]]
limit = resource.getrlimit(resource.RLIMIT_NOFILE)
free = os.dup(0)
os.close(free)
resource.setrlimit(resource.RLIMIT_NOFILE, (free, limit[1]))
try:
    do()
except Exception as error:
    resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    from cjob.cli import failures
    explained = failures.as_cjob_error(error)
    print(explained.status, explained.message, explained.hint, sep="\\n")
"""


@pytest.mark.parametrize("doing", ["list", "ask", "connect"])
def test_few_file_descriptors_are_named(tmp_path: Path, doing: str) -> None:
    """Wherever they run out: in the workspace, on the way to AWS, and to the engine."""
    commands.make_workspace(tmp_path)
    variables = commands.environment(
        tmp_path, {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    )
    done = subprocess.run(
        [sys.executable, "-c", FEW_FILES, doing],
        cwd=tmp_path,
        env=variables,
        capture_output=True,
        text=True,
        check=True,
    )
    status, message, hint = done.stdout.splitlines()
    assert status in {"2", "3"}
    assert "too many open files" in message.lower()
    assert hint == "let more files be open at once: ulimit -n 1024"


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_full_stdout_does_not_hide_a_deployment(
    monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """The error says what was deployed."""
    args = argparse.Namespace(output=form, log_format="text")
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(InputError, match="cannot write to stdout") as caught:
            apply.finish(args, [DEPLOYED], Console())
    assert caught.value.notes == ("report: deployed (UPDATE_COMPLETE)",)
