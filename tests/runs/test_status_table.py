"""The status of jobs as a table for people."""

from datetime import timedelta

import pytest
from status_samples import DAILY, DIGEST, IMAGE, NOW, assessed, daily, run, stack

from cjob.runs import listing, status_table, status_words
from cjob.runs.model import Run


def test_each_job_is_a_line() -> None:
    """The runs are oldest first, and a stack's status is shown if it is not complete."""
    statuses = [
        assessed(stack(days=3.6), daily("FAILED", "SUCCEEDED", "TIMED_OUT"), "report"),
        assessed(stack("none", "UPDATE_FAILED"), [run(0.1, "RUNNING", seconds=None)], "big"),
        assessed(stack("rate(1 hour)", days=0.01), (), "hourly"),
        assessed(None, (), "search"),
    ]
    rows = [line.split("  ") for line in status_table.table(statuses, NOW).splitlines()]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    image = "acme/report@1a2b3c4"
    assert cells == [
        ["JOB", "DEPLOYED", "IMAGE", "SCHEDULE", "NEXT (UTC)", "LAST RUN", "RUNS", "PROBLEMS"],
        [
            *("report", "3d ago", image, DAILY, "2026-11-28 09:00", "failed 13h ago (3)"),
            "\N{EN DASH}✘✔✘",
            "the last run failed: ended with status 3; a run was missed, at 2026-11-24 09:00 UTC",
        ],
        [
            *("big", "UPDATE_FAILED 20d ago", image, "none", "-", "running for 6m", "●"),
            "the stack is in UPDATE_FAILED",
        ],
        ["hourly", "14m ago", image, "rate(1 hour)", "within 1h00m", "-", "-", "-"],
        ["search", "-", "-", "-", "-", "-", "-", "not deployed"],
    ]


def test_signs_are_coloured_on_a_terminal() -> None:
    """Nothing else is."""
    text = status_table.painted("report  ✔✘\N{EN DASH}●\n")
    assert text == ("report  \x1b[32m✔\x1b[0m\x1b[31m✘\x1b[0m\x1b[33m\N{EN DASH}\x1b[0m●\n")


@pytest.mark.parametrize(
    ("image", "shown"),
    [
        (IMAGE, "acme/report@1a2b3c4"),
        (f"busybox@{DIGEST}", "busybox@1a2b3c4"),
        ("public.ecr.aws/docker/library/busybox:stable",) * 2,
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/acme/report:v1", "acme/report:v1"),
        ("example.com/a@sha256:short",) * 2,
        ("",) * 2,
    ],
)
def test_an_image_is_named_without_its_ecr_registry(image: str, shown: str) -> None:
    """And by the beginning of its digest."""
    assert status_words.short_image(image) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-5, "0s"), (59, "59s"), (60, "1m"), (3599, "59m"), (7200, "2h"), (86_399, "23h")],
)
def test_an_age_is_in_its_largest_unit(seconds: int, shown: str) -> None:
    """A clock that is behind makes no negative age."""
    assert status_words.age(NOW - timedelta(seconds=seconds), NOW) == shown


def listed(name: str, state: str = "SUCCEEDED") -> Run:
    """Return a run as Step Functions lists it."""
    answer = {
        "name": name,
        "executionArn": f"arn:aws:states:eu-west-1:123456789012:execution:acme-prod-report:{name}",
        "status": state,
        "startDate": NOW,
    }
    return listing.run_of(answer, app="acme", env="prod", job="report")


@pytest.mark.parametrize(
    ("name", "trigger"),
    [
        ("cjob-anna-20261127T090012Z-5f3a", "cjob"),
        ("id-nightly-0a1b2c", "cjob"),
        ("0b8a7c1e-2f5d-4a56-9f3b-0d6f0b7f6a11_7c1e2f5d-0b8a-4a56-9f3b-0d6f0b7f6a11", "other"),
        ("0b8a7c1e-2f5d-4a56-9f3b-0d6f0b7f6a11", "other"),
    ],
)
def test_a_name_tells_whether_cjob_started_a_run(name: str, trigger: str) -> None:
    """Anything else may be the schedule, or another tool."""
    assert listed(name).trigger == trigger


def test_the_newest_and_failed_runs_tell_most() -> None:
    """So their histories are read, and no more than wanted."""
    states = ("SUCCEEDED", "FAILED", "SUCCEEDED", "TIMED_OUT", "ABORTED")
    runs = [listed(str(number), state) for number, state in enumerate(states)]
    assert [run.name for run in listing.most_telling(runs, 3)] == ["0", "1", "3"]
    assert listing.most_telling([], 3) == []
