"""Runs whose outcomes are scripted: what tests say and see of them."""

import json
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipelines import Done, Place, name, on

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_logs.type_defs import InputLogEventTypeDef

Script = Callable[..., None]
"""Writes what the attempts of a job do."""

LOGS = ("--witness", "logs")

# PutLogEvents takes no more lines in a call.
BATCH = 10_000
FILLER = "x" * 60


def runs(place: Place, job: str, *more: str) -> list[dict[str, Any]]:
    """Return the runs of a job as documents."""
    done = place.done("runs", *on(job), "-o", "json", *more)
    return [json.loads(line) for line in done.stdout.splitlines()]


def run_name(done: Done) -> str:
    """Return the name of the run that a command started or joined."""
    found = re.search(r"^(?:\S+: )?(?:started|joined) run (\S+)$", done.stderr, re.MULTILINE)
    assert found, done.stderr
    return found[1]


def add_lines(place: Place, job: str, count: int) -> None:
    """Add so many lines to the log of the job's last run, as its container would write them."""
    session: boto3.Session = place.sandbox.session()
    client = session.client("logs", endpoint_url=place.sandbox.endpoint)
    group = f"/copilot/{name(job)}"
    [run] = runs(place, job, "--last", "1", "--attempts")
    task = run["attempts"][-1]["taskArn"].rpartition("/")[2]
    now = int(time.time() * 1000)
    for begin in range(0, count, BATCH):
        events: list[InputLogEventTypeDef] = [
            {"timestamp": now + number, "message": f"{number:07} {FILLER}"}
            for number in range(begin, min(begin + BATCH, count))
        ]
        stream = f"copilot/{job}/{task}"
        client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
