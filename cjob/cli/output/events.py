"""Messages for programs that read stderr: JSON events, and annotations of GitHub Actions.

Takes messages with their place, returns lines. Reads the environment and the clock, and looks which
file a place is in, since GitHub wants paths relative to the repository.
"""

import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime

# A file has a folder or a suffix; "stdin:1:2" and "the deployed template of x:1:2" are no files.
PLACE = re.compile(
    r"(?P<path>(?=[^:]*[./])[^:\n]+):(?P<line>[0-9]+)(?::(?P<column>[0-9]+))?(?=:|$)"
)
ANNOTATED = ("error", "warning")


def event(level: str, message: str, place: str = "", **facts: object) -> str:
    """Return a JSON object on a line: time, level, message, where, and whatever else is known."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    where: dict[str, object] = {
        name: value if name == "path" else int(value) for name, value in located(place).items()
    }
    return json.dumps({"time": now, "level": level, "message": message, **where, **facts})


def annotation(level: str, message: str, place: str = "", directory: str = ".") -> str:
    """Return a workflow command of GitHub Actions, which marks the place in a pull request."""
    where = {("col" if k == "column" else k): v for k, v in located(place).items()}
    if "path" in where:
        where = {"file": _in_repository(where.pop("path"), directory), **where}
    properties = ",".join(f"{name}={_property(value)}" for name, value in where.items())
    return f"::{level}{' ' + properties if properties else ''}::{_data(message)}"


def plain(line: str) -> str:
    """Return a line that GitHub Actions takes for no command, whoever wrote it."""
    line = line.replace("##[", "# #[")
    return f"| {line}" if line.lstrip().startswith("::") else line


def located(place: str) -> Mapping[str, str]:
    """Return path, line and column of what a place or a message begins with, as far as known."""
    found = PLACE.match(place.removeprefix("warning: "))
    return {k: v for k, v in found.groupdict().items() if v} if found else {}


def _in_repository(path: str, directory: str) -> str:
    """Return a path of the workspace relative to the repository that was checked out."""
    folder = os.path.abspath(directory)  # noqa: PTH100 - pathlib is a start-up tax
    root = os.environ.get("GITHUB_WORKSPACE") or os.getcwd()  # noqa: PTH109
    while not os.path.exists(os.path.join(folder, path)):  # noqa: PTH110, PTH118
        folder, below = os.path.dirname(folder), folder  # noqa: PTH120
        if folder == below:
            return path
    return os.path.relpath(os.path.join(folder, path), root)  # noqa: PTH118


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
