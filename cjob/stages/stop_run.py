"""Stop a run: its execution, or if that is not allowed the task of each attempt, until it ends.

Step Functions starts a task again that was only stopped, as often as the job has retries. What is
asked and stopped is handed in, and so is how to wait.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar

from cjob.reporting.errors import ServiceError
from cjob.reporting.progress import Reporter, info
from cjob.runs.model import UNFINISHED, Attempt, Run
from cjob.stages.follow_run import Waiting, Witness

T = TypeVar("T")

# A container has two minutes at most between SIGTERM and SIGKILL.
STOPPING_S = 150.0


class Stops(Witness, Protocol):
    """Knows of runs, and stops them."""

    def stop(self, run: Run, reason: str) -> bool:
        """Stop the execution; return False if that is not allowed."""


class Tasks(Protocol):
    """Knows of tasks, and stops them."""

    def describe(self, arn: str) -> Attempt | None:
        """Return a task as it is now; None if it is not known."""

    def stop(self, arn: str, reason: str) -> None:
        """Stop a task."""


class Stopper:
    """Stops one run."""

    def __init__(self, runs: Stops, tasks: Tasks, report: Reporter, waiting: Waiting) -> None:
        """Take what stops runs and tasks."""
        self._runs = runs
        self._tasks = tasks
        self._report = report
        self._waiting = waiting

    def stop(self, run: Run, reason: str) -> Run:
        """Stop a run, wait until it has ended and its task has stopped, and return it."""
        by_task = not self._runs.stop(run, reason)
        if by_task:
            text = "you are not allowed to stop the run itself: its task and each retry are stopped"
            self._report(info(text))
        ended = self._until_ended(run, reason, by_task=by_task)
        last = ended.attempts[-1] if ended.attempts else None
        if last is None or not last.task_arn or last.status == "STOPPED":
            return ended
        task = self._until_stopped(last.task_arn)
        return ended if task is None else ended.with_last_attempt(task)

    def _until_ended(self, run: Run, reason: str, *, by_task: bool) -> Run:
        stopped: set[str] = set()
        look = 0
        while True:
            look_up = partial(self._runs.one, run.job, run.name, run.started_at)
            found = self._patiently(look_up) or run
            if found.status not in UNFINISHED:
                return found
            last = found.attempts[-1] if found.attempts else Attempt()
            arn = last.task_arn
            if by_task and arn and arn not in stopped and last.status != "STOPPED":
                self._patiently(partial(self._tasks.stop, arn, reason))
                stopped.add(arn)
                nth = f" of attempt {len(found.attempts)}" if len(found.attempts) > 1 else ""
                self._report(info(f"stopped task {last.task_id[:8]}{nth}"))
            self._waiting.pause(look)
            look += 1

    def _until_stopped(self, arn: str) -> Attempt | None:
        """Return the task once it has stopped, or as it is if that takes too long."""
        ends = time.monotonic() + STOPPING_S
        look = 0
        while True:
            task = self._patiently(partial(self._tasks.describe, arn))
            if task is None or task.status == "STOPPED" or time.monotonic() >= ends:
                return task
            self._waiting.pause(look)
            look += 1

    def _patiently(self, call: Callable[[], T]) -> T:
        """Return what a call returns; make it again after errors that may pass."""
        look = 0
        while True:
            try:
                found = call()
            except ServiceError as error:
                if not self._waiting.outlasts(error):
                    raise
                self._waiting.pause(look)
                look += 1
            else:
                self._waiting.answered()
                return found
