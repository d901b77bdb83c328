"""A deployment ends with its own last event, even if another one has started since."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from cjob.aws.event_stream import EventStream
from cjob.aws.rate_limit import RateLimiter

STACK = "arn:aws:cloudformation:us-west-2:1:stack/demo-test-report/1"
STATUSES = (
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_IN_PROGRESS",
    "UPDATE_COMPLETE",
)


class Fast:
    """A CloudFormation in which two deployments ended between two polls."""

    def get_paginator(self, _name: str) -> "Fast":
        """Return what lists events."""
        return self

    def paginate(self, **_names: str) -> Iterator[dict[str, Any]]:
        """List them, the newest first."""
        began = datetime(2026, 1, 1, tzinfo=UTC)
        events = [
            {
                "EventId": status,
                "StackId": STACK,
                "PhysicalResourceId": STACK,
                "LogicalResourceId": "demo-test-report",
                "ResourceType": "AWS::CloudFormation::Stack",
                "ResourceStatus": status,
                "Timestamp": began + timedelta(seconds=number),
            }
            for number, status in enumerate(STATUSES)
        ]
        yield {"StackEvents": events[::-1]}


def test_the_end_of_somebody_elses_change_is_not_taken_for_ones_own() -> None:
    """Otherwise a deployment that was rolled back would be reported as successful."""
    limiter = RateLimiter(lambda _: None)
    stream = EventStream(Fast(), limiter, lambda _: None, STACK, past=())  # type: ignore[arg-type]
    told = [event.status for event in stream.events() if event is not None]
    assert told == ["UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"]
