"""The deployed stack as CloudFormation answers it, and the digests that pin a plan to it.

Plain data: an adapter reads it, diff compares with it, and apply checks it again.
"""

from collections.abc import Mapping

from cjob.document.records import EMPTY, dataclass

ABSENT = ""
"""The status of a stack that does not exist."""

UNDER_REVIEW = "REVIEW_IN_PROGRESS"
"""The status of a stack that was created for a change set which was not executed."""

WITHOUT_RESOURCES = frozenset(
    {ABSENT, UNDER_REVIEW, "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_COMPLETE"}
)


@dataclass(frozen=True, kw_only=True)
class StackSnapshot:
    """A stack as it was when it was read: its status, and what it was last deployed with.

    `last_updated` tells later whether the stack was updated after it was read. Values of NoEcho
    parameters are asterisks, as CloudFormation answers them. `addons` is the template of the
    nested stack, which is read only if it can differ. `protected` is termination protection.
    """

    status: str = ABSENT
    stack_id: str = ""
    template: str = ""
    parameters: Mapping[str, str] = EMPTY
    tags: Mapping[str, str] = EMPTY
    addons: str = ""
    last_updated: str = ""
    protected: bool = False

    @property
    def exists(self) -> bool:
        """Return whether there is a stack with resources to compare with."""
        return self.status not in WITHOUT_RESOURCES


@dataclass(frozen=True, kw_only=True)
class Activity:
    """The operation in progress on a stack: its first status, its start, and the call's token."""

    status: str = ""
    started_at: str = ""
    token: str = ""


@dataclass(frozen=True, kw_only=True)
class Placeholder:
    """An empty stack that CloudFormation made for a first change set, and what is known of both.

    `token` is that of the call that made it, `change_set` the name of its change set, and
    `change_set_status` the status of this; each is empty if CloudFormation does not show it.
    """

    created_at: str
    age_s: float
    token: str = ""
    change_set: str = ""
    change_set_status: str = ""
    has_resources: bool = False


def is_stable(status: str) -> bool:
    """Return whether a stack in this status is idle, and its last operation succeeded."""
    return status in {"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"}


def is_same(now: StackSnapshot, before: StackSnapshot) -> bool:
    """Check that a stack was not updated between two reads; the templates are not compared."""
    parts = ("stack_id", "status", "last_updated", "parameters", "tags")
    return all(getattr(now, part) == getattr(before, part) for part in parts)
