"""What is done with a stack, by the status that it is found in.

Plain facts and decisions; touches nothing.
"""

from collections.abc import Mapping

from cjob import live as live_side
from cjob.errors import InputError

UPDATE, CREATE, RECREATE = "update", "create", "recreate"

# What is done with a stack found in each status; every other one that ends in IN_PROGRESS is busy.
ACTIONS: Mapping[str, str] = {
    live_side.ABSENT: CREATE,
    live_side.PROPOSED: CREATE,
    "ROLLBACK_COMPLETE": RECREATE,
    "ROLLBACK_FAILED": RECREATE,
    "CREATE_FAILED": UPDATE,
    "CREATE_COMPLETE": UPDATE,
    "UPDATE_COMPLETE": UPDATE,
    "UPDATE_FAILED": UPDATE,
    "UPDATE_ROLLBACK_COMPLETE": UPDATE,
    "IMPORT_COMPLETE": UPDATE,
    "IMPORT_ROLLBACK_COMPLETE": UPDATE,
}


def action_for(status: str, name: str) -> str:
    """Give what is done with a stack in a status; InputError where nothing can be done."""
    action = ACTIONS.get(status)
    if action is not None:
        return action
    if status.endswith("IN_PROGRESS"):
        raise InputError(
            f"stack {name!r} is busy: {status}",
            hint="another deployment is at work on it; run this again when it has ended",
        )
    if status == "UPDATE_ROLLBACK_FAILED":
        hint = f"aws cloudformation continue-update-rollback --stack-name {name}"
    else:
        hint = f"look at it: aws cloudformation describe-stacks --stack-name {name}"
    raise InputError(f"stack {name!r} cannot be updated: {status}", hint=hint)
