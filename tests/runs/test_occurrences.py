"""When a schedule fires: against a checker that looks at each minute or day, and special days."""

import calendar
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cjob.runs.occurrences import next_runs

SUNDAY = datetime(2026, 11, 22, 5, 13, 20, tzinfo=UTC)
WEEK = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

# A field of a cron expression, and which numbers it takes.
Field = tuple[str, Callable[[int], bool]]
# A day's field, and which days it takes.
Days = tuple[str, Callable[[datetime], bool]]


def told(expression: str, after: datetime = SUNDAY, count: int = 5) -> list[str]:
    """Return the times as texts."""
    found = next_runs(expression, after, count)
    return [f"{time:%a %Y-%m-%d %H:%M}" for time in found.times]


# Every minute, every day


def fields(low: int, high: int) -> st.SearchStrategy[Field]:
    """Make fields of numbers: any, one, a range, steps, or a list of two of them."""
    number = st.integers(low, high)
    step = st.integers(1, high - low)
    one = st.one_of(
        st.just(("*", lambda _: True)),
        number.map(lambda n: (str(n), lambda v: v == n)),
        st.tuples(number, number).map(
            lambda p: (f"{min(p)}-{max(p)}", lambda v: min(p) <= v <= max(p))
        ),
        st.tuples(number, step).map(
            lambda p: (f"{p[0]}/{p[1]}", lambda v: v >= p[0] and (v - p[0]) % p[1] == 0)
        ),
        step.map(lambda s: (f"*/{s}", lambda v: (v - low) % s == 0)),
    )
    two = st.tuples(one, one).map(
        lambda pair: (f"{pair[0][0]},{pair[1][0]}", lambda v: pair[0][1](v) or pair[1][1](v))
    )
    return st.one_of(one, two)


def length(day: datetime) -> int:
    """Count the days of a day's month."""
    return calendar.monthrange(day.year, day.month)[1]


def week_day(day: datetime) -> int:
    """Return the day of the week, 1-7 from Sunday."""
    return WEEK.index(day.strftime("%a").upper()) + 1


def nearest(day: datetime, wanted: int) -> bool:
    """Return whether a day is the working day of its month that is nearest to a date."""
    working = [d for d in range(1, length(day) + 1) if week_day(day.replace(day=d)) not in (1, 7)]
    return wanted <= length(day) and day.day == min(working, key=lambda d: abs(d - wanted))


def nth(day: datetime, wanted: int, place: int) -> bool:
    """Return whether a day is the n-th such day of the week in its month."""
    return week_day(day) == wanted and (day.day + 6) // 7 == place


def days() -> st.SearchStrategy[Days]:
    """Make both fields of days, one of which is `?`."""
    in_week, in_month = st.integers(1, 7), st.integers(1, 31)
    name = in_week.flatmap(lambda n: st.sampled_from([str(n), WEEK[n - 1], WEEK[n - 1].lower()]))
    number = {**{n: i for i, n in enumerate(WEEK, 1)}, **{str(i): i for i in range(1, 8)}}

    def numbered(text: str) -> int:
        return number[text.upper()]

    return st.one_of(
        fields(1, 31).map(lambda f: (f"{f[0]} * ?", lambda day: f[1](day.day))),
        fields(1, 7).map(lambda f: (f"? * {f[0]}", lambda day: f[1](week_day(day)))),
        st.just(("L * ?", lambda day: day.day == length(day))),
        st.just(("LW * ?", lambda day: nearest(day, length(day)))),
        st.just(("? * L", lambda day: week_day(day) == 7)),
        in_month.map(lambda n: (f"{n}W * ?", lambda day: nearest(day, n))),
        name.map(
            lambda n: (
                f"? * {n}L",
                lambda day: week_day(day) == numbered(n) and day.day > length(day) - 7,
            )
        ),
        st.tuples(name, st.integers(1, 5)).map(
            lambda p: (f"? * {p[0]}#{p[1]}", lambda day: nth(day, numbered(p[0]), p[1]))
        ),
    )


MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone


@settings(max_examples=60, deadline=None)
@given(minute=fields(0, 59), hour=fields(0, 23), moment=MOMENTS)
def test_runs_are_those_that_a_check_of_each_minute_finds(
    minute: Field, hour: Field, moment: datetime
) -> None:
    """Over two days."""
    ends = moment + timedelta(days=2)
    found = next_runs(f"cron({minute[0]} {hour[0]} * * ? *)", moment, 3000).times
    at, expected = moment.replace(second=0, microsecond=0), []
    while (at := at + timedelta(minutes=1)) < ends:
        if minute[1](at.minute) and hour[1](at.hour):
            expected.append(at)
    assert expected == [time for time in found if time < ends]


@settings(max_examples=100, deadline=None)
@given(day=days(), month=fields(1, 12), moment=MOMENTS)
def test_days_are_those_that_a_check_of_each_day_finds(
    day: Days, month: Field, moment: datetime
) -> None:
    """Over three years."""
    ends = moment + timedelta(days=1100)
    fields_of_days = day[0].replace(" * ", f" {month[0]} ")
    found = next_runs(f"cron(30 12 {fields_of_days} *)", moment, 1200).times
    at, expected = moment.replace(hour=12, minute=30, second=0, microsecond=0), []
    while at < ends:
        if at > moment and month[1](at.month) and day[1](at):
            expected.append(at)
        at += timedelta(days=1)
    assert expected == [time for time in found if time < ends]


# Special days


def test_days_of_the_week_start_with_sunday() -> None:
    """They are 1 to 7, not 0 to 6."""
    assert told("cron(0 9 ? * 1 *)", count=1) == ["Sun 2026-11-22 09:00"]
    assert told("cron(0 9 ? * 7 *)", count=1) == ["Sat 2026-11-28 09:00"]
    assert told("cron(0 9 ? * MON-FRI *)", count=1) == ["Mon 2026-11-23 09:00"]


def test_the_time_itself_is_past() -> None:
    """Whatever its seconds."""
    moment = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    assert told("cron(0 9 * * ? *)", moment, 1) == ["Mon 2026-11-23 09:00"]
    assert told("cron(0 9 * * ? *)", moment - timedelta(seconds=1), 1) == ["Sun 2026-11-22 09:00"]


def test_runs_are_in_utc_whatever_the_times_zone() -> None:
    """Rules have no time zones."""
    moment = datetime(2026, 11, 22, 10, 0, tzinfo=timezone(timedelta(hours=5)))
    assert told("cron(30 5 * * ? *)", moment, 1) == ["Sun 2026-11-22 05:30"]


def test_leap_days_follow_a_century_without_one() -> None:
    """2100 has none."""
    moment = datetime(2095, 1, 1, tzinfo=UTC)
    assert told("cron(0 0 29 2 ? *)", moment, 2) == ["Wed 2096-02-29 00:00", "Fri 2104-02-29 00:00"]


def test_a_year_ends_a_schedule() -> None:
    """The note says so if fewer runs are left than requested."""
    found = next_runs("cron(0 0 1 12 ? 2025-2026)", SUNDAY)
    assert (len(found.times), found.note) == (1, "and never again")


@pytest.mark.parametrize("expression", ["cron(0 0 31 2 ? *)", "cron(0 9 ? * MON 2020)"])
def test_a_schedule_that_never_runs_has_a_note(expression: str) -> None:
    """Because there is no such day, or it is past."""
    assert next_runs(expression, SUNDAY).times == ()
    assert "never runs" in next_runs(expression, SUNDAY).note


# Others


@pytest.mark.parametrize(
    ("expression", "first"),
    [
        ("rate(1 minute)", "Sun 2026-11-22 05:14"),
        ("rate(5 minutes)", "Sun 2026-11-22 05:18"),
        ("rate(12 hours)", "Sun 2026-11-22 17:13"),
        ("rate(7 days)", "Sun 2026-11-29 05:13"),
    ],
)
def test_a_rate_counts_from_the_creation_of_its_rule(expression: str, first: str) -> None:
    """The note says so: its time is not known."""
    assert told(expression, count=1) == [first]
    assert "from the deployment of the rule" in next_runs(expression, SUNDAY).note


def test_a_job_without_a_schedule_is_disabled() -> None:
    """It only runs when it is started by hand."""
    found = next_runs("none", SUNDAY)
    assert (found.times, found.note) == ((), "disabled: it never runs")


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "soon",
        "rate(0 minutes)",
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(999999999 days)",
        "cron(0 9 * * ?)",
        "cron(CRON_TZ=UTC 0 9 * * ? *)",
        "cron(0 9 * * * *)",
        "cron(0 9 ? * ? *)",
        "cron(60 9 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 9 0 * ? *)",
        "cron(0 9 32W * ? *)",
        "cron(0 9 ? * 0 *)",
        "cron(0 9 ? * 8 *)",
        "cron(0 9 ? * 2#6 *)",
        "cron(0 9 ? * 2#1,3#1 *)",
        "cron(0 9 ? * SAT-SUN *)",
        "cron(0 9 * 13 ? *)",
        "cron(0 9 * * ? 2200)",
        "cron(0/0 9 * * ? *)",
        "cron(0/x 9 * * ? *)",
        "cron(, 9 * * ? *)",
        "cron(\u0661 9 * * ? *)",
    ],
)
def test_what_eventbridge_rejects_has_no_runs(expression: str) -> None:
    """The note has the reason."""
    found = next_runs(expression, SUNDAY)
    assert found.times == ()
    assert found.note.startswith("unknown: ")
