"""The next runs of an EventBridge schedule, and the schedules that EventBridge rejects.

Takes a rule's schedule and a time, returns times in UTC. The fields and wildcards are those of
EventBridge's reference of cron expressions: minute, hour, day of the month, month, day of the week
(1-7 from Sunday) and year; one of the days is `?`. Libraries for cron expressions know neither
these days nor L, W and # as EventBridge defines them. Pure.
"""

import calendar
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, product
from typing import NamedTuple

from cjob.runs.cron import HOUR, LAST_YEAR, MINUTE, MONTH, MONTH_DAY, WEEK_DAY, YEAR, CronField

DISABLED = "none"

_NUMBER = re.compile(r"[0-9]{1,4}")
_RATE = re.compile(r"rate\(([1-9][0-9]{0,8}) (minute|hour|day)(s?)\)")
_CRON = re.compile(r"cron\((.*)\)")
_NEAREST = re.compile(r"([0-9]{1,2})W")
_LAST = re.compile(r"(\w+)L")
_NTH = re.compile(r"(\w+)#([1-5])")
_SUNDAY, _SATURDAY = 1, 7
_FIELD_COUNT = 6
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


class NextRuns(NamedTuple):
    """The times of the next runs, in UTC, and a note about them."""

    times: tuple[datetime, ...] = ()
    note: str = ""


class InvalidScheduleError(ValueError):
    """A schedule that EventBridge rejects, or whose times are unknown; the message says why."""


_Days = Callable[[int, int], Iterable[int]]
"""Returns the days of a month, for a year and the month."""


def next_runs(expression: str, after: datetime, count: int = 5) -> NextRuns:
    """Return the first runs after a time (with its zone), in UTC; fewer if there are no more.

    The runs of a rate count from the creation of its rule; those returned are of a rule that is
    created at the time.
    """
    if expression == DISABLED:
        return NextRuns(note="disabled: it never runs")
    try:
        times = _rate(expression, after) or _cron(expression, after)
        found = tuple(islice(times, count))
    except InvalidScheduleError as error:
        return NextRuns(note=f"unknown: {error}")
    if expression.startswith("rate("):
        return NextRuns(found, "counted from the deployment of the rule")
    if not found:
        return NextRuns(note=f"it never runs again, up to {LAST_YEAR}")
    return NextRuns(found, "" if len(found) == count else "and never again")


def between(expression: str, after: datetime, before: datetime) -> Iterator[datetime]:
    """Yield the runs of a cron expression after one time and before another, in UTC.

    Raises InvalidScheduleError for other schedules, such as a rate: its runs depend on when its
    rule was created.
    """
    for time in _cron(expression, after):
        if time >= before:
            return
        yield time


def period(expression: str) -> timedelta | None:
    """Return the time between two runs of a rate; None for other schedules."""
    found = _RATE.fullmatch(expression)
    return timedelta(**{found[2] + "s": int(found[1])}) if found else None


def problem(expression: str) -> str:
    """Return why EventBridge rejects an expression, as far as that is known; else nothing."""
    try:
        if _rate(expression, _ANY_TIME) is None:
            _cron(expression, _ANY_TIME)
    except InvalidScheduleError as error:
        return str(error)
    return ""


def _rate(expression: str, after: datetime) -> Iterator[datetime] | None:
    found = _RATE.fullmatch(expression)
    if found is None:
        return None
    value, unit, plural = int(found[1]), found[2], found[3]
    if (value == 1) == bool(plural):
        raise InvalidScheduleError(
            f"{expression!r} must have {unit!r} for 1, and {unit + 's'!r} for other numbers"
        )
    step = timedelta(**{unit + "s": value})
    start = after.astimezone(UTC).replace(second=0, microsecond=0)
    try:
        start + 1000 * step
    except OverflowError:
        raise InvalidScheduleError(f"the rate of {expression!r} is too long") from None
    return (start + n * step for n in range(1, 1000))


def _cron(expression: str, after: datetime) -> Iterator[datetime]:
    found = _CRON.fullmatch(expression)
    fields = found[1].split() if found else []
    if len(fields) != _FIELD_COUNT:
        raise InvalidScheduleError(
            f"{expression!r} is neither a rate nor a cron expression with six fields"
        )
    minute, hour, month_day, month, week_day, year = fields
    if (month_day == "?") == (week_day == "?"):
        raise InvalidScheduleError(f"{expression!r} must have ? for exactly one of its days")
    days = _week_days(week_day) if month_day == "?" else _month_days(month_day)
    months = product(_numbers(YEAR, year), _numbers(MONTH, month))
    times = list(product(_numbers(HOUR, hour), _numbers(MINUTE, minute)))
    return _times(months, days, times, after.astimezone(UTC))


def _times(
    months: Iterable[tuple[int, int]], days: _Days, times: list[tuple[int, int]], after: datetime
) -> Iterator[datetime]:
    for year, month in months:
        if (year, month) < (after.year, after.month):
            continue
        for day in sorted(set(days(year, month))):
            for hour, minute in times:
                time = datetime(year, month, day, hour, minute, tzinfo=UTC)
                if time > after:
                    yield time


# Fields


def _numbers(field: CronField, text: str) -> list[int]:
    """Return the numbers of a list of numbers and ranges with steps, ascending, each once."""
    return sorted({number for item in text.split(",") for number in _range(field, item)})


def _range(field: CronField, item: str) -> range:
    body, slash, step = item.partition("/")
    low, dash, high = body.partition("-")
    if body == "*":
        first, last = field.low, field.high
    else:
        first = _number(field, low)
        last = _number(field, high) if dash else field.high if slash else first
    if slash and not (_NUMBER.fullmatch(step) and int(step)):
        raise InvalidScheduleError(f"the step in {item!r} ({field.name}) is not a number from 1")
    if slash and int(step) > field.longest_step:
        longest = f"the longest is {field.longest_step}"
        raise InvalidScheduleError(f"the step in {item!r} ({field.name}) is too long: {longest}")
    if first > last:
        raise InvalidScheduleError(f"the range {item!r} ({field.name}) is not ascending")
    return range(first, last + 1, int(step or 1))


def _number(field: CronField, text: str) -> int:
    if (named := field.number(text)) is not None:
        return named
    if not _NUMBER.fullmatch(text) or not field.low <= int(text) <= field.high:
        raise InvalidScheduleError(f"{text!r} is not {field.described()}")
    return int(text)


def _month_days(text: str) -> _Days:
    rules = [_month_day(item) for item in text.split(",")]
    return lambda year, month: [day for rule in rules for day in rule(year, month)]


def _month_day(item: str) -> _Days:
    if item == "L":
        return lambda year, month: [_days_in_month(year, month)]
    if item == "LW":
        return lambda year, month: [_nearest(year, month, _days_in_month(year, month))]
    if nearest := _NEAREST.fullmatch(item):
        day = _number(MONTH_DAY, nearest[1])
        return lambda year, month: (
            [_nearest(year, month, day)] if day <= _days_in_month(year, month) else []
        )
    numbers = _range(MONTH_DAY, item)
    return lambda year, month: [day for day in numbers if day <= _days_in_month(year, month)]


def _week_days(text: str) -> _Days:
    if nth := _NTH.fullmatch(text):
        day, place = _number(WEEK_DAY, nth[1]), int(nth[2])
        return lambda year, month: _on_week_day(year, month, day)[place - 1 : place]
    rules = [_week_day(item) for item in text.split(",")]
    return lambda year, month: [day for rule in rules for day in rule(year, month)]


def _week_day(item: str) -> _Days:
    if item == "L":  # alone: the last day of the week
        item = "SAT"
    if last := _LAST.fullmatch(item):
        day = _number(WEEK_DAY, last[1])
        return lambda year, month: _on_week_day(year, month, day)[-1:]
    numbers = _range(WEEK_DAY, item)
    return lambda year, month: [
        day for number in numbers for day in _on_week_day(year, month, number)
    ]


# Months


def _days_in_month(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _on_week_day(year: int, month: int, week_day: int) -> list[int]:
    """Return the days of a month that are on a day of the week, 1-7 from Sunday."""
    offset = (week_day - _day_of_week(year, month, 1)) % 7
    return list(range(1 + offset, _days_in_month(year, month) + 1, 7))


def _day_of_week(year: int, month: int, day: int) -> int:
    return (calendar.weekday(year, month, day) + 1) % 7 + 1


def _nearest(year: int, month: int, day: int) -> int:
    """Return the day from Monday to Friday in the same month that is nearest to a day."""
    week_day = _day_of_week(year, month, day)
    if week_day == _SATURDAY:
        return day - 1 if day > 1 else day + 2
    if week_day == _SUNDAY:
        return day + 1 if day < _days_in_month(year, month) else day - 2
    return day
