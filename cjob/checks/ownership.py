"""Check that a document is for the stack that it names, and that the stack is the job's."""

from cjob.document import names
from cjob.document import snapshot as live_side
from cjob.document.models import Job, Release, Stack
from cjob.document.snapshot import StackSnapshot
from cjob.reporting.errors import InputError

# In these statuses there is no stack that could belong to another job.
_NOBODYS = frozenset({live_side.ABSENT, live_side.UNDER_REVIEW, "DELETE_COMPLETE"})


def check_identity(release: Release, stack: Stack) -> None:
    """Refuse a stack name or Copilot tags that do not follow from the job."""
    job = release.job
    expected = job.stack_name
    if stack.name != expected:
        raise InputError(
            f"the document's stack is {stack.name!r}, not {expected!r}",
            hint="render the job again",
            place="stack.name",
        )
    for key, value in _tags(job).items():
        if stack.tags.get(key) != value:
            raise InputError(
                f"the tag {key!r} is {stack.tags.get(key)!r}, not {value!r}",
                hint="render the job again",
                place=f"stack.tags.{key}",
            )


def check_complete(release: Release, stack: Stack) -> None:
    """Refuse a stack with values that are known only after a push."""
    if stack.missing:
        raise InputError(
            f"job {release.job.name!r} lacks values that are known only after a push: "
            + ", ".join(stack.missing),
            hint="put cjob-build | cjob-push before cjob-render, or use cjob deploy",
            place="stack.missing",
        )


def check_owner(live: StackSnapshot, job: Job, *, adopt: bool) -> None:
    """Refuse a stack of another job, and one that neither cjob nor Copilot created.

    Names are joined with hyphens, so two jobs may share one, and any other stack may happen to have
    it. `adopt` allows a stack without Copilot's tags.
    """
    name = job.stack_name
    if live.status in _NOBODYS:
        return
    for key, value in _tags(job).items():
        if live.tags.get(key, value) != value:
            raise InputError(
                f"stack {name!r} belongs to another {key.removeprefix('copilot-')}: "
                f"{live.tags[key]!r}, not {value!r}",
                hint="rename one of them: their stacks have the same name",
            )
    missing = [key for key in _tags(job) if key not in live.tags]
    if missing and not adopt:
        raise InputError(
            f"stack {name!r} was not created by cjob or Copilot: it has no tag {missing[0]!r}",
            hint=f"rename job {job.name!r}, or pass --adopt-stack to use the stack for this job",
        )


def _tags(job: Job) -> dict[str, str]:
    return names.copilot_tags(job.app, job.env, job.name)
