"""Schedules as EventBridge understands them."""

import pytest

from cjob.manifest import schedule


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
        ("TZ=UTC 0 9 * * *", "cron(TZ=UTC 0 9 * ? * *)", "time zone"),
        ("at rate(5 minutes)", "at rate(5 minutes)", "refuse it: "),
        ("rate(0 potatoes)", "rate(0 potatoes)", "refuse it: "),
        ("rate(1 minutes)", "rate(1 minutes)", "needs the word 'minute' for 1 alone"),
        ("cron(61 25 * * ? *)", "cron(61 25 * * ? *)", "'25' is no hour"),
        ("cron(0 9 * * *)", "cron(0 9 * * *)", "no cron of six fields"),
        ("nonexistent", "nonexistent", "no rate and no cron"),
    ],
)
def test_what_gets_lost_is_said(text: str, expression: str, warning: str) -> None:
    """The conversion stays Copilot's, but nobody has to find out by waiting."""
    converted = schedule.convert(text)
    assert converted.expression == expression
    assert warning in " ".join(converted.warnings)


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
def test_what_is_no_schedule_is_refused_with_a_hint(text: str) -> None:
    """Each mistake names what is wrong and how it is written."""
    with pytest.raises(schedule.ScheduleError) as caught:
        schedule.convert(text)
    assert str(caught.value)
    assert caught.value.hint
