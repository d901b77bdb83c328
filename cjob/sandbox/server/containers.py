"""Remove the containers that a sandbox started: `python -m server.containers FOLDER`.

It is for the time after a server's end. Only containers whose label names the folder are touched.
"""

import sys
from pathlib import Path

LABEL = "ministack.instance"


def owner(folder: Path) -> str:
    """Return what the label on the containers of a folder's sandbox says."""
    return f"cjob-sandbox:{folder}"


def remove(folder: Path) -> None:
    """End and remove all containers of the folder's sandbox, with their anonymous volumes."""
    import docker  # noqa: PLC0415 - it is in the sandbox's environment, not in cjob's

    client = docker.from_env(timeout=10)
    for container in client.containers.list(
        all=True, filters={"label": f"{LABEL}={owner(folder)}"}
    ):
        container.remove(force=True, v=True)


if __name__ == "__main__":
    remove(Path(sys.argv[1]))
