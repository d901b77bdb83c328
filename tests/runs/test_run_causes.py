"""The causes of failed runs, row by row."""

from typing import Any

import histories
import pytest
from histories import ended, failed, scheduled, started, submitted

from cjob.runs import causes

PULL = "CannotPullContainerError: pull image manifest has been retried 5 time(s): "
INIT = "ResourceInitializationError: unable to pull secrets or registry auth: "


def failure(code: int | None = 3, **more: Any) -> causes.Cause:  # noqa: ANN401 - JSON
    """Return the cause of a run whose only task ended like this."""
    run = histories.run(
        started(), scheduled(), submitted(), failed(code=code, **more), ended("Failed")
    )
    return causes.cause_of(run)


def not_started(reason: str) -> causes.Cause:
    """Return the cause of a run whose task never started."""
    return failure(code=None, StopCode="TaskFailedToStart", StoppedReason=reason)


@pytest.mark.parametrize(
    ("reason", "cause", "hint"),
    [
        (
            f"{PULL}failed to resolve ref x: not found",
            "the image does not exist any more",
            "deploy",
        ),
        (f"{PULL}dial tcp 1.2.3.4:443: i/o timeout", "the subnets have no route to", "NAT"),
        (f"{PULL}failed to do request: context deadline exceeded", "the subnets have no", "NAT"),
        (f"{PULL}toomanyrequests: pull rate limit", "the image's registry allows no more", "ECR"),
        (f"{PULL}unexpected status: 403 Forbidden", "the execution role may not pull", "policy"),
        (
            f"{PULL}image Manifest does not contain descriptor matching platform 'linux/amd64'",
            "the image is for another platform",
            "platform",
        ),
        ("CannotPullContainerError: odd", "the image cannot be pulled: CannotPull", ""),
        (
            f"{INIT}AccessDenied on arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-x",
            "secret 'db-x' cannot be read",
            "copilot-application",
        ),
        (
            f"{INIT}unable to retrieve secrets from ssm: context deadline exceeded",
            "the subnets have no route to read a secret",
            "VPC endpoints",
        ),
        (
            "ResourceInitializationError: failed to invoke EFS utils commands to set up volumes",
            "a file system cannot be mounted",
            "2049",
        ),
        (
            "CannotStartContainerError: failed to create task: exec format error",
            "the image is for another platform",
            "platform",
        ),
        ("Capacity is unavailable at this time", "Fargate had no capacity", "subnets"),
        ("anything new", "anything new", ""),
    ],
)
def test_a_task_that_never_started_has_a_cause(reason: str, cause: str, hint: str) -> None:
    """What AWS says is short of what it means."""
    found = not_started(reason)
    assert found.text.startswith(cause)
    assert hint in found.hint


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (1, "ended with status 1"),
        (127, "ended with status 127: its command was not found"),
        (126, "ended with status 126: its command cannot be executed"),
        (137, "was killed (SIGKILL)"),
        (139, "crashed (segmentation fault)"),
        (143, "was ended by SIGTERM"),
    ],
)
def test_an_exit_code_is_the_cause_with_the_command_that_shows_the_log(
    code: int, cause: str
) -> None:
    """The hint can be pasted."""
    found = failure(code=code)
    assert found.text.startswith(cause)
    assert found.hint == f"see its log: cjob logs -n report -e prod --run {histories.NAME}"


def test_out_of_memory_names_the_container_and_the_limit() -> None:
    """The exit code alone, 137, would not."""
    container = {
        "Name": "report",
        "ExitCode": 137,
        "Reason": "OutOfMemoryError: Container killed due to memory usage",
    }
    found = failure(Containers=[container])
    assert found.text == "out of memory: container report was killed at 512 MiB"
    assert found.hint == "raise memory in copilot/report/manifest.yml (memory: 512)"


def test_a_sidecar_that_failed_is_named() -> None:
    """The main container ended well."""
    containers = [{"Name": "report", "ExitCode": 0}, {"Name": "proxy", "ExitCode": 2}]
    assert failure(Containers=containers).text == "container proxy ended with status 2"


def test_all_attempts_are_counted() -> None:
    """So nobody looks for the one that was different."""
    steps = [(scheduled(), submitted(n), failed(n)) for n in (1, 2, 3)]
    run = histories.run(started(), *(step for three in steps for step in three), ended("Failed"))
    assert causes.cause_of(run).text == "ended with status 3, in each of 3 attempts"


def test_a_task_that_somebody_stopped() -> None:
    """With the reason that they gave."""
    found = failure(StopCode="UserInitiated", StoppedReason="maintenance")
    assert found.text == "its task was stopped: maintenance"
    assert failure(StopCode="SpotInterruption").text == "AWS took its spot capacity back"


def test_a_run_that_timed_out_or_was_stopped() -> None:
    """Step Functions' own ends come before what became of the task."""
    timed_out = histories.run(started(), scheduled(), submitted(), ended("TimedOut"))
    assert causes.cause_of(timed_out).text == "not done after 3s"
    aborted = histories.run(started(), ended("Aborted", "Stopped", "by anna: not today"))
    assert causes.cause_of(aborted).text == "stopped: by anna: not today"


def test_a_start_that_is_not_allowed() -> None:
    """The state machine's role may not run the task."""
    refused = (
        "TaskSubmitFailed",
        {"error": "ECS.AccessDeniedException", "cause": "not authorized"},
    )
    found = causes.cause_of(histories.run(started(), scheduled(), refused, ended("Failed", "x")))
    assert found.text == "the state machine's role may not start the task: not authorized"
    assert found.hint.endswith("cjob deploy -n report -e prod")


def test_a_failure_before_any_attempt_is_in_the_words_of_aws() -> None:
    """On one line, without control characters, and cut."""
    run = histories.run(started(), ended("Failed", "States.Runtime", "a\x1b[2J\n" + "b" * 999))
    text = causes.cause_of(run).text
    assert text.startswith("States.Runtime a [2J bbb")
    assert len(text) == causes.MOST
    assert causes.cause_of(histories.run(started(), ended("Failed"))).text == "AWS gave no reason"


def test_a_run_without_a_failure_has_no_cause() -> None:
    """Nor has one that still runs."""
    assert causes.cause_of(histories.run(started(), ended("Succeeded"))) == causes.Cause()
    assert causes.cause_of(histories.run(started())) == causes.Cause()


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (41.9, "41s"), (268, "4m28s"), (7380, "2h03m")]
)
def test_durations_are_short(seconds: float, text: str) -> None:
    """As people write them."""
    assert causes.duration(seconds) == text
