"""`cjob deploy`: failures and what follows them, several jobs, and the question before it."""

import contextlib
import os
import pty
import subprocess
from collections.abc import Iterator

from calls_proxy import Proxy
from pipelines import APP, CJOB, ENV, MANIFEST, Place, document, documents, eventually, name, on

from cjob.document import names

# Failures


def test_a_deployment_that_fails_tells_its_first_cause(place: Place) -> None:
    """It is rolled back, and stdout stays empty; then the stack is made anew."""
    place.job("failing")
    place.waiting("failing", seconds=1)
    failed = place.run("deploy", *on("failing"))
    assert (failed.returncode, failed.stdout) == (4, "")
    told, _, hint = failed.stderr.splitlines()[-3:]
    assert told.startswith(
        f"cjob: stack '{name('failing')}' ended in ROLLBACK_COMPLETE: "
        "Signal (AWS::CloudFormation::WaitCondition): WaitCondition timed out"
    )
    assert hint.endswith("deploy again, which first deletes what is left of the stack")
    first = place.stack("failing")
    assert first["StackStatus"] == "ROLLBACK_COMPLETE"

    shown = place.run("package", *on("failing"), "--diff")
    assert shown.returncode == 1, "nothing of it is there"
    (place.root / "copilot/failing/overrides/cfn.patches.yml").write_text("[]")
    again = place.run("deploy", *on("failing"))
    deployment = document(again)["deployment"]
    assert (deployment["status"], deployment["changed"]) == ("CREATE_COMPLETE", True)
    assert deployment["stackId"] != first["StackId"]
    assert "deleting stack demo-test-failing, whose creation failed" in again.stderr


def test_an_update_that_fails_is_rolled_back_and_can_be_put_right(place: Place) -> None:
    """What ran before goes on running."""
    place.job("relapsing")
    place.done("deploy", *on("relapsing"))
    place.waiting("relapsing", seconds=1)
    failed = place.run("deploy", *on("relapsing"))
    assert (failed.returncode, failed.stdout) == (4, "")
    assert "ended in UPDATE_ROLLBACK_COMPLETE: Signal " in failed.stderr
    assert place.status("relapsing") == "UPDATE_ROLLBACK_COMPLETE"
    (place.root / "copilot/relapsing/overrides/cfn.patches.yml").unlink()
    (place.root / "copilot/relapsing/overrides").rmdir()
    place.job("relapsing", "cpu: 512\nmemory: 1024\n")
    assert document(place.run("deploy", *on("relapsing")))["deployment"]["changed"] is True


def test_a_template_that_is_refused_leaves_no_stack(place: Place) -> None:
    """Not even an empty one, which would be in the way of other tools."""
    place.job("refused")
    patch = "- op: add\n  path: /Resources/Wrong\n  value: {Type: 'AWS::Never::Was'}\n"
    place.write("copilot/refused/overrides/cfn.patches.yml", patch)
    done = place.run("deploy", *on("refused"))
    assert done.returncode in (3, 4)
    assert done.stdout == ""
    assert "AWS::Never::Was" in done.stderr
    assert place.status("refused") in ("", "ROLLBACK_COMPLETE")


def test_a_stack_at_work_is_left_alone(place: Place, proxy: Proxy) -> None:
    """It is refused before anything is built."""
    place.job("busy")
    waiting = (
        "Resources:\n"
        "  Handle: {Type: 'AWS::CloudFormation::WaitConditionHandle'}\n"
        "  Signal:\n"
        "    Type: AWS::CloudFormation::WaitCondition\n"
        "    Properties: {Handle: !Ref Handle, Timeout: '60', Count: 1}\n"
    )
    tags = names.copilot_tags(APP, ENV, "busy")
    place.stacks.create_stack(
        StackName=name("busy"),
        TemplateBody=waiting,
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )
    done = place.run("deploy", *on("busy"), AWS_ENDPOINT_URL=proxy.address)
    assert (done.returncode, done.stdout) == (2, "")
    assert "stack 'demo-test-busy' is busy: CREATE_IN_PROGRESS" in done.stderr
    assert not {"HeadObject", "PutObject"} & set(proxy.actions)
    place.stacks.delete_stack(StackName=name("busy"))


def test_a_job_that_was_never_initialised_is_not_built(place: Place) -> None:
    """Its image would have nowhere to go; no engine is even asked for."""
    place.job(
        "unknown",
        text=MANIFEST.replace(
            "location: public.ecr.aws/docker/library/busybox", "build: Dockerfile"
        ),
    )
    place.write("Dockerfile", "FROM scratch\n")
    done = place.run("deploy", *on("unknown"), DOCKER_HOST="unix:///nonexistent/docker.sock")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no image repository" in done.stderr
    assert "copilot job init --name unknown" in done.stderr


def test_a_detached_deployment_goes_on_by_itself(place: Place) -> None:
    """The document says that it was started."""
    place.job("detached")
    started = place.run("deploy", *on("detached"), "--detach")
    assert document(started)["deployment"]["status"] == "CREATE_IN_PROGRESS"
    assert "to see the result: aws cloudformation describe-stacks " in started.stderr
    eventually(lambda: place.status("detached") == "CREATE_COMPLETE")


def test_without_rollback_a_failure_stays_to_be_looked_at(place: Place) -> None:
    """And is not called unchanged afterwards."""
    place.job("kept")
    place.waiting("kept", seconds=1)
    failed = place.run("deploy", *on("kept"), "--no-rollback")
    assert failed.returncode == 4
    assert "ended in CREATE_FAILED: Signal" in failed.stderr
    assert place.status("kept") == "CREATE_FAILED"


# Several jobs


def test_several_jobs_are_deployed_together(place: Place) -> None:
    """Their documents come in the order that was asked for."""
    for job in ("first", "second"):
        place.job(job)
    done = place.done("deploy", "-n", "second", "-n", "first", "-e", "test")
    found = [(one["job"]["name"], one["deployment"]["status"]) for one in documents(done)]
    assert found == [("second", "CREATE_COMPLETE"), ("first", "CREATE_COMPLETE")]


def test_where_one_job_cannot_be_deployed_none_is(place: Place) -> None:
    """Whatever is wrong with it shows before the first stack is touched."""
    place.job("sound")
    place.job("unsound", "network: {vpc: {placement: {subnets: {from_tags: {no: such}}}}}\n")
    done = place.run("deploy", "--all", "-e", "test")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no=such" in done.stderr
    assert place.status("sound") == ""


def test_where_one_deployment_fails_the_others_are_kept(place: Place) -> None:
    """Those that succeeded are written, and the status is the worst."""
    place.job("lucky")
    place.job("unlucky")
    place.waiting("unlucky", seconds=1)
    done = place.run("deploy", "--all", "-e", "test")
    assert done.returncode == 4
    assert [one["job"]["name"] for one in documents(done)] == ["lucky"]
    assert "Signal" in done.stderr


# The question


def test_no_difference_asks_nothing(place: Place) -> None:
    """Not even where nobody could answer; a program gets the document as from any deployment."""
    place.job("same")
    place.done("deploy", *on("same"))
    before = place.all_change_sets("same")
    assert place.typed("deploy", *on("same"), "--diff").stdout == "No changes.\n"
    done = place.done("deploy", *on("same"), "--diff")
    assert done.stderr == "No changes.\n"
    deployment = document(done)["deployment"]
    assert (deployment["status"], deployment["changed"]) == ("CREATE_COMPLETE", False)
    assert deployment["stackId"] == place.stack("same")["StackId"]
    assert place.all_change_sets("same") == before


def test_no_difference_asks_nothing_with_addons_and_env_files(place: Place) -> None:
    """They are known by their content."""
    place.job("laden", "env_file: a.env\n")
    place.write("a.env", "A=1\n")
    place.write(
        "copilot/laden/addons/queue.yml",
        "Parameters: {App: {Type: String}, Env: {Type: String}, Name: {Type: String}}\n"
        "Resources: {Queue: {Type: 'AWS::SQS::Queue'}}\n",
    )
    place.done("deploy", *on("laden"))
    assert place.done("deploy", *on("laden"), "--diff").stderr == "No changes.\n"
    place.write("a.env", "A=2\n")
    changed = place.run("deploy", *on("laden"), "--diff")
    assert changed.returncode == 2
    assert "EnvFileARN" in changed.stderr


def test_a_difference_that_nobody_can_answer_for_is_refused(place: Place) -> None:
    """Nothing was sent; with --yes it is deployed."""
    place.job("asked")
    place.done("deploy", *on("asked"))
    place.job("asked", "variables: {A: b}\n")
    refused = place.run("deploy", *on("asked"), "--diff")
    assert (refused.returncode, refused.stdout) == (2, "")
    lines = refused.stderr.splitlines()
    assert lines[:2] == ["asked: 1 change: 1 environment variable (A)", "~ Resources:"]
    assert "--yes" in refused.stderr
    assert place.status("asked") == "CREATE_COMPLETE"
    agreed = place.run("deploy", *on("asked"), "--diff", "--yes")
    assert document(agreed)["deployment"]["status"] == "UPDATE_COMPLETE"


def on_terminal(place: Place, *arguments: str, answer: str) -> tuple[int, str]:
    """Run a command on a terminal of its own, and answer its question."""
    own, given = pty.openpty()
    running = subprocess.Popen(
        [*CJOB, *arguments],
        cwd=place.root,
        env={**place.settings, "NO_COLOR": "1"},
        stdin=given,
        stdout=given,
        stderr=given,
        start_new_session=True,
        preexec_fn=_take_terminal,  # noqa: PLW1509 - no other thread is at work here
    )
    os.close(given)
    told = ""
    for text in _read(own):
        told += text
        if told.endswith("(y/N) "):
            os.write(own, answer.encode())
    os.close(own)
    return running.wait(60), told.replace("\r\n", "\n")


def _take_terminal() -> None:
    import fcntl  # noqa: PLC0415 - in the child alone
    import termios  # noqa: PLC0415

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _read(terminal: int) -> Iterator[str]:
    with contextlib.suppress(OSError):  # the other side is closed
        while text := os.read(terminal, 65536):
            yield text.decode()


def test_on_a_terminal_the_person_decides(place: Place) -> None:
    """No, or nothing, leaves all as it is; yes deploys."""
    place.job("decided")
    place.done("deploy", *on("decided"))
    place.job("decided", "variables: {A: b}\n")
    for answer in ("n\n", "\n"):
        status, told = on_terminal(place, "deploy", *on("decided"), "--diff", answer=answer)
        assert (status, place.status("decided")) == (0, "CREATE_COMPLETE"), told
        assert "~ Resources:\n" in told
        assert "Continue with the deployment? (y/N) " in told
    for said in ("true", "1"):
        in_ci = Place(place.root, place.sandbox, {**place.settings, "CI": said})
        status, told = on_terminal(in_ci, "deploy", *on("decided"), "--diff", answer="y\n")
        assert (status, place.status("decided")) == (2, "CREATE_COMPLETE"), told
        assert "no terminal to ask for confirmation" in told
    status, told = on_terminal(place, "deploy", *on("decided"), "--diff", answer="y\n")
    assert (status, place.status("decided")) == (0, "UPDATE_COMPLETE"), told
    assert "decided: deployed (UPDATE_COMPLETE)\nto run it now: cjob run " in told
