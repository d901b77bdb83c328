"""What a run reports while it works: a record for each event, for whichever view shows it.

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
    """Something that happened, or is in progress.

    `text` is the line for people. What can be followed has a `phase`, a `subject` (a container, a
    resource) and a `state`; a resource also its `type`, CloudFormation's `status`, and a `reason`.
    The level `waiting` means that nothing new happened; the text says what is waited for.
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


Reporter = Callable[[Progress], None]


def info(text: str) -> Progress:
    """Return a record that is only a line for people."""
    return Progress(text=text)


def warning(text: str) -> Progress:
    """Return a line about a possible mistake."""
    return Progress(text=f"warning: {text}", level="warning")


def found(finding: Finding) -> Iterator[Progress]:
    """Yield the lines about a finding: what it is, and what to do about it."""
    end = " (a deployment refuses this)" if finding.refused else ""
    yield warning(f"{finding}{end}")
    if finding.hint:
        yield info(f"hint: {finding.hint}")


class Part:
    """A piece of work that reports line by line."""

    def __init__(self, report: Reporter, phase: Phase, subject: str) -> None:
        """Take the phase that the piece belongs to, and its subject."""
        self._report = report
        self._phase: Phase = phase
        self._subject = subject

    def line(self, text: str, state: State = "running") -> None:
        """Report a line, and the state that the piece is in now."""
        text = f"{self._subject}: {text}"
        self._report(Progress(text=text, phase=self._phase, subject=self._subject, state=state))


@contextmanager
def part(report: Reporter, phase: Phase, subject: str, doing: str) -> Iterator[Part]:
    """Report a piece of work when it begins, and if it fails or is stopped.

    The caller reports its last line, with the state `done`.
    """
    piece = Part(report, phase, subject)
    piece.line(doing)
    try:
        yield piece
    except (Cancelled, KeyboardInterrupt):
        piece.line(f"{doing}: stopped", "stopped")
        raise
    except BaseException:
        piece.line(f"{doing}: failed", "failed")
        raise
