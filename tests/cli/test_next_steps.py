"""What is printed after a deployment: commands to paste, and when the job runs next."""

from datetime import UTC, datetime

import pytest

from cjob.cli.output.next_steps import next_steps
from cjob.document.models import Deployment, Job, Release, Stack, Target

MOMENT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TARGET = Target(
    account_id="123456789012",
    region="cn-north-1",
    manager_role_arn="",
    execution_role_arn="",
    artifact_bucket="",
    artifact_key_arn="",
    environment_version="",
    service_discovery_endpoint="",
)


def deployed(status: str, *, changed: bool = True, schedule: str = "cron(0 9 * * ? *)") -> Release:
    """Return a document of a job that was deployed."""
    stack = Stack(name="acme-test-report", template="", parameters={"Schedule": schedule}, tags={})
    return Release(
        job=Job(app="acme", env="test", name="report"),
        target=TARGET,
        stack=stack,
        deployment=Deployment(stack_id="arn", status=status, changed=changed),
    )


def steps(release: Release) -> tuple[str, ...]:
    """Return the next steps for somebody whose clock shows UTC."""
    return next_steps(release, MOMENT, lambda time: time)


def test_the_next_steps_are_filled_in() -> None:
    """With the job's names and its next run."""
    assert steps(deployed("UPDATE_COMPLETE")) == (
        "to run it now: cjob run -n report -e test",
        "to see its last run: cjob logs -n report -e test",
        "next run: Sat 2026-11-21 09:00 UTC",
    )


def test_a_deployment_that_goes_on_has_the_command_for_its_result() -> None:
    """It has not ended, so the job is not there yet."""
    (line,) = steps(deployed("CREATE_IN_PROGRESS"))
    assert line == (
        "to see the result: aws cloudformation describe-stacks --region cn-north-1 "
        "--stack-name acme-test-report --query 'Stacks[0].StackStatus' --output text"
    )


def test_nothing_follows_from_a_deployment_that_changed_nothing() -> None:
    """Whoever deploys again and again is not told again and again."""
    assert steps(deployed("UPDATE_COMPLETE", changed=False)) == ()


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        ("none", "disabled: it never runs"),
        ("rate(2 hours)", "rate(2 hours), counted from when its rule was made"),
        ("cron(0 9 1 1 ? 2020)", "it never runs again, up to 2199"),
    ],
)
def test_a_job_without_a_known_next_run_says_why(schedule: str, told: str) -> None:
    """A schedule may be off, relative, or over."""
    assert steps(deployed("UPDATE_COMPLETE", schedule=schedule))[-1] == f"next run: {told}"
