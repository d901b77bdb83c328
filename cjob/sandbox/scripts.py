"""Scripts for a job's tasks in the sandbox, which replace running its containers.

A script is a file in the sandbox's folder that the server reads at each attempt: what every attempt
does, and what single attempts do. See `server.executions`.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = "scripts"
OUTCOMES = ("EssentialContainerExited", "TaskFailedToStart", "UserInitiated", "SpotInterruption")
"""Stop codes of ECS with which an attempt can end."""


def write(folder: Path, family: str, outcome: Mapping[str, Any], attempt: int | None) -> None:
    """Write what each attempt of a task family does, or what one attempt does (from 1)."""
    path = folder / FOLDER / f"{family}.json"
    path.parent.mkdir(exist_ok=True)
    script: dict[str, Any] = {"every": {}, "attempts": {}}
    if attempt is not None and path.exists():
        script = json.loads(path.read_text())
    if attempt is None:
        script["every"] = dict(outcome)
    else:
        script["attempts"][str(attempt)] = dict(outcome)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(script))
    fresh.replace(path)  # the server may read it at any moment


def remove(folder: Path, family: str) -> bool:
    """Remove a task family's script, so that its containers run; return whether there was one."""
    path = folder / FOLDER / f"{family}.json"
    found = path.exists()
    path.unlink(missing_ok=True)
    return found
