"""Create a job's image repository, by adding the job to the application's regional stacks.

It does what `copilot job init` does, so either tool can continue. An interrupted run can be
repeated, and of two runs that change an application at once, one waits.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from cjob.document import names
from cjob.document.models import Release, required
from cjob.document.records import replace
from cjob.reporting.errors import ServiceError
from cjob.reporting.progress import Reporter, info
from cjob.stages.resolve import Directory
from cjob.stages.runner import creation_interrupted
from cjob.template.regional import with_repository

PAUSE_S = 3.0
ATTEMPTS = 600
"""Another change of the application is waited for half an hour."""


class Application(Protocol):
    """An application's resources in all its regions, and its records."""

    def template(self, app: str) -> str:
        """Return the template of the regional resources."""

    def update(self, app: str, template: str, operation: str) -> bool:
        """Begin to bring a template to all regions, by an operation of this name.

        Return False if another update is in progress, or was first.
        """

    def wait_for_operation(self, app: str, operation: str) -> str:
        """Wait for an operation's end; give why it failed, empty where it did not."""

    def register(self, app: str, job: str) -> None:
        """Write the job's record if it has none."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


def create_repository(
    release: Release,
    application: Application,
    directory: Directory,
    report: Reporter,
    changing: set[str],
) -> Release:
    """Create the job's repository if it has none; return the Release with it in `target`.

    Raises ServiceError if that is refused or fails, or if other changes take too long. The job is
    in `changing` while AWS changes the stacks for it, which continues if the run ends.
    """
    app, job = release.job.app, release.job.name
    target = required(release.target, "target")
    if job in target.repositories:
        return release
    for attempt in range(ATTEMPTS):
        update = with_repository(application.template(app), app, job)
        failure = ""
        # Before the repository: once that exists, no run comes here for the job again.
        application.register(app, job)
        with _interruptible(job, changing):
            is_ours = application.update(app, *update)
            if is_ours:
                report(info(f"{job}: creating its repository in all regions of {app}"))
                failure = application.wait_for_operation(app, update.operation)
        if not is_ours:
            if not attempt:
                report(info(f"{job}: waiting for another change of application {app}"))
            application.sleep(PAUSE_S)
        repositories = directory.target(app, release.job.env, refresh=True).repositories
        if job in repositories:
            return replace(release, target=replace(target, repositories=repositories))
        if is_ours:
            raise _not_made(app, job, failure)
    raise ServiceError(
        f"application {app!r} is busy with other changes for too long",
        hint=f"check the operations of StackSet {names.stack_set(app)!r}, then run this again",
    )


@contextmanager
def _interruptible(job: str, changing: set[str]) -> Iterator[None]:
    """Report on Ctrl-C that the change in the block continues."""
    changing.add(job)
    try:
        yield
    except KeyboardInterrupt:
        raise creation_interrupted([job]) from None
    finally:
        changing.discard(job)


def _not_made(app: str, job: str, failure: str) -> ServiceError:
    if "already exists" in failure:
        hint = f"a repository {app + '/' + job!r} exists already; delete it, then run this again"
    else:
        hint = f"check the last operation of StackSet {names.stack_set(app)!r}, then run this again"
    return ServiceError(
        f"the repository of job {job!r} was not created: {failure or 'its stack does not name it'}",
        hint=hint,
    )
