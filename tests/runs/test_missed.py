"""Fire times without a run."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cjob.runs.missed import missed
from cjob.runs.model import Run, Trigger

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
DAILY = "cron(0 9 * * ? *)"


def run(
    at: datetime, *, late_s: float = 5, trigger: Trigger = "schedule", told: bool = True
) -> Run:
    """Return a run of a fire time, some seconds late; the input tells the time or does not."""
    return Run(
        app="acme",
        env="prod",
        job="report",
        status="SUCCEEDED",
        trigger=trigger,
        scheduled_at=at if told else None,
        started_at=at + timedelta(seconds=late_s),
        evidence="logs",
    )


def nine(day: int) -> datetime:
    """Return nine o'clock of a day after that Monday."""
    return MONDAY + timedelta(days=day, hours=9)


def test_a_fire_time_without_a_run_is_missed() -> None:
    """The others are not."""
    runs = [run(nine(0)), run(nine(2)), run(nine(3), told=False)]
    assert missed(DAILY, runs, MONDAY, nine(4)) == (nine(1),)


def test_only_what_the_schedule_started_counts() -> None:
    """A run by hand at the same moment stands for nothing."""
    assert missed(DAILY, [run(nine(0), trigger="cjob")], MONDAY, nine(1)) == (nine(0),)


def test_a_late_run_counts_if_it_says_what_it_is_for() -> None:
    """Without that it must have started within two minutes."""
    assert missed(DAILY, [run(nine(0), late_s=7200)], MONDAY, nine(1)) == ()
    late = run(nine(0), late_s=7200, told=False)
    assert missed(DAILY, [late], MONDAY, nine(1)) == (nine(0),)


def test_nothing_is_missed_outside_the_window() -> None:
    """Before the last deployment there may have been another schedule."""
    assert missed(DAILY, [], nine(1), nine(3)) == (nine(2),)


def test_a_gap_of_a_rate_is_one_missed_run_a_step() -> None:
    """The times are counted from the run before the gap; a little late is no gap."""
    hours = [run(MONDAY + timedelta(hours=hour), told=False) for hour in (1, 2, 5)]
    found = missed("rate(1 hour)", hours, MONDAY, MONDAY + timedelta(hours=6))
    late = timedelta(seconds=5)
    assert found == (MONDAY + timedelta(hours=3) + late, MONDAY + timedelta(hours=4) + late)


def test_a_rate_that_stopped_is_missed_up_to_now() -> None:
    """From its last run on; without any run the times are unknown."""
    last = [run(MONDAY)]
    before = MONDAY + timedelta(minutes=31)
    found = missed("rate(10 minutes)", last, MONDAY - timedelta(days=1), before)
    assert found == tuple(MONDAY + timedelta(minutes=n) for n in (10, 20))
    assert missed("rate(10 minutes)", [], MONDAY, before) == ()


@pytest.mark.parametrize("schedule", ["none", "cron(x)", ""])
def test_what_is_not_a_schedule_misses_nothing(schedule: str) -> None:
    """A job that is paused has no fire times."""
    assert missed(schedule, [], MONDAY, nine(3)) == ()


@given(st.sets(st.integers(0, 13)))
def test_runs_and_missed_ones_make_up_all_fire_times(days: set[int]) -> None:
    """Whichever days have a run."""
    found = missed(DAILY, [run(nine(day)) for day in days], MONDAY, MONDAY + timedelta(days=14))
    assert found == tuple(nine(day) for day in range(14) if day not in days)
