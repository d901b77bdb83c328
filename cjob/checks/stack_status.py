"""Which statuses a stack can be deployed in, and what is done in each: one row a status.

`cjob help stack-states` shows the same table. The status alone decides, never the text of a
message. Pure.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cjob.document import snapshot as live_side
from cjob.document.models import Target
from cjob.document.snapshot import Activity, Placeholder, StackSnapshot
from cjob.document.stack_operations import aws_command, is_from_cjob, token_owner
from cjob.reporting.errors import InputError

CREATE = "create"
DELETE_PLACEHOLDER = "delete, create"
RECREATE = "delete and wait, create"
UPDATE = "update"
UPDATE_NO_ROLLBACK = "update without rollback"
WAIT = "wait, or refuse"
ROLL_BACK = "refuse, suggest how to finish the rollback"
DELETE = "refuse, suggest how to finish the deletion"
REFUSE = "refuse, suggest how to inspect it"


class State(NamedTuple):
    """A row: the action, and the reason."""

    action: str
    why: str


STATES: Mapping[str, State] = {
    live_side.ABSENT: State(CREATE, "There is no such stack."),
    live_side.UNDER_REVIEW: State(
        DELETE_PLACEHOLDER,
        "It is empty: it was created for a change set. cjob's own is deleted unless its change set "
        "is executed within 15 seconds. Another tool's is deleted once it is 15 minutes old; until "
        "then cjob refuses, or waits with `--wait-for-stack`.",
    ),
    "CREATE_IN_PROGRESS": State(WAIT, "It is being created."),
    "CREATE_FAILED": State(
        UPDATE_NO_ROLLBACK,
        "Its creation failed and was not rolled back. CloudFormation supports no update with "
        "rollback then, so this one has none.",
    ),
    "CREATE_COMPLETE": State(UPDATE, "Its last operation succeeded."),
    "ROLLBACK_IN_PROGRESS": State(WAIT, "Its creation failed and is rolled back."),
    "ROLLBACK_FAILED": State(RECREATE, "Its creation failed, and so did the rollback."),
    "ROLLBACK_COMPLETE": State(RECREATE, "Its creation failed; it has no resources."),
    "DELETE_IN_PROGRESS": State(WAIT, "It is being deleted; then a new one is created."),
    "DELETE_FAILED": State(
        DELETE,
        "It was deleted, but not all its resources could be. It cannot be updated; the command "
        "retains the resources that failed.",
    ),
    "DELETE_COMPLETE": State(CREATE, "It no longer exists."),
    "UPDATE_IN_PROGRESS": State(WAIT, "It is being updated."),
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": State(
        WAIT, "It was updated; replaced resources are being removed."
    ),
    "UPDATE_COMPLETE": State(UPDATE, "Its last operation succeeded."),
    "UPDATE_FAILED": State(
        UPDATE_NO_ROLLBACK, "Its update failed and was not rolled back. As for CREATE_FAILED."
    ),
    "UPDATE_ROLLBACK_IN_PROGRESS": State(WAIT, "Its update failed and is rolled back."),
    "UPDATE_ROLLBACK_FAILED": State(
        ROLL_BACK,
        "Its update failed, and so did the rollback. It cannot be updated before that is finished; "
        "the command skips the resources that failed.",
    ),
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": State(
        WAIT, "Its update was rolled back; leftover resources are being removed."
    ),
    "UPDATE_ROLLBACK_COMPLETE": State(UPDATE, "Its last update failed and was rolled back."),
    "IMPORT_IN_PROGRESS": State(WAIT, "Resources are being imported into it."),
    "IMPORT_COMPLETE": State(UPDATE, "Its last operation succeeded."),
    "IMPORT_ROLLBACK_IN_PROGRESS": State(WAIT, "An import failed and is rolled back."),
    "IMPORT_ROLLBACK_FAILED": State(REFUSE, "An import failed, and so did the rollback."),
    "IMPORT_ROLLBACK_COMPLETE": State(UPDATE, "Its last import failed and was rolled back."),
}

UNKNOWN = State(REFUSE, "The status is not in this table.")

# Names of change sets that cjob and Copilot execute as soon as they are created.
SHORT_LIVED = re.compile(r"(cjob|copilot)-[0-9a-f-]{36}")

# An empty stack that is older than this is abandoned.
PLACEHOLDER_AGE_S = 15 * 60


def action_for(status: str) -> str:
    """Return the action for a stack in a status."""
    return STATES.get(status, UNKNOWN).action


def busy(name: str, live: StackSnapshot, activity: Activity) -> InputError:
    """Return the error for an operation in progress: which, since when, and whose."""
    since = activity.started_at or live.last_updated
    what = activity.status or live.status
    began = f"; {what} began at {since}" if since else ""
    return InputError(
        f"stack {name!r} is busy: {live.status}{began}, by {token_owner(activity.token)}",
        hint="run the same command again later, or pass --wait-for-stack to wait",
    )


def refused(name: str, live: StackSnapshot, failed: Sequence[str], region: str) -> InputError:
    """Return the error for a stack that cannot be updated, with the command that helps."""
    command = help_with(name, live.status, failed, region)
    return InputError(f"stack {name!r} cannot be updated: {live.status}", hint=command)


def help_with(name: str, status: str, failed: Sequence[str], region: str) -> str:
    """Return the command that gets a stack out of a status, or shows its events.

    `failed` are the resources that the command skips or retains.
    """
    action = action_for(status)
    if action == ROLL_BACK:
        skipped = ("--resources-to-skip", *failed) if failed else ()
        return aws_command("continue-update-rollback", name, region, *skipped)
    if action == DELETE:
        kept = ("--retain-resources", *failed) if failed else ()
        return aws_command("delete-stack", name, region, *kept)
    return aws_command("describe-stack-events", name, region)


def next_step(name: str, status: str, failed: Sequence[str], target: Target) -> str:
    """Return the hint for a deployment that ended in a status other than the expected one."""
    if status in {"CREATE_FAILED", "UPDATE_FAILED"}:
        return f"fix the problem and deploy again, or roll it back: {roll_back(name, target)}"
    if status == "UPDATE_ROLLBACK_COMPLETE":
        return "fix the problem and deploy again; until then the previous version is still running"
    if action_for(status) == RECREATE:
        return "fix the problem and deploy again, which first deletes what is left of the stack"
    if action_for(status) == CREATE:
        return "the stack was deleted meanwhile; deploy again to create it"
    return help_with(name, status, failed, target.region)


def roll_back(name: str, target: Target) -> str:
    """Return the command that rolls back what a deployment without rollback left."""
    return aws_command(
        "rollback-stack", name, target.region, "--role-arn", target.execution_role_arn
    )


def with_rollback(name: str, target: Target) -> str:
    """Return the hint for an update without rollback that had to replace a resource."""
    return f"roll it back, then deploy without --no-rollback: {roll_back(name, target)}"


def protected(name: str, status: str, region: str) -> InputError:
    """Return the error for a stack that must be deleted first, but has termination protection."""
    off = aws_command(
        "update-termination-protection", name, region, "--no-enable-termination-protection"
    )
    return InputError(
        f"stack {name!r} is {status} and must be deleted first, but has termination protection",
        hint=f"to allow that: {off}",
    )


def is_disposable(found: Placeholder) -> bool:
    """Return whether an empty stack may be deleted: it is cjob's own, or abandoned.

    AWS does not show the token of every call that creates such a stack, so the name of the change
    set counts, too.
    """
    if found.has_resources:
        return False
    own = bool(SHORT_LIVED.fullmatch(found.change_set)) or is_from_cjob(found.token)
    return own or found.age_s >= PLACEHOLDER_AGE_S


def under_review(name: str, found: Placeholder, region: str) -> InputError:
    """Return the error for an empty stack whose change set another run may still execute."""
    change_set = f", for change set {found.change_set!r}" if found.change_set else ""
    return InputError(
        f"stack {name!r} is being created by another run: it is {live_side.UNDER_REVIEW} since "
        f"{found.created_at}{change_set}",
        hint="wait for it with --wait-for-stack, or delete it if it is not needed: "
        + aws_command("delete-stack", name, region),
    )
