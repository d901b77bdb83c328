"""Which run of a job is meant: by name, or by what it is."""

from cjob.aws.executions import Executions
from cjob.document.models import Job
from cjob.reporting.errors import InputError
from cjob.runs.model import FAILED, UNFINISHED, Run

# How many runs are searched for the one that is meant by a word.
SEARCHED = 100

LAST, LAST_FAILED, RUNNING = "last", "last-failed", "running"


def matching(which: str, executions: Executions, job: Job) -> list[Run]:
    """Return the runs that are meant, newest first: one of a name or number, all of a word.

    None if the job has not run yet. Raise InputError if it has, but no run is meant.
    """
    number = 1 if which == LAST else nth_last(which)
    if number:
        return _nth(number, which, executions, job)
    if which in (LAST_FAILED, RUNNING):
        return _by_status(which, executions, job)
    found = executions.one(job.name, which)
    if found is None:
        raise InputError(
            f"job {job.name!r} has no run {which!r}, or its log is no longer kept",
            hint=_hint(job),
        )
    return [found]


def is_name(which: str) -> bool:
    """Return whether a run is named, and not described."""
    return which not in (LAST, LAST_FAILED, RUNNING) and not nth_last(which)


def nth_last(which: str) -> int:
    """Return the number in `-2` and the like, which counts from the last run; 0 for all else."""
    return int(which[1:]) if which[:1] == "-" and which[1:].isdecimal() else 0


def _nth(number: int, which: str, executions: Executions, job: Job) -> list[Run]:
    found = executions.recent(job.name, number)
    if 0 < len(found) < number:
        raise InputError(
            f"job {job.name!r} has no run {which}, only {len(found)} altogether", hint=_hint(job)
        )
    return list(found[number - 1 : number])


def _by_status(which: str, executions: Executions, job: Job) -> list[Run]:
    wanted = FAILED if which == LAST_FAILED else UNFINISHED
    found = executions.recent(job.name, SEARCHED)
    meant = [one for one in found if one.status in wanted]
    if found and not meant:
        what = "failed" if which == LAST_FAILED else "is running"
        raise InputError(
            f"no run of job {job.name!r} {what}, of the last {len(found)}", hint=_hint(job)
        )
    return meant


def _hint(job: Job) -> str:
    return f"see which there are: cjob runs -n {job.name} -e {job.env}"
