"""The status of a job: what is a problem, what comes next, and its JSON form."""

import json
from dataclasses import replace  # noqa: TID251 - of these very dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from status_samples import DAILY, IMAGE, NOW, assessed, daily, report, run, stack

from cjob.runs import status
from cjob.runs.model import Run

OOM = "OutOfMemoryError: container killed due to memory usage"


def test_a_job_that_ran_as_it_should_has_no_problems() -> None:
    """Its next time is that of the deployed schedule, its last success the newest run's end."""
    found = assessed(stack(days=2.6), daily("SUCCEEDED", "SUCCEEDED", "FAILED"))
    assert found.problems == ()
    assert found.notes == ()
    assert found.next_times[0] == datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
    assert found.last_success == datetime(2026, 11, 27, 9, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("runs", "problem"),
    [
        (daily("FAILED", "SUCCEEDED"), "the last run failed: ended with status 3"),
        (
            [run(13.16, "FAILED", code=137, reason=OOM), *daily("SUCCEEDED")[1:]],
            "the last run failed: out of memory: container report was killed at 512 MiB",
        ),
        (daily("TIMED_OUT", "SUCCEEDED"), "the last run timed out: not done after 1m00s"),
        (daily("ABORTED", "SUCCEEDED"), "the last run was stopped"),
        (
            [replace(daily("ABORTED")[0], message="by anna: too slow"), *daily("SUCCEEDED")[1:]],
            "the last run was stopped: by anna: too slow",
        ),
        (
            daily("FAILED", "FAILED", "SUCCEEDED"),
            "the last 2 runs failed: ended with status 3",
        ),
        (daily("FAILED", "FAILED"), "the last 2 runs failed: ended with status 3"),
    ],
)
def test_failed_runs_are_a_problem_until_one_succeeds(runs: list[Run], problem: str) -> None:
    """With the newest one's cause."""
    days = 2 if len(runs) > 1 else 1  # nothing was missed since then
    assert assessed(stack(days=days), runs).problems == (problem,)


def test_a_failed_run_that_still_runs_again_is_judged_by_the_one_before() -> None:
    """What is not over says nothing about success."""
    running = run(0.5, "RUNNING", seconds=None)
    found = assessed(stack(days=1), [running, *daily("FAILED")])
    assert found.problems == ("the last run failed: ended with status 3",)
    assert found.running == 1
    assert found.last_run == running


def test_a_failure_of_which_only_the_status_is_known_has_no_cause() -> None:
    """Nothing is made up for it."""
    listed = replace(daily("FAILED")[0], attempts=())
    assert assessed(stack(days=1), [listed]).problems == ("the last run failed",)


@pytest.mark.parametrize(
    ("state", "reason", "problems"),
    [
        ("CREATE_COMPLETE", "", ()),
        ("UPDATE_COMPLETE", "", ()),
        (
            "UPDATE_ROLLBACK_COMPLETE",
            "no\nsuch role",
            ("the last deployment failed and was rolled back: no\\nsuch role",),
        ),
        ("ROLLBACK_COMPLETE", "", ("the first deployment failed and was rolled back",)),
        ("UPDATE_ROLLBACK_FAILED", "", ("the stack is in UPDATE_ROLLBACK_FAILED",)),
        ("DELETE_FAILED", "in use", ("the stack is in DELETE_FAILED: in use",)),
    ],
)
def test_a_stack_in_a_bad_state_is_a_problem(
    state: str, reason: str, problems: tuple[str, ...]
) -> None:
    """CloudFormation's reason is shown on one line."""
    found = assessed(stack(state=state, reason=reason), daily("SUCCEEDED"))
    assert tuple(p for p in found.problems if "missed" not in p) == problems


@pytest.mark.parametrize(
    ("state", "note"),
    [
        ("UPDATE_IN_PROGRESS", "a deployment is in progress"),
        ("CREATE_IN_PROGRESS", "a deployment is in progress"),
        ("DELETE_IN_PROGRESS", "the stack is being deleted"),
    ],
)
def test_a_change_in_progress_is_a_note(state: str, note: str) -> None:
    """Nobody needs to do anything about it."""
    found = assessed(stack(state=state, days=0.01), daily("SUCCEEDED"))
    assert (found.problems, found.notes) == ((), (note,))


def test_a_job_without_a_stack_is_not_deployed() -> None:
    """Nothing else is known of it."""
    found = assessed(None)
    assert found.problems == ("not deployed",)
    assert found.stack is None


def test_fire_times_without_a_run_are_missed() -> None:
    """They are in the strip, at their place, and a problem."""
    runs = [run(13 + 10 / 60 + 24 * n) for n in range(7)]
    found = assessed(stack(), [runs[0], *runs[3:]])
    assert found.problems == ("2 runs were missed, the last at 2026-11-26 09:00 UTC",)
    assert [one.status for one in found.runs][:4] == ["SUCCEEDED", "MISSED", "MISSED", "SUCCEEDED"]


def test_nothing_is_missed_before_the_last_deployment() -> None:
    """Another schedule may have been in force."""
    assert assessed(stack(days=0.9), daily("SUCCEEDED")).problems == ()


def test_nothing_is_missed_before_the_oldest_run_that_was_read() -> None:
    """Older ones may be there, but were not asked for."""
    hourly = [run(0.16 + n) for n in range(status.LAST)]
    assert assessed(stack("cron(0 * * * ? *)"), hourly).problems == ()


def test_runs_of_which_only_the_names_are_known_may_be_the_schedules() -> None:
    """A list of executions has no inputs; what cjob started is known by its name."""
    listed = [replace(one, trigger="other", attempts=()) for one in daily("SUCCEEDED")]
    assert assessed(stack(days=1), listed).problems == ()
    by_hand = [replace(one, trigger="cjob") for one in listed]
    assert assessed(stack(days=1), by_hand).problems == (
        "a run was missed, at 2026-11-27 09:00 UTC",
    )


def test_a_disabled_rule_is_a_problem_unless_the_schedule_is_none() -> None:
    """Without a schedule the rule is disabled on purpose."""
    assert assessed(stack(rule="DISABLED"), ()).problems == (
        "its rule is disabled: the schedule starts no runs",
    )
    found = assessed(stack("none", rule="DISABLED"), ())
    assert (found.problems, found.next_times) == ((), ())


def test_a_rate_without_any_run_is_a_problem() -> None:
    """Its times are counted from its runs, so none of them is known to be missed."""
    found = assessed(stack("rate(1 hour)", days=1), ())
    assert found.problems == ("no run since it was deployed, with schedule rate(1 hour)",)
    assert assessed(stack("rate(1 hour)", days=0.05), ()).problems == ()


def test_a_rate_counts_on_from_its_last_run() -> None:
    """What cjob started does not count."""
    by_hand = replace(run(0.1), trigger="cjob")
    found = assessed(stack("rate(1 hour)", days=0.05), [by_hand, run(0.5)])
    assert found.next_times[0] == NOW + timedelta(minutes=30)


def test_a_history_that_cannot_be_read_is_a_note() -> None:
    """It is less detail, and nothing is called missed."""
    found = assessed(stack(), None)
    assert (found.problems, found.notes) == ((), ("its history cannot be read",))


def test_a_run_that_takes_much_longer_than_usual_is_noted() -> None:
    """By the median of those that succeeded."""
    usual = daily("SUCCEEDED", "SUCCEEDED", "SUCCEEDED")
    slow = run(1, "RUNNING", seconds=None)
    found = assessed(stack(days=3), [slow, *usual])
    assert found.notes == ("running for 1h00m, usually 1m00s",)
    assert assessed(stack(days=3), [slow, *usual[:2]]).notes == ()


def test_a_schedule_that_is_over_is_noted() -> None:
    """A cron expression may name a year in the past."""
    found = assessed(stack("cron(0 9 1 1 ? 2020)"), ())
    assert found.notes == ("its schedule never fires again",)


@pytest.mark.parametrize(
    ("expression", "hours"),
    [
        ("cron(* * * * ? *)", 1),
        ("cron(0/15 * * * ? *)", 6),
        ("cron(0 * * * ? *)", 24),
        (DAILY, 30 * 24),
        ("cron(0 9 1 * ? *)", 90 * 24),
        ("rate(5 minutes)", 1),
        ("rate(1 hour)", 24),
        ("rate(30 days)", 90 * 24),
        ("none", 90 * 24),
        ("not a schedule", 90 * 24),
    ],
)
def test_history_is_read_as_far_back_as_the_last_runs_are(expression: str, hours: int) -> None:
    """A job that runs each minute has a long history, of which the last hour is enough."""
    assert NOW - status.window(expression, NOW) == timedelta(hours=hours)


def test_the_json_form_has_all_that_is_known() -> None:
    """Runs have what differs between them; empty and unknown values are left out."""
    found = status.to_json(assessed(stack(days=1), daily("FAILED")))
    assert json.loads(json.dumps(found)) == {
        "apiVersion": "cjob/v1",
        "kind": "Status",
        "job": {"app": "acme", "env": "prod", "name": "report"},
        "stack": {"status": "UPDATE_COMPLETE", "updatedAt": "2026-11-26T22:10:00Z"},
        "image": IMAGE,
        "schedule": {
            "expression": DAILY,
            "state": "ENABLED",
            "next": ["2026-11-28T09:00:00Z", "2026-11-29T09:00:00Z", "2026-11-30T09:00:00Z"],
        },
        "lastRun": found["lastRun"],
        "running": 0,
        "runs": [found["lastRun"]],
        "problems": ["the last run failed: ended with status 3"],
        "notes": [],
    }
    assert found["lastRun"] == {
        "name": "run-13.166666666666666",
        "status": "FAILED",
        "trigger": "schedule",
        "startedAt": "2026-11-27T09:00:00Z",
        "stoppedAt": "2026-11-27T09:01:00Z",
        "exitCode": 3,
        "cause": "ended with status 3",
        "evidence": "states",
    }
    assert status.to_json(status.assess(report(None), NOW)) == {
        "apiVersion": "cjob/v1",
        "kind": "Status",
        "job": {"app": "acme", "env": "prod", "name": "report"},
        "running": 0,
        "runs": [],
        "problems": ["not deployed"],
        "notes": [],
    }
