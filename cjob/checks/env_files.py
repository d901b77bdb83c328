"""Lines of an env file that ECS takes more literally than a shell or Docker Compose would.

Takes the text of a file, returns warnings without any value in them. Touches nothing. ECS splits a
line at its first `=` and keeps both sides as they are; it skips lines that begin with `#`.
"""

from collections.abc import Iterator
from itertools import islice

from cjob.manifest.sections.variables import NAME
from cjob.reporting.findings import Finding

_QUOTES = ("'", '"')
_SHOWN = 60


def problems(text: str, file: str) -> Iterator[Finding]:
    """Yield what is likely to be meant otherwise, each with its line."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            for message, hint in islice(_oddities(line), 1):
                yield Finding(message, hint, f"{file}:{number}:1")


def _oddities(line: str) -> Iterator[tuple[str, str]]:
    """Yield what is odd about a line, and what to do, the most telling first."""
    name, equals, value = line.partition("=")
    if line[0].isspace():
        yield "ECS keeps the spaces at the beginning of this line", "remove them"
    if name.startswith("export "):
        yield "ECS takes 'export' for a part of the variable's name", "remove 'export'"
    if not equals:
        yield "ECS ignores a line without '='", "write NAME=value, or # first for a comment"
    if name != name.rstrip() or value != value.lstrip():
        yield f"ECS keeps the spaces around '=' of {_shown(name)}", "remove them"
    if not NAME.fullmatch(name):
        hint = "use letters, digits and _, and begin with a letter or _"
        yield f"no shell can read a variable named {_shown(name)}", hint
    if len(value) > 1 and value[0] in _QUOTES and value.rstrip()[-1] == value[0]:
        yield f"ECS keeps the quotes in the value of {_shown(name)}", "remove them"


def _shown(name: str) -> str:
    return repr(name.strip()[:_SHOWN])
