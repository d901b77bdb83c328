"""Following a run through errors that pass, and through those that do not."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from cjob.reporting.errors import ServiceError
from cjob.reporting.progress import Progress
from cjob.runs.model import Attempt, Container, Run
from cjob.runs.output import Line, Source
from cjob.stages.follow_run import Follower
from cjob.stages.stop_run import Stopper

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
TASK = "arn:aws:ecs:eu-west-1:123456789012:task/cluster/{}"


def made(status: str, *tasks: str) -> Run:
    """Return a run with a task for each status of one."""
    attempts = tuple(
        Attempt(task_arn=TASK.format(number), status=one, containers=(Container(name="report"),))
        for number, one in enumerate(tasks, start=1)
    )
    return Run(
        app="acme",
        env="prod",
        job="report",
        name="r",
        status=status,  # type: ignore[arg-type] # one of its words
        started_at=NOW,
        attempts=attempts,
        evidence="logs",
    )


class Waits:
    """Waits for nothing, and outlasts so many errors."""

    def __init__(self, outlasted: int = 0) -> None:
        """Take how many."""
        self.outlasted = outlasted
        self.pauses = 0

    def pause(self, look: int) -> None:
        """Count the pauses."""
        assert look >= 0
        self.pauses += 1

    def outlasts(self, error: ServiceError) -> bool:
        """Return whether there were fewer errors than that."""
        assert error.message
        self.outlasted -= 1
        return self.outlasted >= 0

    def answered(self) -> None:
        """Nothing changes."""


class Looks:
    """A run as each look finds it; an error is raised. Stopping a task is recorded."""

    def __init__(self, *found: Run | ServiceError | None, stops: bool = False) -> None:
        """Take what the looks find; the last one is found from then on."""
        self._found = list(found)
        self._stops = stops
        self.stopped: list[str] = []

    def one(self, job: str, name: str, after: datetime | None = None) -> Run | None:
        """Return what the next look finds."""
        assert (job, name, after) == ("report", "r", NOW)
        found = self._found.pop(0) if len(self._found) > 1 else self._found[0]
        if isinstance(found, ServiceError):
            raise found
        return found

    def stop(self, _what: Run | str, reason: str) -> bool:
        """Record the task that was stopped; say whether a run may be."""
        assert reason
        if isinstance(_what, str):
            self.stopped.append(_what)
        return self._stops

    def describe(self, arn: str) -> Attempt | None:
        """Return a task that has stopped."""
        return Attempt(task_arn=arn, status="STOPPED")


class Tasks:
    """Stops tasks through the looks."""

    def __init__(self, looks: Looks) -> None:
        """Take what records it."""
        self._looks = looks

    def describe(self, arn: str) -> Attempt | None:
        """Return a task that has stopped."""
        return self._looks.describe(arn)

    def stop(self, arn: str, reason: str) -> None:
        """Record it."""
        self._looks.stop(arn, reason)


class Log:
    """A container's stream."""

    def __init__(self, source: Source) -> None:
        """Begin with two lines, and an error between them."""
        self._source = source
        self._unread: list[str | ServiceError] = ["one", ServiceError("throttled"), "two"]

    def new_lines(self, *, to_end: bool = True) -> Iterator[Line]:
        """Yield the lines; a line counts as read once the next one is asked for."""
        assert to_end in (True, False)
        while self._unread:
            first = self._unread[0]
            if isinstance(first, ServiceError):
                self._unread.pop(0)
                raise first
            yield Line(self._source, NOW, first)
            self._unread.pop(0)


def follow(looks: Looks, waits: Waits) -> tuple[Run | None, list[str], list[str]]:
    """Follow a run; return it with the lines and the reports."""
    lines: list[str] = []
    reports: list[str] = []

    def report(record: Progress) -> None:
        reports.append(record.text)

    follower = Follower(looks, Log, report, lambda line: lines.append(line.message), waits)
    return follower.follow("report", "r", NOW), lines, reports


def test_errors_that_pass_lose_no_line_and_repeat_none() -> None:
    """Neither those of a look nor those between two lines of a stream."""
    passing = ServiceError("AWS did not answer")
    looks = Looks(None, passing, made("RUNNING", "RUNNING"), made("SUCCEEDED", "STOPPED"))
    run, lines, reports = follow(looks, Waits(outlasted=2))
    assert run is not None
    assert run.status == "SUCCEEDED"
    assert lines == ["one", "two"]
    assert reports == ["task 1: running", "task 1: stopped"]


def test_an_error_that_stays_is_raised() -> None:
    """The run continues, which the caller says."""
    with pytest.raises(ServiceError, match="denied"):
        follow(Looks(made("RUNNING"), ServiceError("denied")), Waits())


def test_each_attempt_is_stopped_once_if_the_run_may_not_be() -> None:
    """Until Step Functions starts no more of them; errors that pass are outlasted."""
    looks = Looks(
        made("RUNNING"),
        made("RUNNING", "RUNNING"),
        ServiceError("AWS did not answer"),
        made("RUNNING", "RUNNING"),
        made("RUNNING", "STOPPED"),
        made("RUNNING", "STOPPED", "PENDING"),
        made("FAILED", "STOPPED", "DEPROVISIONING"),
    )
    reports: list[str] = []
    stopper = Stopper(looks, Tasks(looks), lambda r: reports.append(r.text), Waits(outlasted=1))
    ended = stopper.stop(made("RUNNING"), "anna")
    assert looks.stopped == [TASK.format(1), TASK.format(2)]
    assert (ended.status, ended.attempts[-1].status) == ("FAILED", "STOPPED")
    assert reports[1:] == ["stopped task 1", "stopped task 2 of attempt 2"]


def test_no_task_is_stopped_if_the_run_is() -> None:
    """Step Functions stops it; the stop waits until it has stopped."""
    looks = Looks(made("RUNNING", "RUNNING"), made("ABORTED", "RUNNING"), stops=True)
    stopper = Stopper(looks, Tasks(looks), lambda _: None, Waits())
    ended = stopper.stop(made("RUNNING"), "anna")
    assert looks.stopped == []
    assert (ended.status, ended.attempts[-1].status) == ("ABORTED", "STOPPED")
