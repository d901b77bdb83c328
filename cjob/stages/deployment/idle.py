"""Wait until a stack can be deployed to, or refuse if it cannot.

Reads CloudFormation, and changes nothing. `cjob.checks.stack_status` decides by the status.
"""

from collections.abc import Sequence
from typing import Protocol

from cjob.checks import stack_status
from cjob.document.models import Target
from cjob.document.snapshot import Activity, Placeholder, StackSnapshot
from cjob.reporting.progress import Reporter, info

# cjob and Copilot execute a change set as soon as it is created: one that is not executed after so
# many seconds has been abandoned.
WATCH_S = 15


class Watched(Protocol):
    """The calls that read a stack and the operation in progress on it."""

    def read(self, target: Target, name: str) -> StackSnapshot:
        """Return a stack as it is, without its addons."""

    def describe(self, target: Target, name: str) -> StackSnapshot:
        """Return a stack as it is, without any template; one call."""

    def activity(self, target: Target, stack_id: str) -> Activity:
        """Return the operation in progress on a stack."""

    def failed_resources(self, target: Target, stack_id: str, *, nested: bool) -> Sequence[str]:
        """Return the resources whose rollback or deletion failed, as the AWS CLI names them."""

    def wait_until_idle(self, target: Target, stack_id: str) -> str:
        """Wait until no operation is in progress on a stack, and return its status."""

    def placeholder(self, target: Target, name: str, stack_id: str) -> Placeholder | None:
        """Return what is known of an empty stack under review; None if it no longer is one."""

    def stays_placeholder(self, target: Target, stack_id: str, seconds: float) -> bool:
        """Watch an empty stack; False as soon as its change set is executed or it is deleted."""


def wait_until_idle(
    stacks: Watched, target: Target, live: StackSnapshot, name: str, *, wait: bool, report: Reporter
) -> StackSnapshot:
    """Return the stack once it is idle; raise InputError if it cannot be deployed to.

    Without `wait`, an operation in progress is an error, too.
    """
    while True:
        action = stack_status.action_for(live.status)
        if action == stack_status.WAIT:
            busy = stack_status.busy(name, live, stacks.activity(target, live.stack_id))
            if not wait:
                raise busy
            report(info(f"waiting: {busy.message}"))
            stacks.wait_until_idle(target, live.stack_id)
            live = stacks.read(target, name)
            continue
        if action == stack_status.DELETE_PLACEHOLDER and not _is_disposable(
            stacks, target, live, name, wait=wait, report=report
        ):
            live = stacks.read(target, name)
            continue
        if action == stack_status.RECREATE and live.protected:
            raise stack_status.protected(name, live.status, target.region)
        if action in (stack_status.ROLL_BACK, stack_status.DELETE, stack_status.REFUSE):
            failed = stuck(stacks, target, live.stack_id, live.status)
            raise stack_status.refused(name, live, failed, target.region)
        return live


def _is_disposable(
    stacks: Watched, target: Target, live: StackSnapshot, name: str, *, wait: bool, report: Reporter
) -> bool:
    """Check whether an empty stack may be deleted; return False if it changed meanwhile.

    Raises InputError if another deployment may still need it.
    """
    found = stacks.placeholder(target, name, live.stack_id)
    if found is None or stack_status.is_disposable(found):
        return found is not None
    if found.has_resources:
        raise stack_status.refused(name, live, (), target.region)
    refused = stack_status.under_review(name, found, target.region)
    if not wait:
        raise refused
    report(info(f"waiting: {refused.message}"))
    stacks.stays_placeholder(target, live.stack_id, stack_status.PLACEHOLDER_AGE_S - found.age_s)
    return False


def is_abandoned(
    stacks: Watched, target: Target, live: StackSnapshot, name: str, report: Reporter
) -> bool:
    """Check that no other run is about to execute the change set of an empty stack.

    A change set that is still being created belongs to a run that waits for it.
    """
    while found := stacks.placeholder(target, name, live.stack_id):
        if found.age_s >= stack_status.PLACEHOLDER_AGE_S or found.change_set_status == "FAILED":
            return True
        what = f"change set {found.change_set} of " if found.change_set else ""
        report(info(f"checking whether someone is about to execute {what}stack {name}"))
        if not stacks.stays_placeholder(target, live.stack_id, WATCH_S):
            return False
        if not found.change_set_status.endswith(("_PENDING", "_IN_PROGRESS")):
            return True
    return False


def stuck(stacks: Watched, target: Target, stack_id: str, status: str) -> Sequence[str]:
    """Return the resources that failed, for the command that ends a failed rollback or deletion.

    A rollback may skip resources of nested stacks; a deletion may keep only the stack's own.
    """
    match stack_status.action_for(status):
        case stack_status.ROLL_BACK:
            return stacks.failed_resources(target, stack_id, nested=True)
        case stack_status.DELETE:
            return stacks.failed_resources(target, stack_id, nested=False)
    return ()
