"""Check that a plan is for the stack as it is, and changes what its difference shows.

A plan is a document with a difference, and may have been edited after it was reviewed.
"""

from collections.abc import Mapping

from cjob.document.fingerprint import fingerprint
from cjob.document.models import Diff, Section
from cjob.document.records import fields
from cjob.document.snapshot import StackSnapshot
from cjob.reporting.errors import InputError

_PARTS = ("status", "stack_id", "template", "parameters", "tags", "addons")


def check_plan(plan: Diff, live: StackSnapshot) -> None:
    """Refuse a plan if the stack has changed since it was made."""
    now = fingerprint(live)
    moved = [
        part.replace("_", " ")
        for part in _PARTS
        if getattr(plan.against, part) != getattr(now, part)
    ]
    if moved:
        raise InputError(
            "the plan is out of date: since it was made, the live stack's "
            + ", ".join(moved)
            + " changed",
            hint="make a new plan with cjob-diff, or apply this one with --allow-stale-plan",
        )


def check_difference(plan: Diff, now: Diff, job: str) -> None:
    """Refuse a plan whose difference is not what its own stack section would change.

    `now` is the difference between the deployed stack and that section.
    """
    if (plan.changed, plan.text) == (now.changed, now.text) and _known(plan.changes) == _known(
        now.changes
    ):
        return
    raise InputError(
        f"the plan for job {job!r} would make changes that its difference does not show"
        + _example(plan, now),
        hint="the document was edited, or made by another version of cjob: make a new plan with "
        "cjob-diff and review that",
        place="diff",
    )


def _example(plan: Diff, now: Diff) -> str:
    """Return the path of the first change that the plan does not show."""
    shown = [_known(change) for change in plan.changes]
    hidden = (change.path for change in now.changes if _known(change) not in shown)
    path = next(hidden, "")
    return f": {path}" if path else ""


def _known(value: object) -> object:
    """Return a value without the keys that this version does not know."""
    if isinstance(value, Section):
        named = (name for name in fields(value) if name != "extra")
        return {name: _known(getattr(value, name)) for name in named}
    if isinstance(value, tuple | list):
        return [_known(one) for one in value]
    if isinstance(value, Mapping):
        return {key: _known(one) for key, one in value.items()}
    return value
