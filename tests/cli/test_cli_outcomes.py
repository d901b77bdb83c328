"""How a deployment of several jobs is told: documents of some, errors of the others."""

import argparse
import contextlib
import json

import pytest

from cjob.cli.commands import apply
from cjob.cli.output.console import Console
from cjob.document.models import Deployment, Job, Release
from cjob.reporting.errors import CjobError, DeploymentError, InputError, InputErrors, ServiceError

ARGS = argparse.Namespace(output="json")


def watching(*names: str) -> Console:
    """Return a console that has shown work on these jobs."""
    console = Console()
    with console.watching([Job(app="acme", env="test", name=name) for name in names]):
        pass
    return console


def of(job: str, error: CjobError) -> CjobError:
    """Return a job's error, as the pipeline leaves it."""
    return error.belongs_to(job, "test")


def deployed(name: str) -> Release:
    """Return the document of a job that was deployed."""
    deployment = Deployment(stack_id="arn", status="UPDATE_COMPLETE", changed=True)
    return Release(job=Job(app="acme", env="test", name=name), deployment=deployment)


def test_those_that_succeeded_are_written_and_each_of_the_others_told(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Every failure is told once with its job's name; the worst status is the command's."""
    refused = of("a", ServiceError("denied", hint="ask"))
    rolled_back = of("c", DeploymentError("rolled back", hint="mend"))
    stale = of("d", InputError("stale", hint="again"))
    outcomes: list[Release | CjobError] = [refused, deployed("b"), rolled_back, stale]
    with pytest.raises(DeploymentError) as raised:
        apply.finish(ARGS, outcomes, watching("a", "b", "c", "d"))
    assert raised.value is rolled_back
    assert rolled_back.label == "c"
    out, err = capfd.readouterr()
    assert [json.loads(line)["job"]["name"] for line in out.splitlines()] == ["b"]
    assert err == "cjob: a: denied\nhint: ask\ncjob: d: stale\nhint: again\n"


def test_a_sole_job_needs_no_name_in_its_message() -> None:
    """There is no doubt whose failure it is."""
    failed = of("a", DeploymentError("rolled back"))
    with pytest.raises(DeploymentError):
        apply.finish(ARGS, [failed], watching("a"))
    assert failed.label == ""


def test_several_problems_of_a_job_all_get_its_name(capfd: pytest.CaptureFixture[str]) -> None:
    """Each line stands for itself."""
    several = of("a", InputErrors([InputError("one", place="stack"), InputError("two")]))
    worse = of("b", ServiceError("denied"))
    with pytest.raises(ServiceError):
        apply.finish(ARGS, [several, worse], watching("a", "b"))
    assert capfd.readouterr().err == "cjob: a: stack: one\ncjob: a: two\n"


def test_all_that_succeeded_is_status_0(capfd: pytest.CaptureFixture[str]) -> None:
    """One document a line, in the order of the jobs."""
    assert apply.finish(ARGS, [deployed("a"), deployed("b")], Console()) == 0
    out, err = capfd.readouterr()
    assert [json.loads(line)["job"]["name"] for line in out.splitlines()] == ["a", "b"]
    assert err == ""


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "UPDATE_IN_PROGRESS"])
def test_people_read_one_line_a_job(status: str, capfd: pytest.CaptureFixture[str]) -> None:
    """What was only started is never called deployed."""
    deployment = Deployment(stack_id="arn", status=status, changed=True)
    release = Release(job=Job(app="acme", env="test", name="a"), deployment=deployment)
    apply.finish(argparse.Namespace(output="text"), [release], Console())
    verb = "started" if status.endswith("IN_PROGRESS") else "deployed"
    assert capfd.readouterr().out == f"a: {verb} ({status})\n"


def test_control_characters_from_outside_never_reach_a_terminal(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Neither in progress, nor in messages, nor in hints."""
    console = Console()
    console.info("built \x1b[31mred\x1b[0m\x07 \x9b2Jdone\u202e")
    console.error(InputError("a\x1b]0;title\x07", hint="b\r\nc\u202e"))
    err = capfd.readouterr().err
    said = "built \\x1b[31mred\\x1b[0m\\x07 \\x9b2Jdone\\u202e\n"
    assert err == f"{said}cjob: a\\x1b]0;title\\x07\nhint: b\\r\\nc\\u202e\n"


def test_lines_and_errors_of_a_job_from_a_document_have_its_name(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Nobody typed it, so every line says whose it is, once."""
    job, console = Job(app="acme", env="test", name="a"), Console()
    error = InputErrors([InputError("one", place="stack"), InputError("two")])
    with contextlib.suppress(InputErrors), console.watching([job], labelled=True):
        console.info("a: 1 change\nschedule until now:", job)
        raise error.belongs_to("a", "test")
    console.error(error)
    lines = ["a: 1 change", "a: schedule until now:", "cjob: a: stack: one", "cjob: a: two"]
    assert capfd.readouterr().err.splitlines() == lines
