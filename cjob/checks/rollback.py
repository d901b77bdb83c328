"""Warn if an update without rollback replaces resources, which CloudFormation may refuse.

AWS announced to lift that limit in late 2026, so it is only a warning. Pure.
"""

from cjob.diff import REPLACES
from cjob.document.models import Diff


def replaced(diff: Diff) -> tuple[str, ...]:
    """Return the resources that an update certainly replaces."""
    found = []
    for change in diff.changes:
        parts = change.path.removeprefix("addons.").split(".")
        if change.replacement == REPLACES and parts[0] == "Resources":
            found.append(parts[1])
        found += [name for name, does in change.resources.items() if does == REPLACES]
    return tuple(dict.fromkeys(found))


def without_rollback(diff: Diff) -> str:
    """Return a warning if an update without rollback replaces resources, or an empty string."""
    names = replaced(diff)
    if not names:
        return ""
    return (
        f"this replaces {', '.join(names)}; without rollback CloudFormation may refuse that halfway"
        " and leave the stack in UPDATE_FAILED"
    )
