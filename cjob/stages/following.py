"""What a stack tells while it is at work, and what came of it.

Takes events, reports each, gives the end; touches nothing.
"""

from collections.abc import Callable, Iterator

from cjob.errors import DeploymentError
from cjob.plain import dataclass

Report = Callable[[str], None]

# What CloudFormation says of resources that it stopped because another one had failed.
PASSED_ON = {"resource creation cancelled", "resource update cancelled"}


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened to a resource; `own` where it is the stack itself."""

    logical_id: str
    type: str
    status: str
    reason: str = ""
    own: bool = False

    @property
    def line(self) -> str:
        """Give the event as people read it."""
        reason = f" ({self.reason})" if self.reason else ""
        return f"{self.logical_id}: {self.status.lower().replace('_', ' ')}{reason}"

    @property
    def ends(self) -> bool:
        """Say whether the stack has come to rest with this event."""
        return self.own and not self.status.endswith("IN_PROGRESS")

    @property
    def failed(self) -> bool:
        """Say whether it tells of a failure of its own, not of one that was passed on."""
        return self.status.endswith("_FAILED") and self.reason.casefold() not in PASSED_ON

    @property
    def turns_back(self) -> bool:
        """Say whether the stack gives up with this event, for a reason that it names."""
        return self.own and self.status.endswith("ROLLBACK_IN_PROGRESS") and bool(self.reason)


def outcome(events: Iterator[Event], report: Report) -> str:
    """Report events until the stack rests; DeploymentError with the first cause if it failed."""
    cause = ""
    status = ""
    for event in events:
        report(event.line)
        if not cause and (event.failed or event.turns_back):
            cause = f"{event.logical_id}: {event.reason or event.status}"
        status = event.status
    if status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        return status
    raise DeploymentError(
        f"the stack ended with status {status}; first failure: {cause or 'no reason was given'}",
        hint="put the cause right and deploy again",
    )


def last(events: Iterator[Event], report: Report) -> str:
    """Report events until the stack rests; give the status that it rests in."""
    status = ""
    for event in events:
        report(event.line)
        status = event.status
    return status
