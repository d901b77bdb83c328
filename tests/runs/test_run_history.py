"""Runs from the events of Step Functions and of its log."""

from datetime import UTC, datetime, timedelta
from random import Random

import histories
import pytest
from histories import ended, failed, scheduled, started, submitted, succeeded
from hypothesis import given
from hypothesis import strategies as st

from cjob.runs import history, model

GOOD = (
    started(),
    ("TaskStateEntered", {"name": "Run Fargate Task", "input": "{}"}),
    scheduled(),
    ("TaskStarted", histories.ECS),
    submitted(),
    succeeded(),
    ("TaskStateExited", {"name": "Run Fargate Task"}),
    ended("Succeeded"),
)
RETRIED = (
    started(),
    scheduled(),
    submitted(1),
    failed(1),
    scheduled(),
    submitted(2),
    failed(2),
    ended("Failed", "States.TaskFailed", "…"),
)


def test_a_run_by_schedule_knows_its_fire_time_and_its_delay() -> None:
    """The rule's event has the scheduled time, whenever EventBridge delivers it."""
    run = histories.run(*GOOD)
    assert (run.status, run.trigger, run.exit_code) == ("SUCCEEDED", "schedule", 0)
    assert (run.name, run.delay_s, run.duration_s) == (histories.NAME, 12, 7)
    [attempt] = run.attempts
    assert attempt.task_id == "0f3c2a1"
    assert (attempt.task_definition, attempt.memory) == (histories.DEFINITION, 512)
    assert attempt.started_at == histories.BEGAN + timedelta(seconds=30)


def test_each_retry_is_an_attempt() -> None:
    """In order, and the last one's exit code is the run's."""
    run = histories.run(*RETRIED)
    assert run.status == "FAILED"
    assert [one.task_id for one in run.attempts] == ["0f3c2a1", "0f3c2a2"]
    assert run.exit_code == 3


@given(st.lists(st.integers(0, len(RETRIED) - 1), max_size=20), st.randoms())
def test_order_and_repetition_of_events_do_not_matter(again: list[int], random: Random) -> None:
    """Logs are delivered at least once, and in any order."""
    events = histories.in_log(RETRIED)
    mixed = events + [events[number] for number in again]
    random.shuffle(mixed)
    made = history.run_of(mixed, app="acme", env="prod", job="report", evidence="states")
    assert made == histories.run(*RETRIED)


@pytest.mark.parametrize("count", range(1, len(RETRIED)))
def test_a_history_without_its_end_is_a_run_at_work(count: int) -> None:
    """Whatever has come so far."""
    run = histories.run(*RETRIED[:count])
    assert (run.status, run.stopped_at) == ("RUNNING", None)
    assert len(run.attempts) == (count > 2) + (count > 5)


def test_a_run_without_its_first_event_has_the_rest() -> None:
    """The log may lack events: the time and the trigger are then unknown."""
    run = histories.run(*RETRIED[1:])
    assert (run.status, run.started_at, run.trigger) == ("FAILED", None, "other")
    assert len(run.attempts) == 2


def test_a_task_that_aws_refuses_is_an_attempt_without_a_task() -> None:
    """With AWS's words for it."""
    refused = ("TaskSubmitFailed", {**histories.ECS, "error": "ECS.X", "cause": "no"})
    run = histories.run(started(), scheduled(), refused, ended("Failed", "ECS.X", "no"))
    [attempt] = run.attempts
    assert (attempt.task_arn, attempt.error, attempt.reason) == ("", "ECS.X", "no")
    assert run.exit_code is None


def test_a_task_without_a_readable_end_keeps_what_was_submitted() -> None:
    """Step Functions cuts outputs that are too large."""
    cut = ("TaskFailed", {**histories.ECS, "error": "States.TaskFailed", "cause": '{"TaskArn'})
    [attempt] = histories.run(started(), scheduled(), submitted(), cut, ended("Failed")).attempts
    assert (attempt.task_id, attempt.error) == ("0f3c2a1", "States.TaskFailed")


def test_a_redriven_run_has_the_status_of_its_last_part() -> None:
    """Until that has an end, it runs."""
    begun = (*RETRIED, ("ExecutionRedriven", {"redriveCount": 1}), scheduled(), submitted(3))
    assert histories.run(*begun).status == "RUNNING"
    run = histories.run(*begun, succeeded(3), ended("Succeeded"))
    assert (run.status, run.redriven, len(run.attempts)) == ("SUCCEEDED", True, 3)


def test_states_that_an_override_added_are_no_attempts() -> None:
    """Only ECS tasks are."""
    other = ("TaskScheduled", {"resourceType": "lambda", "resource": "invoke"})
    done = ("TaskSucceeded", {"resourceType": "lambda", "output": "{}"})
    run = histories.run(started(), other, done, scheduled(), submitted(), succeeded())
    assert len(run.attempts) == 1


@pytest.mark.parametrize(
    ("given_input", "trigger", "by", "reason"),
    [
        (
            {"cjob": {"by": "anna@laptop", "reason": "after deploy"}},
            "cjob",
            "anna@laptop",
            "after deploy",
        ),
        ({}, "other", "", ""),
        (["anything"], "other", "", ""),
        ({"cjob": "anything"}, "other", "", ""),
    ],
)
def test_the_input_says_who_started_a_run(
    given_input: object, trigger: str, by: str, reason: str
) -> None:
    """Only what a rule or cjob writes is understood."""
    run = histories.run(started(given_input))
    assert (run.trigger, run.by, run.reason) == (trigger, by, reason)


def test_a_schedule_of_eventbridge_scheduler_hands_over_its_time() -> None:
    """As cjob's own schedules with a time zone do."""
    run = histories.run(started({"cjob": {"schedule": "2026-11-27T09:00:00Z"}}))
    assert (run.trigger, run.scheduled_at) == ("schedule", datetime(2026, 11, 27, 9, tzinfo=UTC))


@pytest.mark.parametrize(
    "message",
    [
        "Permissions are set correctly to allow AWS CloudWatch Logs to write",
        "{}",
        "[1]",
        '{"id": "x", "type": "T", "event_timestamp": "1", "execution_arn": "a"}',
        '{"id": "1", "type": "T", "event_timestamp": "9' + "9" * 40 + '", "execution_arn": "a"}',
        "[" * 100_000,
    ],
)
def test_other_messages_of_the_log_are_passed_over(message: str) -> None:
    """Such as the one that AWS writes to try its permissions."""
    assert history.event_of_log(message) is None


def test_events_of_several_executions_are_told_apart() -> None:
    """One hour of the state machine's log is one stream."""
    events = histories.in_log(GOOD)
    other = [
        history.Event(f"{event.execution_arn}-2", event.id, event.type, event.time, event.details)
        for event in events
    ]
    groups = history.by_execution([*other, *events])
    assert {arn: len(group) for arn, group in groups.items()} == {
        histories.ARN: len(GOOD),
        f"{histories.ARN}-2": len(GOOD),
    }


def test_a_task_of_ecs_reads_as_one_of_step_functions() -> None:
    """DescribeTasks has camelCase keys and times with a zone."""
    stopped = histories.BEGAN + timedelta(seconds=60)
    one = history.attempt_of(histories.task())
    other = history.attempt_of(
        {
            "taskArn": histories.TASK.format(1),
            "taskDefinitionArn": histories.DEFINITION,
            "lastStatus": "STOPPED",
            "memory": "512",
            "createdAt": histories.BEGAN,
            "startedAt": histories.BEGAN + timedelta(seconds=30),
            "stoppedAt": stopped,
            "stopCode": "EssentialContainerExited",
            "stoppedReason": "Essential container in task exited",
            "containers": [{"name": "report", "exitCode": 0, "image": "acme/report:1"}],
        }
    )
    assert one == other


def test_the_json_form_leaves_out_what_is_not_known() -> None:
    """Times are in whole seconds, in UTC."""
    document = model.to_json(histories.run(*RETRIED), "ended with status 3")
    assert document["startedAt"] == "2026-11-27T09:00:12Z"
    assert document["scheduledAt"] == "2026-11-27T09:00:00Z"
    assert (document["exitCode"], document["cause"]) == (3, "ended with status 3")
    assert document["job"] == {"app": "acme", "env": "prod", "name": "report"}
    attempts = document["attempts"]
    assert isinstance(attempts, list)
    assert attempts[0]["taskDefinition"] == "acme-prod-report:12"
    assert attempts[0]["containers"] == [
        {"name": "report", "exitCode": 3, "image": "acme/report:1"}
    ]
    assert not {"by", "reason", "redriven"} & document.keys()
