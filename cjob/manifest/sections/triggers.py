"""`on`, `timeout` and `retries`: when the job runs, for how long, and how often it is retried."""

from typing import NamedTuple

from cjob.manifest import durations, schedule
from cjob.manifest.field_types import INTEGER, STRING, Field, Fields
from cjob.manifest.report import Report, quoted
from cjob.manifest.tree import Section, Unreadable


class Trigger(NamedTuple):
    """When runs start: an EventBridge expression or `none`; `timeout` is in seconds."""

    schedule: str
    timeout: int | None = None
    retries: int = 0


_ON = Fields(
    "on",
    {
        "schedule": Field(
            STRING,
            "A cron expression, a word such as @daily, @every 2h, rate(…), or none.",
            {
                "type": "string",
                "minLength": 1,
                "examples": ["@daily", "@every 2h", "0 9 * * MON-FRI", "rate(5 minutes)", "none"],
            },
        )
    },
)

FIELDS = {
    "on": Field(_ON, "When the job starts."),
    "timeout": Field(
        STRING,
        "How long a run may take, in whole seconds: 90s, 10m, 1h30m.",
        {"type": ["string", "null"], "examples": ["30m", "1h30m"]},
    ),
    "retries": Field(
        INTEGER,
        "How often a failed run is retried.",
        {"type": ["number", "null"], "minimum": 0},
    ),
}


def schedule_can_be_converted(job: Section, report: Report) -> None:
    """Check that EventBridge can express the schedule."""
    trigger = job.section("on")
    text = trigger.string("schedule")
    if isinstance(job.get("on"), Unreadable) or isinstance(trigger.get("schedule"), Unreadable):
        return
    node = trigger.node_at("schedule") if trigger.fields else job.node_at("on")
    if text is None:
        hint = f"write 'schedule:' below 'on:', {schedule.EXAMPLES}"
        report.error(node, "'on.schedule' is missing", hint)
        return
    try:
        converted = schedule.convert(text)
        problem = schedule.problem(converted.expression)
        for warning in () if problem else converted.warnings:
            report.warn(node, warning)
        report.find(node, problem)
    except schedule.ScheduleError as error:
        report.error(node, f"on.schedule: {error}", error.hint)


def timeout_is_whole_seconds(job: Section, report: Report) -> None:
    """Check that the timeout is a whole number of seconds, as Step Functions counts them."""
    text = job.string("timeout")
    if not text:
        return
    length = durations.parse(text)
    node = job.node_at("timeout")
    if length is None:
        message = f"timeout: {quoted(text)} is not a duration"
        report.error(node, message, durations.hint(text))
    elif length < durations.SECOND:
        report.error(node, f"timeout: {quoted(text)} is less than a second", "write 1s or more")
    elif length % durations.SECOND:
        message = f"timeout: {quoted(text)} is not a whole number of seconds"
        report.error(node, message, "round it to seconds")


def retries_are_not_negative(job: Section, report: Report) -> None:
    """Check that the number of retries is not negative."""
    retries = job.integer("retries")
    if retries is not None and retries < 0:
        report.error(job.node_at("retries"), f"retries: {retries} is negative", "write 0 or more")


RULES = (schedule_can_be_converted, timeout_is_whole_seconds, retries_are_not_negative)


def trigger(job: Section) -> Trigger:
    """Return the schedule, converted for EventBridge, with the timeout and the retries."""
    timeout = durations.parse(job.string("timeout") or "")
    return Trigger(
        schedule=schedule.convert(job.section("on").string("schedule") or "").expression,
        timeout=timeout // durations.SECOND if timeout else None,
        retries=job.integer("retries") or 0,
    )
