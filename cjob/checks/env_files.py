"""Warn about lines of an env file that ECS reads otherwise than a shell or Docker Compose.

The warnings contain no values. ECS splits a line at its first `=` and keeps both sides unchanged;
it skips lines that start with `#`. Pure.
"""

from collections.abc import Iterator
from itertools import islice

from cjob.manifest.sections.variables import NAME
from cjob.reporting.findings import Finding

_QUOTES = ("'", '"')
_SHOWN = 60


def problems(text: str, file: str) -> Iterator[Finding]:
    """Yield a finding for each line that probably means something else."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            for message, hint in islice(_oddities(line), 1):
                yield Finding(message, hint, f"{file}:{number}:1")


def _oddities(line: str) -> Iterator[tuple[str, str]]:
    """Yield the problems of a line, each with its hint, the most important first."""
    name, equals, value = line.partition("=")
    if line[0].isspace():
        yield "ECS keeps the spaces at the beginning of this line", "remove them"
    if name.startswith("export "):
        yield "ECS reads 'export' as a part of the variable's name", "remove 'export'"
    if not equals:
        yield "ECS ignores a line without '='", "write NAME=value, or # first for a comment"
    if name != name.rstrip() or value != value.lstrip():
        yield f"ECS keeps the spaces around '=' of {_shown(name)}", "remove them"
    if not NAME.fullmatch(name):
        hint = "use letters, digits and _, with a letter or _ first"
        yield f"no shell can read a variable named {_shown(name)}", hint
    if len(value) > 1 and value[0] in _QUOTES and value.rstrip()[-1] == value[0]:
        yield f"ECS keeps the quotes in the value of {_shown(name)}", "remove them"


def _shown(name: str) -> str:
    return repr(name.strip()[:_SHOWN])
