"""Register a job that was deployed for the first time, for Copilot's commands.

`copilot job init` writes the same record; without it `copilot job ls`, `run`, `logs` and `delete`
do not know the job.
"""

from collections.abc import Callable
from typing import Protocol

from cjob.document.models import Release
from cjob.reporting.errors import ServiceError
from cjob.reporting.progress import Reporter, warning


class Records(Protocol):
    """An application's records of its jobs."""

    def register(self, app: str, job: str) -> None:
        """Write the job's record if it has none."""


def register(release: Release, records: Callable[[], Records], report: Reporter) -> Release:
    """Register the job of a created stack; a refusal is only a warning, because the job runs."""
    done, job = release.deployment, release.job
    if done is not None and done.changed and done.status.startswith("CREATE_"):
        try:
            records().register(job.app, job.name)
        except ServiceError as error:
            report(
                warning(f"job {job.name!r} is not registered for copilot job ls: {error.message}")
            )
    return release
