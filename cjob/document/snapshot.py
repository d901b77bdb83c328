"""The live side of a stack: what CloudFormation has of it now, and digests that bind a plan to it.

Plain data, read by an adapter, compared by diff and checked again by apply.
"""

import hashlib
import json
from collections.abc import Mapping

from cjob.document.models import Against
from cjob.document.records import NOTHING, dataclass

ABSENT = ""
"""The status of a stack that does not exist."""

PROPOSED = "REVIEW_IN_PROGRESS"
"""The status of a stack of which there is no more than a change set."""

WITHOUT_RESOURCES = frozenset(
    {ABSENT, PROPOSED, "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_COMPLETE"}
)


@dataclass(frozen=True, kw_only=True)
class Live:
    """A stack as it is: its status, and what it was last deployed with.

    `parameters` that CloudFormation hides (NoEcho) have the value it shows, asterisks. `addons` is
    the template of the nested stack; it is read apart, where something can differ in it.
    """

    status: str = ABSENT
    stack_id: str = ""
    template: str = ""
    parameters: Mapping[str, str] = NOTHING
    tags: Mapping[str, str] = NOTHING
    addons: str = ""
    since: str = ""
    protected: bool = False

    @property
    def exists(self) -> bool:
        """Return whether there is a stack to compare with; one that was never made has nothing."""
        return self.status not in WITHOUT_RESOURCES


@dataclass(frozen=True, kw_only=True)
class Activity:
    """What is done to a stack: the status that it began with, when, and the token of the call."""

    status: str = ""
    since: str = ""
    token: str = ""


@dataclass(frozen=True, kw_only=True)
class Placeholder:
    """An empty stack that CloudFormation made for a first change set, and what is known of both.

    `token` is that of the call that made it, `change_set` the name of its change set, and
    `change_set_status` the status of this; each is empty if CloudFormation does not show it.
    """

    since: str
    age_s: float
    token: str = ""
    change_set: str = ""
    change_set_status: str = ""
    has_resources: bool = False


def settled(status: str) -> bool:
    """Return whether a stack in this status carries what it was last asked for, and rests."""
    return status in {"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"}


def is_same(now: Live, before: Live) -> bool:
    """Check whether a stack was not updated between two looks; neither needs to have a template."""
    parts = ("stack_id", "status", "since", "parameters", "tags")
    return all(getattr(now, part) == getattr(before, part) for part in parts)


def against(live: Live) -> Against:
    """Return the digests of the live side, as a plan keeps them."""
    return Against(
        status=live.status,
        stack_id=live.stack_id,
        template=_digest(live.template),
        parameters=_digest(live.parameters),
        tags=_digest(live.tags),
        addons=_digest(live.addons),
    )


def _digest(value: str | Mapping[str, str]) -> str:
    text = value if isinstance(value, str) else json.dumps(dict(value), sort_keys=True)
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
