"""Run stages for several jobs at once.

Takes Releases and stages, and returns Releases in the same order. Starts threads; what else is
touched, the stages touch.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from cjob.concurrency.interrupts import run_to_end
from cjob.concurrency.pool import Checkpoint, run_all
from cjob.context import RunContext
from cjob.document.models import Release
from cjob.reporting.errors import CjobError, InputError, Interrupted

Stage = Callable[[Release, RunContext], Release]


def run(
    releases: Sequence[Release], context: RunContext, *phases: Sequence[Stage], jobs: int
) -> tuple[Release, ...]:
    """Run each Release through the stages of each phase; return them in the same order.

    At most `jobs` run at once, and a phase begins when the one before has ended for all of them.
    The first error stops all and is raised.
    """

    def run_one(stages: Sequence[Stage], release: Release, checkpoint: Checkpoint) -> Release:
        try:
            for stage in stages:
                checkpoint()
                release = stage(release, context)
        except CjobError as error:
            error.belongs_to(release.job.name, release.job.env)
            raise
        return release

    for stages in phases:
        try:
            releases = run_all([partial(run_one, stages, one) for one in releases], jobs)
        except KeyboardInterrupt:
            if not context.creating_repositories:
                raise
            raise creation_interrupted(context.creating_repositories) from None
    return tuple(releases)


def run_each(
    releases: Sequence[Release],
    context: RunContext,
    last: Stage,
    *,
    jobs: int,
    fail_fast: bool = False,
) -> list[Release | CjobError]:
    """Run the last stage for each Release; return Releases and errors in the same order.

    An error of one job does not stop the others, unless with `fail_fast`: then no more jobs start.
    After Ctrl-C each job that has started rolls back or ends, and no more jobs start.
    """

    def run_one(release: Release) -> Release | CjobError | None:
        try:
            return last(release, context)
        except CjobError as error:
            return error.belongs_to(release.job.name, release.job.env)
        except KeyboardInterrupt:
            interrupted = context.started(release.job).interrupted()
            return interrupted.belongs_to(release.job.name, release.job.env)

    def is_enough(outcome: Release | CjobError | None) -> bool:
        return fail_fast and isinstance(outcome, CjobError)

    work = [partial(run_one, release) for release in releases]
    try:
        outcomes = run_to_end(work, jobs, context.interruption, None, is_enough)
    except KeyboardInterrupt:
        names = ", ".join(release.stack.name for release in releases if release.stack)
        raise Interrupted(
            "interrupted again: the deployments are left as they are",
            hint=f"check the result with: aws cloudformation describe-stacks ({names})",
        ) from None
    return [
        outcome or _not_started(context).belongs_to(release.job.name, release.job.env)
        for outcome, release in zip(outcomes, releases, strict=True)
    ]


@contextmanager
def before_deployment() -> Iterator[None]:
    """Report Ctrl-C in the block as an interruption before anything was deployed."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted("interrupted before anything was deployed") from None


def creation_interrupted(jobs: Iterable[str]) -> Interrupted:
    """Return the error for a run that was interrupted while AWS was creating repositories."""
    named = ", ".join(map(repr, sorted(jobs)))
    return Interrupted(
        f"interrupted while AWS creates the repository of {named}, which continues",
        hint="run the same command again: it continues from there",
    )


def _not_started(context: RunContext) -> CjobError:
    if context.interruption.asked:
        return Interrupted("interrupted before it was started")
    return InputError("not started, since another job failed", hint="fix that job, then deploy")
