"""When a rule of EventBridge fires next, and which schedules it does not take.

Pure: takes a rule's schedule and a moment, which is handed in, and gives times in UTC. The fields
and their wildcards are those of EventBridge's reference of cron expressions: minute, hour, day of
the month, month, day of the week (1-7 from Sunday) and year; one of the days is `?`. Libraries
for cron know neither these days nor L, W and # as EventBridge has them.
"""

import calendar
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, product
from typing import NamedTuple

DISABLED = "none"
LAST_YEAR = 2199
"""The last year that an expression can name."""

_MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAY_NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_NUMBER = re.compile(r"[0-9]{1,4}")
_RATE = re.compile(r"rate\(([1-9][0-9]{0,8}) (minute|hour|day)(s?)\)")
_CRON = re.compile(r"cron\((.*)\)")
_NEAREST = re.compile(r"([0-9]{1,2})W")
_LAST = re.compile(r"(\w+)L")
_NTH = re.compile(r"(\w+)#([1-5])")
_SUNDAY, _SATURDAY = 1, 7
_FIELD_COUNT = 6
_ANY_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)


class FireTimes(NamedTuple):
    """The next times, in UTC, and what is to be known beside them."""

    times: tuple[datetime, ...] = ()
    note: str = ""


class UnknownScheduleError(ValueError):
    """The text is no schedule that EventBridge takes, or none that can be told; it says why."""


class _Field(NamedTuple):
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    longest_step: int = 0


_MINUTE = _Field("minute", 0, 59, longest_step=59)
_HOUR = _Field("hour", 0, 23, longest_step=23)
_MONTH_DAY = _Field("day of the month", 1, 31, longest_step=31)
_MONTH = _Field("month", 1, 12, _MONTH_NAMES, longest_step=12)
_WEEK_DAY = _Field("day of the week", 1, 7, _DAY_NAMES, longest_step=7)
_YEAR = _Field("year", 1970, LAST_YEAR, longest_step=LAST_YEAR - 1970)

_Days = Callable[[int, int], Iterable[int]]
"""Gives the days of a month in a year."""


def fire_times(expression: str, after: datetime, count: int = 5) -> FireTimes:
    """Return the first times after a moment (aware), in UTC; fewer where there are no more.

    A rate counts from when its rule is made: its times are those of a rule made at the moment.
    """
    if expression == DISABLED:
        return FireTimes(note="disabled: it never fires")
    try:
        times = _rate(expression, after) or _cron(expression, after)
        found = tuple(islice(times, count))
    except UnknownScheduleError as error:
        return FireTimes(note=f"unknown when: {error}")
    if expression.startswith("rate("):
        return FireTimes(found, "counted from when the rule is deployed")
    if not found:
        return FireTimes(note=f"it never fires again, up to {LAST_YEAR}")
    return FireTimes(found, "" if len(found) == count else "and never again")


def between(expression: str, after: datetime, before: datetime) -> Iterator[datetime]:
    """Yield the times of a cron expression after one moment and before another, in UTC.

    Raises UnknownScheduleError for what is not a cron expression, such as a rate, whose times
    depend on when its rule was made.
    """
    for time in _cron(expression, after):
        if time >= before:
            return
        yield time


def period(expression: str) -> timedelta | None:
    """Return how often a rate fires; None for any other schedule."""
    found = _RATE.fullmatch(expression)
    return timedelta(**{found[2] + "s": int(found[1])}) if found else None


def refusal(expression: str) -> str:
    """Say why EventBridge does not take an expression, as far as that can be told; else nothing."""
    try:
        if _rate(expression, _ANY_MOMENT) is None:
            _cron(expression, _ANY_MOMENT)
    except UnknownScheduleError as error:
        return str(error)
    return ""


def _rate(expression: str, after: datetime) -> Iterator[datetime] | None:
    found = _RATE.fullmatch(expression)
    if found is None:
        return None
    value, unit, plural = int(found[1]), found[2], found[3]
    if (value == 1) == bool(plural):
        raise UnknownScheduleError(f"{expression!r} needs the word {unit!r} for 1 alone")
    step = timedelta(**{unit + "s": value})
    begun = after.astimezone(UTC).replace(second=0, microsecond=0)
    try:
        begun + 1000 * step
    except OverflowError:
        raise UnknownScheduleError(f"{expression!r} is too rare") from None
    return (begun + n * step for n in range(1, 1000))


def _cron(expression: str, after: datetime) -> Iterator[datetime]:
    found = _CRON.fullmatch(expression)
    fields = found[1].split() if found else []
    if len(fields) != _FIELD_COUNT:
        raise UnknownScheduleError(f"{expression!r} is no rate and no cron of six fields")
    minute, hour, month_day, month, week_day, year = fields
    if (month_day == "?") == (week_day == "?"):
        raise UnknownScheduleError(f"{expression!r} needs ? for one of its days, and for one only")
    days = _week_days(week_day) if month_day == "?" else _month_days(month_day)
    months = product(_numbers(_YEAR, year), _numbers(_MONTH, month))
    times = list(product(_numbers(_HOUR, hour), _numbers(_MINUTE, minute)))
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


def _numbers(field: _Field, text: str) -> list[int]:
    """Read a list of numbers and ranges, with steps; ascending, each once."""
    return sorted({number for item in text.split(",") for number in _range(field, item)})


def _range(field: _Field, item: str) -> range:
    body, slash, step = item.partition("/")
    low, dash, high = body.partition("-")
    if body == "*":
        first, last = field.low, field.high
    else:
        first = _number(field, low)
        last = _number(field, high) if dash else field.high if slash else first
    if slash and not (_NUMBER.fullmatch(step) and int(step)):
        raise UnknownScheduleError(f"{item!r} has no step that is a number from 1 on")
    if slash and int(step) > field.longest_step:
        longest = f"the longest is {field.longest_step}"
        raise UnknownScheduleError(f"the step of {item!r} ({field.name}) is too long: {longest}")
    if first > last:
        raise UnknownScheduleError(f"{item!r} ({field.name}) does not rise")
    return range(first, last + 1, int(step or 1))


def _number(field: _Field, text: str) -> int:
    if text.upper() in field.names:
        return field.names.index(text.upper()) + field.low
    if not _NUMBER.fullmatch(text) or not field.low <= int(text) <= field.high:
        raise UnknownScheduleError(f"{text!r} is no {field.name}")
    return int(text)


def _month_days(text: str) -> _Days:
    rules = [_month_day(item) for item in text.split(",")]
    return lambda year, month: [day for rule in rules for day in rule(year, month)]


def _month_day(item: str) -> _Days:
    if item == "L":
        return lambda year, month: [_length(year, month)]
    if item == "LW":
        return lambda year, month: [_nearest(year, month, _length(year, month))]
    if nearest := _NEAREST.fullmatch(item):
        wanted = _number(_MONTH_DAY, nearest[1])
        return lambda year, month: (
            [_nearest(year, month, wanted)] if wanted <= _length(year, month) else []
        )
    numbers = _range(_MONTH_DAY, item)
    return lambda year, month: [day for day in numbers if day <= _length(year, month)]


def _week_days(text: str) -> _Days:
    if nth := _NTH.fullmatch(text):
        wanted, place = _number(_WEEK_DAY, nth[1]), int(nth[2])
        return lambda year, month: _all(year, month, wanted)[place - 1 : place]
    rules = [_week_day(item) for item in text.split(",")]
    return lambda year, month: [day for rule in rules for day in rule(year, month)]


def _week_day(item: str) -> _Days:
    if item == "L":  # alone, it is the week's last day
        item = "SAT"
    if last := _LAST.fullmatch(item):
        wanted = _number(_WEEK_DAY, last[1])
        return lambda year, month: _all(year, month, wanted)[-1:]
    numbers = _range(_WEEK_DAY, item)
    return lambda year, month: [day for number in numbers for day in _all(year, month, number)]


# Months


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _all(year: int, month: int, week_day: int) -> list[int]:
    """Return all days of a month that are a day of the week, counted 1-7 from Sunday."""
    offset = (week_day - _day_of_week(year, month, 1)) % 7
    return list(range(1 + offset, _length(year, month) + 1, 7))


def _day_of_week(year: int, month: int, day: int) -> int:
    return (calendar.weekday(year, month, day) + 1) % 7 + 1


def _nearest(year: int, month: int, day: int) -> int:
    """Return the day from Monday to Friday that is nearest to a day, in the same month."""
    week_day = _day_of_week(year, month, day)
    if week_day == _SATURDAY:
        return day - 1 if day > 1 else day + 2
    if week_day == _SUNDAY:
        return day + 1 if day < _length(year, month) else day - 2
    return day
