"""When a job starts, how often it is tried, how long it may take: checks, and what becomes of it.

Takes merged trees, gives the texts and numbers of the model's Job. Touches nothing.
"""

from cjob.manifest import durations, schedule
from cjob.manifest.report import Report, quoted
from cjob.manifest.tree import Section, Unreadable


def schedule_can_be_kept(job: Section, report: Report) -> None:
    """Require a schedule that EventBridge has a form for."""
    trigger = job.section("on")
    text = trigger.text("schedule")
    if isinstance(job.at("on"), Unreadable) or isinstance(trigger.at("schedule"), Unreadable):
        return
    node = trigger.node_at("schedule") if trigger.fields else job.node_at("on")
    if text is None:
        hint = f"write 'schedule:' below 'on:', {schedule.EXAMPLES}"
        report.fault(node, "there is no 'on.schedule'", hint)
        return
    try:
        converted = schedule.convert(text)
        refused = schedule.problem(converted.expression)
        for warning in () if refused else converted.warnings:
            report.warn(node, warning)
        report.find(node, refused)
    except schedule.ScheduleError as error:
        report.fault(node, f"'on.schedule' can't be used: {error}", error.hint)


def timeout_is_whole_seconds(job: Section, report: Report) -> None:
    """Require a timeout that Step Functions can count."""
    text = job.text("timeout")
    if not text:
        return
    length = durations.nanoseconds(text)
    node = job.node_at("timeout")
    if length is None:
        message = f"'timeout' is {quoted(text)}, which is no length of time"
        report.fault(node, message, f"write {durations.FORM}")
    elif length < durations.SECOND:
        report.fault(node, f"'timeout' is {quoted(text)}, less than a second", "write 1s or more")
    elif length % durations.SECOND:
        message = f"'timeout' is {quoted(text)}, not a whole number of seconds"
        report.fault(node, message, "round it to seconds")


def retries_are_not_negative(job: Section, report: Report) -> None:
    """Require a number of retries from 0."""
    retries = job.number("retries")
    if retries is not None and retries < 0:
        report.fault(job.node_at("retries"), f"'retries' is {retries}", "write 0 or more")


def expression(job: Section) -> str:
    """Return the schedule as EventBridge's expression, or `none`."""
    return schedule.convert(job.section("on").text("schedule") or "").expression


def timeout(job: Section) -> int | None:
    """Return the timeout in seconds."""
    length = durations.nanoseconds(job.text("timeout") or "")
    return length // durations.SECOND if length else None
