"""Names of environment variables and secrets: what a container's shell can do with them.

Takes merged trees, returns warnings. Touches nothing.
"""

import re
from collections.abc import Iterator

from cjob.manifest import functions
from cjob.manifest.report import Report, quoted
from cjob.manifest.tree import Section

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def names_can_be_used(job: Section, report: Report) -> None:
    """Warn about names that no shell can read."""
    for container in _containers(job):
        for key in ("variables", "secrets"):
            section = container.section(key)
            for name in section.fields:
                if not NAME.fullmatch(name) and functions.called(name) is None:
                    message = f"no shell can read a variable named {quoted(name)}"
                    hint = "use letters, digits and _, and begin with a letter or _"
                    report.warn(section.key_node(name), message, hint)


def _containers(job: Section) -> Iterator[Section]:
    yield from (job, job.section("logging"))
    yield from (sidecar for _, sidecar in job.sections("sidecars"))
