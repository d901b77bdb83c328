"""Whether a document is for the stack that it names, and whether that stack is the job's."""

from cjob.document import names
from cjob.document import snapshot as live_side
from cjob.document.models import Job, Release, Stack
from cjob.document.snapshot import StackSnapshot
from cjob.reporting.errors import InputError

# Of these there is nothing yet, or nothing any more, that could be somebody's.
_NOBODYS = frozenset({live_side.ABSENT, live_side.UNDER_REVIEW, "DELETE_COMPLETE"})


def check_identity(release: Release, stack: Stack) -> None:
    """Refuse a stack name or Copilot tags that don't follow from the job."""
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
    """Refuse a stack that lacks what is known only after a push."""
    if stack.missing:
        raise InputError(
            f"job {release.job.name!r} was rendered without what is known only after a push: "
            + ", ".join(stack.missing),
            hint="put cjob-build | cjob-push before cjob-render, or use cjob deploy",
            place="stack.missing",
        )


def check_owner(live: StackSnapshot, job: Job, *, adopt: bool) -> None:
    """Refuse a stack of another job, and one that neither cjob nor Copilot made.

    Names are joined with hyphens, so two jobs may come to the same one; and any stack may happen
    to have that name. `adopt` is leave to take over a stack without Copilot's tags.
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
            f"stack {name!r} was not made by cjob or Copilot: it has no tag {missing[0]!r}",
            hint=f"rename the job {job.name!r}, or make the stack this job's with --adopt-stack",
        )


def _tags(job: Job) -> dict[str, str]:
    return names.copilot_tags(job.app, job.env, job.name)
