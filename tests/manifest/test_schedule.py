"""Schedules as EventBridge understands them."""

from datetime import UTC, datetime

import pytest
from manifest_samples import MINIMAL, load

from cjob.manifest import schedule
from cjob.runs.occurrences import next_runs


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("@hourly", "cron(0 * * * ? *)"),
        ("@midnight", "cron(0 0 * * ? *)"),
        ("@weekly", "cron(0 0 ? * 1 *)"),
        ("@annually", "cron(0 0 1 1 ? *)"),
        ("@every 1m", "rate(1 minute)"),
        ("@every 1.5h", "rate(90 minutes)"),
        ("* * * * *", "cron(* * * * ? *)"),
        ("0 9 1 * *", "cron(0 9 1 * ? *)"),
        ("0 9 * * 1-5", "cron(0 9 ? * 2-6 *)"),
        ("0  9\t? * MON,3", "cron(0 9 ? * MON,4 *)"),
        ("*/5 1,2 * JAN-mar ?", "cron(*/5 1,2 * JAN-mar ? *)"),
        ("none", "none"),
        ("rate(5 minutes)", "rate(5 minutes)"),
        ("cron(0 9 * * ? *)", "cron(0 9 * * ? *)"),
    ],
)
def test_a_schedule_is_converted_without_a_warning(text: str, expression: str) -> None:
    """Words, times, five fields, and EventBridge's own expressions."""
    assert schedule.convert(text) == schedule.Schedule(expression)


@pytest.mark.parametrize(
    ("text", "expression", "warning"),
    [
        ("0 9 */2 * *", "cron(0 9 * * ? *)", "becomes every day"),
        ("0 9 * * */2", "cron(0 9 * * ? *)", "becomes every day"),
        ("0 9 * * 1-5/2", "cron(0 9 ? * 2-6/3 *)", "raised by one"),
    ],
)
def test_what_the_conversion_loses_has_a_warning(text: str, expression: str, warning: str) -> None:
    """The conversion stays Copilot's, with its losses."""
    converted = schedule.convert(text)
    assert converted.expression == expression
    assert warning in " ".join(converted.warnings)


@pytest.mark.parametrize(
    ("text", "expression", "reason"),
    [
        ("TZ=UTC 0 9 * * *", "cron(TZ=UTC 0 9 * ? * *)", "rules have no time zones"),
        ("at rate(5 minutes)", "at rate(5 minutes)", "neither a rate nor a cron expression"),
        ("rate(0 potatoes)", "rate(0 potatoes)", "neither a rate nor a cron expression"),
        ("rate(1 minutes)", "rate(1 minutes)", "must have 'minute' for 1"),
        ("cron(61 25 * * ? *)", "cron(61 25 * * ? *)", "'25' is not an hour"),
        ("cron(0 9 * * *)", "cron(0 9 * * *)", "a cron expression with six fields"),
        ("nonexistent", "nonexistent", "neither a rate nor a cron expression"),
        ("cron(*/60 * * * ? *)", "cron(*/60 * * * ? *)", "step in '*/60' (minute) is too long"),
        ("*/60 * * * *", "cron(*/60 * * * ? *)", "step in '*/60' (minute) is too long"),
        ("0 */24 * * *", "cron(0 */24 * * ? *)", "step in '*/24' (hour) is too long"),
        ("0 0-5/24 * * *", "cron(0 0-5/24 * * ? *)", "step in '0-5/24' (hour) is too long"),
        ("0 9 1/32 * *", "cron(0 9 1/32 * ? *)", "step in '1/32' (day of the month)"),
        ("0 9 * */13 *", "cron(0 9 * */13 ? *)", "step in '*/13' (month) is too long"),
        ("cron(0 9 ? * 1/8 *)", "cron(0 9 ? * 1/8 *)", "step in '1/8' (day of the week)"),
    ],
)
def test_what_eventbridge_rejects_renders_with_a_finding(
    text: str, expression: str, reason: str
) -> None:
    """As Copilot renders it; and no fire times are printed for it."""
    (found,) = load(MINIMAL.replace("@daily", text)).findings
    assert (found.place, found.refused) == ("m.yml:6:13", True)
    assert reason in found.message
    assert schedule.convert(text).expression == expression
    assert next_runs(expression, datetime(2026, 1, 1, tzinfo=UTC)).times == ()


@pytest.mark.parametrize("text", ["*/59 */23 */31 */12 *", "cron(*/59 */23 ? */12 */7 2030/200)"])
def test_the_longest_steps_are_accepted(text: str) -> None:
    """EventBridge accepts a step up to the field's largest number."""
    assert schedule.problem(schedule.convert(text).expression) is None


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("None", "'none'"),
        ("off", "'none'"),
        ("1h30m", "'@every 1h30m'"),
        ("every 2 hours", "'@every 2h'"),
        ("@every 2 hours", "'@every 2h'"),
        ("every 30 minutes", "'@every 30m'"),
        ("15 min", "'@every 15m'"),
        ("every hour", "'@hourly'"),
        ("every 1 day", "'@every 24h'"),
        ("@every 1d", "'@every 24h'"),
        ("Daily", "'@daily'"),
        ("@Weekly", "'@weekly'"),
        ("Cron(0 9 * * ? *)", "'cron(0 9 * * ? *)'"),
        ("RATE(5 minutes)", "'rate(5 minutes)'"),
        ("cron (0 9 * * ? *)", "'cron(0 9 * * ? *)'"),
        ("TZ=Nowhere/Nope 0 9 * * *", "the times in UTC"),
    ],
)
def test_the_hint_is_what_is_probably_meant(text: str, hint: str) -> None:
    """It can be pasted."""
    with pytest.raises(schedule.ScheduleError) as caught:
        schedule.convert(text)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@Daily",
        "@daily ",
        "@reboot",
        "@every",
        "@every 90s",
        "@every 59s",
        "@every -1h",
        "@every 1d",
        "RATE(5 minutes)",
        "None",
        "0 9 * *",
        "0 0 9 * * *",
        "60 * * * *",
        "-1 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * FOO *",
        "* * * * 7",
        "* * * * 5-1",
        "*/0 * * * *",
        "*/x * * * *",
        "1/2/3 * * * *",
        "1-2-3 * * * *",
        "0 9 L * *",
        "0 9 1 * 1",
        "TZ=UTC",
        "TZ=UTC @daily",
    ],
)
def test_what_is_not_a_schedule_is_rejected_with_a_hint(text: str) -> None:
    """Each message has the reason and the right form."""
    with pytest.raises(schedule.ScheduleError) as caught:
        schedule.convert(text)
    assert str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("0 25 * * *", "'25' is not an hour", "an hour is from 0 to 23"),
        ("0 9 32 * *", "'32' is not a day of the month", "a day of the month is from 1 to 31"),
    ],
)
def test_a_number_out_of_range_is_quoted(text: str, message: str, hint: str) -> None:
    """The hint has the range."""
    with pytest.raises(schedule.ScheduleError) as caught:
        schedule.convert(text)
    assert str(caught.value) == message
    assert caught.value.hint.startswith(hint)
