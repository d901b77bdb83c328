"""How a deployment of several jobs is told: documents of some, errors of the others."""

import argparse
import json

import pytest

from cjob.cli import apply
from cjob.cli.console import Console
from cjob.errors import CjobError, DeploymentError, InputError, InputErrors, ServiceError
from cjob.release import Deployment, Job, Release

ARGS = argparse.Namespace(output="json")


def deployed(name: str) -> Release:
    """Give the document of a job that was deployed."""
    deployment = Deployment(stack_id="arn", status="UPDATE_COMPLETE", changed=True)
    return Release(job=Job(app="acme", env="test", name=name), deployment=deployment)


def test_those_that_succeeded_are_written_and_each_of_the_others_told(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Every failure is told once with its job's name; the worst status is the command's."""
    refused = ServiceError("denied", hint="ask")
    rolled_back = DeploymentError("rolled back", hint="mend")
    stale = InputError("stale", hint="again")
    outcomes: list[Release | CjobError] = [refused, deployed("b"), rolled_back, stale]
    with pytest.raises(DeploymentError) as raised:
        apply.finish(ARGS, ["a", "b", "c", "d"], outcomes, Console())
    assert raised.value is rolled_back
    assert str(rolled_back) == "c: rolled back"
    out, err = capfd.readouterr()
    assert [json.loads(line)["job"]["name"] for line in out.splitlines()] == ["b"]
    assert err == "cjob: a: denied\nhint: ask\ncjob: d: stale\nhint: again\n"


def test_a_sole_job_needs_no_name_in_its_message() -> None:
    """There is no doubt whose failure it is."""
    failed = DeploymentError("rolled back")
    with pytest.raises(DeploymentError):
        apply.finish(ARGS, ["a"], [failed], Console())
    assert str(failed) == "rolled back"


def test_several_problems_of_a_job_all_get_its_name(capfd: pytest.CaptureFixture[str]) -> None:
    """Each line stands for itself."""
    several = InputErrors([InputError("one", place="stack"), InputError("two")])
    worse = ServiceError("denied")
    with pytest.raises(ServiceError):
        apply.finish(ARGS, ["a", "b"], [several, worse], Console())
    assert capfd.readouterr().err == "cjob: a: stack: one\ncjob: a: two\n"


def test_all_that_succeeded_is_status_0(capfd: pytest.CaptureFixture[str]) -> None:
    """One document a line, in the order of the jobs."""
    assert apply.finish(ARGS, ["a", "b"], [deployed("a"), deployed("b")], Console()) == 0
    out, err = capfd.readouterr()
    assert [json.loads(line)["job"]["name"] for line in out.splitlines()] == ["a", "b"]
    assert err == ""


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "UPDATE_IN_PROGRESS"])
def test_people_read_one_line_a_job(status: str, capfd: pytest.CaptureFixture[str]) -> None:
    """What was only started is never called deployed."""
    deployment = Deployment(stack_id="arn", status=status, changed=True)
    release = Release(job=Job(app="acme", env="test", name="a"), deployment=deployment)
    apply.finish(argparse.Namespace(output="text"), ["a"], [release], Console())
    verb = "started" if status.endswith("IN_PROGRESS") else "deployed"
    assert capfd.readouterr().out == f"a: {verb} ({status})\n"


def test_control_characters_from_outside_never_reach_a_terminal(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Neither in progress, nor in messages, nor in hints."""
    talk = Console()
    talk.say("built \x1b[31mred\x1b[0m\x07 \x9b2Jdone\u202e")
    talk.tell(InputError("a\x1b]0;title\x07", hint="b\r\nc\u202e"))
    err = capfd.readouterr().err
    assert err == "built red done\ncjob: a\\x1b]0;title\\x07\nhint: b\\r\\nc\\u202e\n"
