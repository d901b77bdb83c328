"""What a run tells while it is at work: one record a thing, for whichever view shows it.

A record is a line for people and, where something can be followed from its beginning to its end,
the facts behind it. Plain data; touches nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from cjob.concurrency.pool import Cancelled
from cjob.document.records import dataclass
from cjob.reporting.findings import Finding

Phase = Literal["", "build", "push", "override", "deploy"]
State = Literal["", "running", "done", "failed", "stopped"]
Level = Literal["info", "warning", "waiting"]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Something that happened, or still goes on.

    `text` is the line for people. What can be followed has a `phase`, a `subject` (a container, a
    resource) and a `state`; a resource also its `type`, CloudFormation's `status`, and a `reason`.
    The level `waiting` says that nothing new happened, and of what it is waited for.
    """

    text: str
    level: Level = "info"
    job: str = ""
    env: str = ""
    phase: Phase = ""
    subject: str = ""
    state: State = ""
    type: str = ""
    status: str = ""
    reason: str = ""


Tell = Callable[[Progress], None]


def note(text: str) -> Progress:
    """Return a record that is a line for people, and no more."""
    return Progress(text=text)


def warning(text: str) -> Progress:
    """Return a line on something that may well be a mistake."""
    return Progress(text=f"warning: {text}", level="warning")


def found(finding: Finding) -> Iterator[Progress]:
    """Yield the lines about a finding: what it is, and what to do about it."""
    end = " (a deployment refuses this)" if finding.refused else ""
    yield warning(f"{finding}{end}")
    if finding.hint:
        yield note(f"hint: {finding.hint}")


class Part:
    """A piece of the work that says line by line how it goes on."""

    def __init__(self, tell: Tell, phase: Phase, subject: str) -> None:
        """Begin a piece of a phase: of `subject`."""
        self._tell = tell
        self._phase: Phase = phase
        self._subject = subject

    def line(self, text: str, state: State = "running") -> None:
        """Tell a line of it, and in which state it is."""
        text = f"{self._subject}: {text}"
        self._tell(Progress(text=text, phase=self._phase, subject=self._subject, state=state))


@contextmanager
def part(tell: Tell, phase: Phase, subject: str, doing: str) -> Iterator[Part]:
    """Tell of a piece of the work when it begins, and when it ends too soon.

    Its last line, with the state `done`, is told inside.
    """
    piece = Part(tell, phase, subject)
    piece.line(doing)
    try:
        yield piece
    except (Cancelled, KeyboardInterrupt):
        piece.line(f"{doing}: stopped", "stopped")
        raise
    except BaseException:
        piece.line(f"{doing}: failed", "failed")
        raise
