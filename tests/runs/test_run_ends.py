"""Runs whose end the log has lost, and one-off runs, which only ECS knows."""

from datetime import datetime, timedelta

import histories
import pytest
from histories import scheduled, started, submitted
from hypothesis import given
from hypothesis import strategies as st

from cjob.runs import history, names
from cjob.runs.model import Run

STOPPED = histories.BEGAN + timedelta(seconds=60)


def seen(code: int | None, after_s: float, *, is_known: bool = True) -> Run:
    """Return a run without an end as it is so long after its task stopped with a code."""
    task = history.attempt_of(histories.task(code=code))
    run = histories.run(started(), scheduled(), submitted()).with_last_attempt(task)
    now: datetime = STOPPED + timedelta(seconds=after_s)
    return history.without_end(run, task if is_known else None, now)


@pytest.mark.parametrize(
    ("code", "after_s", "status"),
    [
        (0, 10, "RUNNING"),
        (0, 60, "SUCCEEDED"),
        (3, 60, "RUNNING"),
        (3, 599, "RUNNING"),
        (3, 600, "FAILED"),
        (None, 60, "RUNNING"),
        (None, 600, "FAILED"),
    ],
)
def test_a_lost_end_is_that_of_the_task(code: int | None, after_s: float, status: str) -> None:
    """A failure waits longer: Step Functions may start the task again."""
    run = seen(code, after_s)
    assert run.status == status
    assert (run.evidence == "tasks") == (status != "RUNNING")
    assert run.stopped_at == (None if status == "RUNNING" else STOPPED)


@pytest.mark.parametrize(("after_s", "status"), [(599, "RUNNING"), (600, "UNKNOWN")])
def test_an_end_that_nobody_knows_is_unknown(after_s: float, status: str) -> None:
    """ECS has forgotten the task, or a state that an override added may still run."""
    assert seen(0, after_s, is_known=False).status == status


@given(st.sampled_from([0, 3, None]), st.floats(0, 10_000), st.floats(0, 10_000))
def test_a_run_that_has_ended_does_not_run_again(
    code: int | None, first: float, later: float
) -> None:
    """Whenever it is looked at: the later look says the same, or more."""
    before, after = (seen(code, seconds) for seconds in sorted((first, later)))
    assert before.status in ("RUNNING", after.status)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, "SUCCEEDED"),
        ({"code": 3}, "FAILED"),
        ({"status": "RUNNING", "code": None}, "RUNNING"),
        ({"code": 137, "StopCode": "UserInitiated"}, "ABORTED"),
        ({"code": None, "StopCode": "TaskFailedToStart"}, "FAILED"),
    ],
)
def test_a_one_off_run_is_what_its_task_is(changed: dict[str, object], status: str) -> None:
    """A task that never started has failed, and one that was stopped was aborted."""
    task = histories.task(**changed)  # type: ignore[arg-type] # of several types
    found = {key[:1].lower() + key[1:]: value for key, value in task.items()}
    found |= {"group": "once-cjob-anna", "startedBy": "cjob/anna"}
    run = history.run_of_task(found, app="acme", env="prod", job="report")
    assert (run.status, run.name, run.by) == (status, "once-cjob-anna", "anna")
    assert (run.trigger, run.evidence, run.started_at) == ("cjob", "tasks", histories.BEGAN)


@given(st.text(max_size=100), st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 - made aware below
def test_a_name_has_the_time_of_its_start(user: str, moment: datetime) -> None:
    """So that the log is read from there on; also a name of a one-off run fits."""
    now = moment.replace(tzinfo=histories.BEGAN.tzinfo, microsecond=0)
    name = names.new(user, now, "5f3a")
    assert names.moment(name) == now
    once = names.once(name)
    assert len(once) <= names.MOST
    assert names.is_once(once)
    assert not names.is_once(name)
    assert names.moment(once) is None
    assert names.moment(f"cjob-{user}-99999999T999999Z-5f3a") is None


@given(st.text(max_size=200))
def test_a_one_off_run_has_one_name_for_an_id(run_id: str) -> None:
    """Whole, so that two ids do not share it."""
    once = names.once(names.for_id(run_id))
    assert len(once) <= names.MOST
    assert once.endswith(names.for_id(run_id))
