"""What the tasks of a job do in the sandbox instead of running containers, if somebody said so.

A script is a file of the sandbox's folder that its server reads at each attempt: what every attempt
does, and what single ones do. See `server.executions`.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = "scripts"
OUTCOMES = ("EssentialContainerExited", "TaskFailedToStart", "UserInitiated", "SpotInterruption")
"""Stop codes of ECS that an attempt may end with."""


def write(folder: Path, family: str, outcome: Mapping[str, Any], attempt: int | None) -> None:
    """Set what each attempt of a task family does, or what one attempt does (from 1)."""
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
    """Let the containers of a task family run again; return whether there was a script."""
    path = folder / FOLDER / f"{family}.json"
    found = path.exists()
    path.unlink(missing_ok=True)
    return found
