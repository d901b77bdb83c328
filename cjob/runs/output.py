"""Lines that containers wrote: where each is from, and in which order they are shown."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from cjob.runs.model import Run, timestamp


@dataclass(frozen=True, slots=True)
class Source:
    """A container of an attempt of a run; attempts are counted from 1."""

    job: str
    run: str
    attempt: int
    container: str
    task_id: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line, when it was written, and by whom."""

    source: Source
    time: datetime
    message: str


def sources(run: Run, containers: Iterable[str] = (), attempt: int | None = None) -> list[Source]:
    """Return the containers of a run's attempts that wrote, or may yet write, something.

    Only those that are named, if any are; only one attempt, if it is given.
    """
    wanted = frozenset(containers)
    return [
        Source(run.job, run.name, number, container.name, one.task_id)
        for number, one in enumerate(run.attempts, start=1)
        if one.task_arn and attempt in (None, number)
        for container in one.containers
        if not wanted or container.name in wanted
    ]


def merged(streams: Iterable[Iterable[Line]]) -> Iterator[Line]:
    """Yield the lines of several streams by time; within a stream their order is kept."""
    return heapq.merge(*streams, key=_time)


def _time(line: Line) -> datetime:
    return line.time


def to_json(line: Line) -> dict[str, object]:
    """Return the JSON form of a line."""
    source = line.source
    return {
        "time": timestamp(line.time),
        "job": source.job,
        "run": source.run,
        "attempt": source.attempt,
        "container": source.container,
        "task": source.task_id,
        "message": line.message,
    }
