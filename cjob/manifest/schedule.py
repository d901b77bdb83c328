"""Converts the manifest's `on.schedule` into an expression of EventBridge.

A schedule is five cron fields, a word such as @daily, @every with a duration, or an expression of
EventBridge. The conversion is Copilot's, with its losses, so that existing stacks stay as they are.
Pure.
"""

import re
from typing import NamedTuple

from cjob.manifest import durations
from cjob.reporting.findings import Finding
from cjob.runs.cron import CRONTAB, MONTH_DAY, WEEK_DAY, CronField

EXAMPLES = "such as '0 9 * * MON-FRI', '@daily', '@every 2h', 'rate(5 minutes)' or 'none'"

_EXPRESSION = re.compile(r"(?:rate|cron)\(.*\)|none")
_EVERY = "@every "
NONE = "none"
"""The schedule of a job that only runs when it is started by hand."""

_WORDS = {
    "@hourly": "cron(0 * * * ? *)",
    "@daily": "cron(0 0 * * ? *)",
    "@midnight": "cron(0 0 * * ? *)",
    "@weekly": "cron(0 0 ? * 1 *)",
    "@monthly": "cron(0 0 1 * ? *)",
    "@yearly": "cron(0 0 1 1 ? *)",
    "@annually": "cron(0 0 1 1 ? *)",
}
_NEVER = frozenset(("none", "never", "off", "disabled", "null", "no"))
_SPOKEN_WORDS = {
    "every minute": "@every 1m",
    "minutely": "@every 1m",
    "every hour": "@hourly",
    "every day": "@daily",
    "nightly": "@daily",
    "every week": "@weekly",
    "every month": "@monthly",
    "every year": "@yearly",
}
_FUNCTION = re.compile(r"(?i:cron|rate) ?\(.*\)")
_SPOKEN_DURATION = re.compile(
    r"(?:every )?(?P<count>[0-9]{1,6}) ?(?P<unit>[mhd])(?:in(?:ute)?s?|ours?|rs?|ays?)?"
)
_NUMBER = re.compile(r"\+?[0-9]{1,9}")
_DIGITS_TO_NEXT = str.maketrans("0123456789", "123456789:")


class ScheduleError(ValueError):
    """A string that is not a schedule; the message says why."""

    def __init__(self, message: str, hint: str = f"write a schedule {EXAMPLES}") -> None:
        """Take the reason, and how to write it instead."""
        super().__init__(message)
        self.hint = hint


class Schedule(NamedTuple):
    """An EventBridge expression (or `none`), and warnings about what the conversion lost."""

    expression: str
    warnings: tuple[str, ...] = ()


def problem(expression: str) -> Finding | None:
    """Return why EventBridge rejects an expression, as far as that is known; else None."""
    if expression == NONE:
        return None
    from cjob.runs import occurrences  # noqa: PLC0415 - slow to import

    reason = "rules have no time zones" if "TZ=" in expression else occurrences.problem(expression)
    if not reason:
        return None
    message = f"EventBridge rejects the schedule {expression!r}: {reason}"
    return Finding(message, _correction(expression) or f"write a schedule {EXAMPLES}", refused=True)


def _correction(expression: str) -> str:
    """Return the correction of an expression, if it is obvious; else nothing."""
    if "TZ=" in expression:
        return "write the times in UTC, without TZ="
    single = re.fullmatch(r"rate\(1 (minute|hour|day)s\)", expression)
    if single:
        return f"write 'rate(1 {single[1]})'"
    several = re.fullmatch(r"rate\(([0-9]+) (minute|hour|day)\)", expression)
    return f"write 'rate({several[1]} {several[2]}s)'" if several else ""


def convert(text: str) -> Schedule:
    """Return EventBridge's expression for a schedule; raises ScheduleError."""
    try:
        return _converted(text)
    except ScheduleError:
        probable = _probable(text)
        try:
            _converted(probable)
        except ScheduleError:
            probable = ""
        if not probable:
            raise
        raise ScheduleError(f"{text!r} is not a schedule", f"write {probable!r}") from None


def _converted(text: str) -> Schedule:
    if not text:
        raise ScheduleError("the schedule is empty")
    if _EXPRESSION.search(text):
        return Schedule(text)  # whatever else it contains, as in Copilot
    if text.startswith(("TZ=", "CRON_TZ=")):
        return _with_time_zone(text)
    if text.startswith(_EVERY):
        return Schedule(_rate(text.removeprefix(_EVERY)))
    if text.startswith("@"):
        if text not in _WORDS:
            known = ", ".join(_WORDS)
            raise ScheduleError(
                f"{text!r} is not a known schedule", f"use one of {known}, or @every 2h"
            )
        return Schedule(_WORDS[text])
    fields = _checked_fields(text)
    return _cron(fields, MONTH_DAY.name, WEEK_DAY.name)


def _probable(text: str) -> str:
    """Return the schedule that is probably meant by a string like one; else nothing."""
    said = " ".join(text.lower().split()).removeprefix("@")
    if said in _NEVER:
        return NONE
    if f"@{said}" in _WORDS or said in _SPOKEN_WORDS:
        return _SPOKEN_WORDS.get(said, f"@{said}")
    if _FUNCTION.fullmatch(text.strip()):
        name, _, rest = text.strip().partition("(")
        return f"{name.strip().lower()}({rest}"
    if spoken := _SPOKEN_DURATION.fullmatch(said):
        unit, count = spoken["unit"], int(spoken["count"] or "1")
        return f"@every {count * 24}h" if unit == "d" else f"@every {count}{unit}"
    return _EVERY + said.removeprefix("every ").replace(" ", "")


def _with_time_zone(text: str) -> Schedule:
    zone, _, rest = text.partition(" ")
    name = zone.partition("=")[2]
    if not _is_time_zone(name):
        raise ScheduleError(f"{name!r} is not a time zone", "write the times in UTC")
    if not rest.strip() or rest.strip().startswith("@"):
        raise ScheduleError(f"{zone!r} must be followed by five fields", "write the times in UTC")
    _checked_fields(rest)
    converted = _cron(text.split(), "", "")
    return Schedule(converted.expression)


def _is_time_zone(name: str) -> bool:
    """Return whether a time zone exists; without a database of time zones, any may."""
    import zoneinfo  # noqa: PLC0415 - slow to import, and few schedules need it

    if name in {"", "UTC", "Local"}:
        return True
    known = zoneinfo.available_timezones()
    return name in known or not known


def _rate(text: str) -> str:
    length = durations.parse(text)
    if length is None:
        raise ScheduleError(f"{text!r} is not a duration", durations.hint(text))
    if length % durations.MINUTE:
        raise ScheduleError(f"{text!r} is not a whole number of minutes", "round it to minutes")
    minutes = length // durations.MINUTE
    if minutes < 1:
        raise ScheduleError(f"{text!r} is less than a minute", "write '@every 1m' or more")
    return f"rate({minutes} {'minute' if minutes == 1 else 'minutes'})"


def _checked_fields(text: str) -> list[str]:
    fields = text.split()
    if len(fields) != len(CRONTAB):
        raise ScheduleError(
            f"{text!r} has {len(fields)} fields, not 5",
            "the fields are minute, hour, day of the month, month, day of the week",
        )
    for field, part in zip(CRONTAB, fields, strict=True):
        for choice in part.split(","):
            if choice:
                _check_choice(field, choice)
    return fields


def _check_choice(field: CronField, choice: str) -> None:
    values, *steps = choice.split("/")
    bounds = values.split("-")
    if len(steps) > 1 or (len(bounds) > 2 and bounds[0] not in {"*", "?"}):  # noqa: PLR2004 - low-high
        raise _out_of_range(field, choice)
    if bounds[0] in {"*", "?"}:
        low, high = field.low, field.high
    else:
        numbers = [_number(field, bound, choice) for bound in bounds]
        low, high = numbers[0], numbers[-1]
        if steps and len(bounds) == 1:
            high = field.high
    if steps and not _NUMBER.fullmatch(steps[0]):
        raise _out_of_range(field, choice)
    if steps and int(steps[0]) == 0:
        raise ScheduleError(f"the step in {choice!r} ({field.name}) is 0", "write a step from 1")
    if low < field.low or high > field.high or low > high:
        raise _out_of_range(field, choice)


def _number(field: CronField, text: str, choice: str) -> int:
    if (named := field.number(text)) is not None:
        return named
    if not _NUMBER.fullmatch(text):
        raise _out_of_range(field, choice)
    return int(text)


def _out_of_range(field: CronField, choice: str) -> ScheduleError:
    words = f" or {', '.join(field.names)}" if field.names else ""
    name = field.described()
    return ScheduleError(
        f"{choice!r} is not {name}",
        f"{name} is from {field.low} to {field.high}{words}, or an ascending range or list",
    )


def _cron(fields: list[str], month_day_name: str, week_day_name: str) -> Schedule:
    minute, hour, month_day, month, week_day, *more = fields
    any_month_day, any_week_day = _is_any(month_day), _is_any(week_day)
    warnings = []
    if any_month_day and month_day not in {"*", "?"} and month_day_name:
        warnings.append(_lost(month_day, month_day_name))
    if any_week_day and week_day not in {"*", "?"} and week_day_name:
        warnings.append(_lost(week_day, week_day_name))
    if not any_week_day and "/" in week_day and week_day_name:
        warnings.append(f"the step in {week_day!r} ({week_day_name}) is raised by one")
    if not any_month_day and not any_week_day:
        raise ScheduleError(
            f"both a day of the month ({month_day!r}) and a day of the week ({week_day!r}) are set",
            "write * for one of them: EventBridge accepts only one",
        )
    if any_month_day:
        month_day = "*" if any_week_day else "?"
    # EventBridge counts days of the week from 1, so each digit becomes the next one.
    week_day = "?" if any_week_day else week_day.translate(_DIGITS_TO_NEXT)
    parts = (minute, hour, month_day, month, week_day, *more, "*")
    return Schedule(f"cron({' '.join(parts)})", tuple(warnings))


def _is_any(field: str) -> bool:
    return "*" in field or "?" in field


def _lost(field: str, name: str) -> str:
    return f"{field!r} ({name}) becomes every day: write the days as a list or range"
