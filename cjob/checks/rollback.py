"""Whether an update without rollback may fail halfway: CloudFormation may refuse to replace then.

AWS announced to lift that in late 2026, so it is a warning.
"""

from cjob.diff import REPLACES
from cjob.document.models import Diff


def replaced(diff: Diff) -> tuple[str, ...]:
    """Name the resources that an update would surely replace."""
    found = []
    for change in diff.changes:
        parts = change.path.removeprefix("addons.").split(".")
        if change.replacement == REPLACES and parts[0] == "Resources":
            found.append(parts[1])
        found += [name for name, does in change.resources.items() if does == REPLACES]
    return tuple(dict.fromkeys(found))


def without_rollback(diff: Diff) -> str:
    """Return a warning if an update that is not rolled back replaces something, else nothing."""
    names = replaced(diff)
    if not names:
        return ""
    return (
        f"this replaces {', '.join(names)}; without rollback CloudFormation may refuse that halfway"
        " and leave the stack in UPDATE_FAILED"
    )
