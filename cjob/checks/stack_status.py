"""What is done with a stack, by the status that it is found in: one row each.

`cjob help stack-states` shows the same table. Decided by status alone, never by the words of a
message. Plain facts and decisions; touches nothing.
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
ROLL_BACK = "refuse, offer the end of the rollback"
DELETE = "refuse, offer the end of the deletion"
REFUSE = "refuse, offer a look"


class State(NamedTuple):
    """A row: what is done, and why."""

    action: str
    why: str


STATES: Mapping[str, State] = {
    live_side.ABSENT: State(CREATE, "There is no such stack."),
    live_side.UNDER_REVIEW: State(
        DELETE_PLACEHOLDER,
        "It is empty; it was made for a change set. cjob's own is deleted unless its change set is "
        "executed within 15 seconds. Somebody else's is deleted once it is 15 minutes old; until "
        "then it is refused, or awaited with `--wait-for-stack`.",
    ),
    "CREATE_IN_PROGRESS": State(WAIT, "It is being created."),
    "CREATE_FAILED": State(
        UPDATE_NO_ROLLBACK,
        "Its creation failed and was not rolled back. CloudFormation takes no update with rollback "
        "there, so this one has none.",
    ),
    "CREATE_COMPLETE": State(UPDATE, "It is as it was asked for."),
    "ROLLBACK_IN_PROGRESS": State(WAIT, "Its creation failed and is rolled back."),
    "ROLLBACK_FAILED": State(RECREATE, "Its creation failed, and so did the rollback of that."),
    "ROLLBACK_COMPLETE": State(RECREATE, "Its creation failed; nothing is in it."),
    "DELETE_IN_PROGRESS": State(WAIT, "It is being deleted; once it is gone, a new one is made."),
    "DELETE_FAILED": State(
        DELETE,
        "Somebody deleted it, and some of it would not go. It takes no update; the command keeps "
        "what would not go.",
    ),
    "DELETE_COMPLETE": State(CREATE, "It is gone."),
    "UPDATE_IN_PROGRESS": State(WAIT, "It is being updated."),
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": State(
        WAIT, "It was updated; what was replaced is being removed."
    ),
    "UPDATE_COMPLETE": State(UPDATE, "It is as it was asked for."),
    "UPDATE_FAILED": State(
        UPDATE_NO_ROLLBACK, "Its update failed and was not rolled back. As with CREATE_FAILED."
    ),
    "UPDATE_ROLLBACK_IN_PROGRESS": State(WAIT, "Its update failed and is rolled back."),
    "UPDATE_ROLLBACK_FAILED": State(
        ROLL_BACK,
        "Its update failed, and so did the rollback. It takes no update before that is ended; the "
        "command skips the resources that failed.",
    ),
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": State(
        WAIT, "Its update was rolled back; what is left of it is being removed."
    ),
    "UPDATE_ROLLBACK_COMPLETE": State(UPDATE, "It is as it was before an update that failed."),
    "IMPORT_IN_PROGRESS": State(WAIT, "Resources are being imported into it."),
    "IMPORT_COMPLETE": State(UPDATE, "It is as it was asked for."),
    "IMPORT_ROLLBACK_IN_PROGRESS": State(WAIT, "An import failed and is rolled back."),
    "IMPORT_ROLLBACK_FAILED": State(REFUSE, "An import failed, and so did the rollback of that."),
    "IMPORT_ROLLBACK_COMPLETE": State(UPDATE, "It is as it was before an import that failed."),
}

UNKNOWN = State(REFUSE, "CloudFormation has a status that is not in this table.")

# Names of change sets that are executed as soon as they are made, by whoever made them.
SHORT_LIVED = re.compile(r"(cjob|copilot)-[0-9a-f-]{36}")

# An empty stack that is older than this is abandoned, whoever made it.
PLACEHOLDER_AGE_S = 15 * 60


def action_for(status: str) -> str:
    """Return what is done with a stack in a status."""
    return STATES.get(status, UNKNOWN).action


def busy(name: str, live: StackSnapshot, activity: Activity) -> InputError:
    """Say that somebody is at work on a stack: what, who, and since when."""
    since = activity.started_at or live.last_updated
    what = activity.status or live.status
    began = f"; {what} began at {since}" if since else ""
    return InputError(
        f"stack {name!r} is busy: {live.status}{began}, by {token_owner(activity.token)}",
        hint="run the same command again when that has ended, or let it wait: --wait-for-stack",
    )


def refused(name: str, live: StackSnapshot, failed: Sequence[str], region: str) -> InputError:
    """Say that a stack takes no update, with the command that helps; `failed` are resources."""
    command = help_with(name, live.status, failed, region)
    return InputError(f"stack {name!r} cannot be updated: {live.status}", hint=command)


def help_with(name: str, status: str, failed: Sequence[str], region: str) -> str:
    """Return the command that gets a stack out of a status, or shows more of it."""
    action = action_for(status)
    if action == ROLL_BACK:
        skipped = ("--resources-to-skip", *failed) if failed else ()
        return aws_command("continue-update-rollback", name, region, *skipped)
    if action == DELETE:
        kept = ("--retain-resources", *failed) if failed else ()
        return aws_command("delete-stack", name, region, *kept)
    return aws_command("describe-stack-events", name, region)


def next_step(name: str, status: str, failed: Sequence[str], target: Target) -> str:
    """Return what to do after a deployment that ended in a status that isn't what was asked for."""
    if status in {"CREATE_FAILED", "UPDATE_FAILED"}:
        return f"fix the problem and deploy again, or roll it back: {roll_back(name, target)}"
    if status == "UPDATE_ROLLBACK_COMPLETE":
        return "fix the problem and deploy again; until then the previous version is still running"
    if action_for(status) == RECREATE:
        return "fix the problem and deploy again, which first deletes what is left of the stack"
    if action_for(status) == CREATE:
        return "somebody deleted the stack meanwhile; deploy again if it is to be there"
    return help_with(name, status, failed, target.region)


def roll_back(name: str, target: Target) -> str:
    """Return the command that rolls back what a deployment without rollback left."""
    return aws_command(
        "rollback-stack", name, target.region, "--role-arn", target.execution_role_arn
    )


def with_rollback(name: str, target: Target) -> str:
    """Return the way out of an update without rollback that had to replace a resource."""
    return f"roll it back, then deploy without --no-rollback: {roll_back(name, target)}"


def protected(name: str, status: str, region: str) -> InputError:
    """Say that a stack must be deleted first, and may not be."""
    off = aws_command(
        "update-termination-protection", name, region, "--no-enable-termination-protection"
    )
    return InputError(
        f"stack {name!r} is {status} and has to be deleted first, but is protected from that",
        hint=f"if it may go: {off}",
    )


def is_disposable(found: Placeholder) -> bool:
    """Check whether an empty stack may be deleted: it is cjob's own, or nobody needs it any more.

    AWS does not show the token of every call that makes such a stack, so the name of the change
    set counts as well.
    """
    if found.has_resources:
        return False
    own = bool(SHORT_LIVED.fullmatch(found.change_set)) or is_from_cjob(found.token)
    return own or found.age_s >= PLACEHOLDER_AGE_S


def under_review(name: str, found: Placeholder, region: str) -> InputError:
    """Return the error for an empty stack whose change set somebody else may yet execute."""
    change_set = f", for change set {found.change_set!r}" if found.change_set else ""
    return InputError(
        f"stack {name!r} is being created by someone else: it is {live_side.UNDER_REVIEW} since "
        f"{found.created_at}{change_set}",
        hint="wait for it with --wait-for-stack, or delete it if it is not needed: "
        + aws_command("delete-stack", name, region),
    )
