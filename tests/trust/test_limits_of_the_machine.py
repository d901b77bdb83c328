"""What the machine can't give is not a bug in cjob, and does not hide what was done."""

import argparse
import sys
from pathlib import Path

import commands
import pytest

from cjob.cli import apply, console
from cjob.errors import InputError
from cjob.release import Deployment, Job, Release

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


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_full_stdout_does_not_hide_a_deployment(
    monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """The error says what was deployed."""
    args = argparse.Namespace(output=form, log_format="text")
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(InputError, match="cannot write to stdout") as caught:
            apply.finish(args, [DEPLOYED], console.Console())
    assert caught.value.notes == ("report: deployed (UPDATE_COMPLETE)",)
