"""Runs whose outcomes are scripted: what tests say and see of them."""

import json
import re
from collections.abc import Callable
from typing import Any

from pipelines import Done, Place, on

Script = Callable[..., None]
"""Writes what the attempts of a job do."""

LOGS = ("--witness", "logs")


def runs(place: Place, job: str, *more: str) -> list[dict[str, Any]]:
    """Return the runs of a job as documents."""
    done = place.done("runs", *on(job), "-o", "json", *more)
    return [json.loads(line) for line in done.stdout.splitlines()]


def run_name(done: Done) -> str:
    """Return the name of the run that a command started or joined."""
    found = re.search(r"^(?:\S+: )?(?:started|joined) run (\S+)$", done.stderr, re.MULTILINE)
    assert found, done.stderr
    return found[1]
