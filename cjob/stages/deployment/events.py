"""What a stack tells while it is at work, and what came of it.

Takes events of the stack and of those that change with it, tells each, gives the end and, of a
failure, its root. Touches nothing.
"""

from collections.abc import Iterable, Iterator

from cjob.document.records import dataclass
from cjob.reporting.progress import Progress, Reporter, State

# What CloudFormation says of resources that it stopped because another one had failed.
PASSED_ON = {"resource creation cancelled", "resource update cancelled"}


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened to a resource; `own` where it is the job's stack itself.

    `stack` is empty for a resource of that stack; for one of another stack it is the path of the
    resource that stands for this: a nested stack, or the env controller for the environment's.
    `stack_id` is the ARN of the stack that the resource is in, `at` is in seconds since 1970.
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
        """Name the resource, with the stack that it is in where that isn't the job's."""
        return f"{self.stack}/{self.logical_id}" if self.stack else self.logical_id

    @property
    def line(self) -> str:
        """Return the event as people read it."""
        reason = f" ({self.reason})" if self.reason else ""
        return f"{self.path}: {self.status.lower().replace('_', ' ')}{reason}"

    @property
    def in_progress(self) -> bool:
        """Return whether more is to come of what this begins."""
        return self.status.endswith("IN_PROGRESS")

    @property
    def ends(self) -> bool:
        """Return whether the job's stack has come to rest with this event."""
        return self.own and not self.in_progress

    @property
    def failed(self) -> bool:
        """Return whether it tells of a failure of its own, not of one that was passed on."""
        return self.status.endswith("_FAILED") and self.reason.casefold() not in PASSED_ON

    @property
    def starts_rollback(self) -> bool:
        """Return whether the job's stack gives up with this event, for a reason that it names."""
        return self.own and self.status.endswith("ROLLBACK_IN_PROGRESS") and bool(self.reason)

    @property
    def state(self) -> State:
        """Return how it stands with the resource now."""
        if self.in_progress:
            return "running"
        failed = self.status.endswith("_FAILED") or "ROLLBACK" in self.status
        return "failed" if failed else "done"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a stack came to rest: its status, and the failures on the way, in their order."""

    status: str
    failures: tuple[Event, ...] = ()

    @property
    def succeeded(self) -> bool:
        """Return whether the stack is what was asked for."""
        return self.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}

    @property
    def root(self) -> Event | None:
        """Return the failure that the others came from, None where there was none.

        It is the job's stack's first one. Where that resource stands for another stack, it only
        passes on what failed there first.
        """
        found: Event | None = None
        inside = ""
        while first := next((one for one in self.failures if one.stack == inside), None):
            found, inside = first, first.path
        return found


def follow(events: Iterator[Event | None], report: Reporter) -> Outcome:
    """Tell events until the job's stack rests; None stands for a look that found nothing new."""
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
        text=f"still at work: {', '.join(in_progress)}", level="waiting", phase="deploy"
    )
