"""The events of a deployment: report them, and find how it ended and what failed first.

Touches nothing; an adapter reads the events.
"""

from collections.abc import Iterable, Iterator

from cjob.document.records import dataclass
from cjob.reporting.progress import Progress, Reporter, State

# CloudFormation's reasons for resources that it stopped because another one had failed.
PASSED_ON = {"resource creation cancelled", "resource update cancelled"}


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened to a resource; `own` if that is the job's stack itself.

    `stack` is empty for a resource of the job's stack. For one of another stack it is the path of
    the resource that represents that stack: a nested stack, or the env controller for the
    environment's. `stack_id` is the ARN of the resource's stack, `at` in seconds since 1970.
    """

    logical_id: str
    type: str
    status: str
    reason: str = ""
    own: bool = False
    stack: str = ""
    stack_id: str = ""
    at: float = 0

    @property
    def path(self) -> str:
        """The resource's logical id, after that of its stack if it is not in the job's."""
        return f"{self.stack}/{self.logical_id}" if self.stack else self.logical_id

    @property
    def line(self) -> str:
        """The event as a line for people."""
        reason = f" ({self.reason})" if self.reason else ""
        return f"{self.path}: {self.status.lower().replace('_', ' ')}{reason}"

    @property
    def in_progress(self) -> bool:
        """Whether the operation on the resource continues."""
        return self.status.endswith("IN_PROGRESS")

    @property
    def ends(self) -> bool:
        """Whether the operation on the job's stack ends with this event."""
        return self.own and not self.in_progress

    @property
    def failed(self) -> bool:
        """Whether the resource failed by itself, and not because another one did."""
        return self.status.endswith("_FAILED") and self.reason.casefold() not in PASSED_ON

    @property
    def starts_rollback(self) -> bool:
        """Whether the job's stack starts to roll back, for a reason that the event has."""
        return self.own and self.status.endswith("ROLLBACK_IN_PROGRESS") and bool(self.reason)

    @property
    def state(self) -> State:
        """The state of the resource now."""
        if self.in_progress:
            return "running"
        failed = self.status.endswith("_FAILED") or "ROLLBACK" in self.status
        return "failed" if failed else "done"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an operation ended: the stack's status, and the failures before, in order."""

    status: str
    failures: tuple[Event, ...] = ()

    @property
    def succeeded(self) -> bool:
        """Whether the stack is as it was asked for."""
        return self.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}

    @property
    def root(self) -> Event | None:
        """The failure that caused the others, or None.

        It is the first in the job's stack. If that resource represents another stack, it is the
        first failure there.
        """
        found: Event | None = None
        inside = ""
        while first := next((one for one in self.failures if one.stack == inside), None):
            found, inside = first, first.path
        return found


def follow(events: Iterator[Event | None], report: Reporter) -> Outcome:
    """Report events until the operation ends; return its outcome. None means no new event."""
    status = ""
    failures: list[Event] = []
    in_progress: dict[str, None] = {}
    for event in events:
        if event is None:
            if in_progress:
                report(_waiting(in_progress))
            continue
        report(_progress(event))
        if event.failed or event.starts_rollback:
            failures.append(event)
        if event.own:
            status = event.status
        elif event.in_progress:
            in_progress[event.path] = None
        else:
            in_progress.pop(event.path, None)
    return Outcome(status=status, failures=tuple(failures))


def _progress(event: Event) -> Progress:
    return Progress(
        text=event.line,
        phase="deploy",
        subject=event.path,
        state=event.state,
        type=event.type,
        status=event.status,
        reason=event.reason,
    )


def _waiting(in_progress: Iterable[str]) -> Progress:
    return Progress(
        text=f"still in progress: {', '.join(in_progress)}", level="waiting", phase="deploy"
    )
