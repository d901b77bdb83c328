"""Runs as Step Functions lists them: name, status and times, and which of them to look into."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cjob.runs import names
from cjob.runs.model import FAILED, Run

_FOR_ID = re.compile(r"id-.+-[0-9a-f]{6}")


def run_of(listed: Mapping[str, Any], *, app: str, env: str, job: str) -> Run:
    """Return the run that an item of ListExecutions' answer describes.

    Only the name says who started it: cjob, if it has the form of cjob's names, else `other`.
    """
    name = str(listed["name"])
    is_own = names.moment(name) is not None or _FOR_ID.fullmatch(name) is not None
    return Run(
        app=app,
        env=env,
        job=job,
        name=name,
        execution_arn=str(listed["executionArn"]),
        status=listed["status"],
        trigger="cjob" if is_own else "other",
        started_at=listed["startDate"],
        stopped_at=listed.get("stopDate"),
        redriven=bool(listed.get("redriveCount")),
        evidence="states",
    )


def most_telling(runs: Sequence[Run], count: int) -> list[Run]:
    """Return those runs whose history says most: the newest, and the newest that failed.

    The runs are given newest first, and so are those returned, `count` of them at most.
    """
    return [run for run in runs if run is runs[0] or run.status in FAILED][:count]
