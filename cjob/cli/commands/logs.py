"""Run `cjob logs`."""

import argparse
import json
import sys
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from cjob.cli import run_choice, run_options
from cjob.diff.summary import next_run
from cjob.document.models import Job
from cjob.reporting.errors import DONE, InputError
from cjob.reporting.printable import one_line
from cjob.runs import output
from cjob.runs.model import Run, timestamp
from cjob.runs.output import Line, merged, sources

# How many runs are looked at for those until a time.
MOST = 1000


def run(args: argparse.Namespace) -> int:
    """Print the lines."""
    _check_options(args)
    operation = run_options.Operation(args, several=False)
    [job] = operation.jobs
    found = _chosen(args, operation, job)
    if not found:
        operation.console.info(_no_run_yet(args, operation, job), job)
        return DONE
    show = _Printer(args, _labelled(args, found))
    if args.follow:
        _follow(operation, job, found[-1], show)
    else:
        _check_sources(args, found)
        if not show.all(_lines(args, operation, found)) and not args.grep:
            run = f"run {found[-1].name}" if len(found) == 1 else f"each of {len(found)} runs"
            see = f"cjob runs -n {job.name} -e {job.env}"
            operation.console.info(f"{run} has an empty log; to see how it ended: {see}", job)
    return DONE


def _check_options(args: argparse.Namespace) -> None:
    """Raise InputError for options that contradict each other."""
    pairs = (
        (args.since and args.run, "--since", "--run", "name one run, or all runs since a time"),
        (args.since and args.follow, "--since", "--follow", "a single run is followed: pass --run"),
        (args.until and args.run, "--until", "--run", "name one run, or all runs of a time"),
        (args.until and args.follow, "--until", "--follow", "a single run is followed: pass --run"),
        (args.tail and args.follow, "--tail", "--follow", "a run is followed from its first line"),
        (
            args.state_machine and args.follow,
            "--state-machine",
            "--follow",
            "read the events once the run has ended",
        ),
    )
    for both, one, other, hint in pairs:
        if both:
            raise InputError(f"{one} cannot be combined with {other}", hint=hint)


def _check_sources(args: argparse.Namespace, runs: Sequence[Run]) -> None:
    """Raise InputError for a container or attempt that none of the runs has."""
    known = [source for run in runs for source in sources(run)]
    if not known:
        return
    where = f"run {runs[-1].name}" if len(runs) == 1 else "these runs"
    containers = sorted({source.container for source in known})
    for name in args.container:
        if name not in containers:
            raise InputError(
                f"no container {name!r} in {where}", hint=f"its containers: {', '.join(containers)}"
            )
    last = max(source.attempt for source in known)
    if args.attempt and args.attempt > last:
        raise InputError(f"no attempt {args.attempt} in {where}", hint=f"its last attempt: {last}")


def _chosen(args: argparse.Namespace, operation: run_options.Operation, job: Job) -> list[Run]:
    """Return the runs that are meant, oldest first; InputError if there is no such run."""
    executions = operation.executions
    if args.since or args.until:
        count = MOST if args.until else run_choice.SEARCHED
        found = executions.recent(job.name, count, args.since)[::-1]
        return [one for one in found if _is_in_time(one, args.until)]
    return run_choice.matching(args.run or run_choice.LAST, executions, job)[:1]


def _is_in_time(run: Run, until: datetime | None) -> bool:
    """Return whether a run started until a moment, if there is one."""
    return until is None or (run.started_at is not None and run.started_at <= until)


def _no_run_yet(args: argparse.Namespace, operation: run_options.Operation, job: Job) -> str:
    """Return a line that says so, and when it next runs."""
    if args.since or args.until:
        since = f" since {timestamp(args.since)}" if args.since else ""
        until = f" until {timestamp(args.until)}" if args.until else ""
        return f"job {job.name!r} has no runs{since}{until}"
    schedule = operation.executions.schedule(job.name)
    when = next_run(schedule.expression, datetime.now(UTC), datetime.astimezone)
    return f"job {job.name!r} has not run yet in {job.env!r}; next run: {when}"


def _labelled(args: argparse.Namespace, runs: Sequence[Run]) -> bool:
    """Return whether lines need the name of their container."""
    found = {one.container for run in runs for one in sources(run, args.container)}
    return len(found) > 1 or args.state_machine


def _lines(
    args: argparse.Namespace, operation: run_options.Operation, runs: Sequence[Run]
) -> Iterable[Line]:
    """Yield the lines of the runs, one run after the other, as they are read."""
    for one in runs:
        found = sources(one, args.container, args.attempt)
        streams = [operation.output.stream(source).new_lines() for source in found]
        if args.state_machine:
            streams.append(iter(operation.executions.events(one)))
        yield from merged(streams)


def _follow(operation: run_options.Operation, job: Job, followed: Run, show: "_Printer") -> None:
    begun = followed.started_at
    if begun is not None:
        operation.follower(job, show.line).follow(job.name, followed.name, begun)


class _Printer:
    """Writes lines in the form that was asked for."""

    def __init__(self, args: argparse.Namespace, labelled: bool) -> None:  # noqa: FBT001 - computed
        self._args = args
        self._labelled = labelled

    def all(self, lines: Iterable[Line]) -> int:
        """Write them, or only the last ones, and return how many were written."""
        wanted = (line for line in lines if self._is_wanted(line))
        count = 0
        most = None if self._args.tail is None else min(self._args.tail, sys.maxsize)
        for line in wanted if most is None else deque(wanted, most):
            self._write(line)
            count += 1
        return count

    def line(self, line: Line) -> None:
        """Write one, if it is wanted."""
        source, args = line.source, self._args
        if args.container and source.container not in args.container:
            return
        if args.attempt in (None, source.attempt) and self._is_wanted(line):
            self._write(line)

    def _is_wanted(self, line: Line) -> bool:
        return not self._args.grep or self._args.grep in line.message

    def _write(self, line: Line) -> None:
        if self._args.output == "json":
            run_options.write_line(json.dumps(output.to_json(line), separators=(",", ":")))
        elif self._args.output == "raw":
            run_options.write_line(line.message)
        else:
            run_options.write_line(self._text(line))

    def _text(self, line: Line) -> str:
        message = one_line(line.message)
        time = f"{timestamp(line.time)} " if self._args.timestamps else ""
        label = f"{line.source.container} | " if self._labelled else ""
        return f"{time}{label}{message}"
