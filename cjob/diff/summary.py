"""A summary of a difference in one line, and the next runs of a changed schedule.

Pure: takes a `diff` section, and for times the current moment and a conversion to local time.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from cjob.diff.replacement import DEPENDS, REPLACES
from cjob.document.models import Change, Diff
from cjob.reporting.printable import visible
from cjob.runs.occurrences import NextRuns, next_runs

Local = Callable[[datetime], datetime]
"""Converts a time to the reader's time zone."""

SCHEDULE = "parameters.Schedule"

NAMED = 5
"""The most list items that are named for each kind of change."""

# The others are areas, as in `2 storage`.
_COUNTED = frozenset(
    {
        "command",
        "condition",
        "environment variable",
        "function",
        "image",
        "output",
        "parameter",
        "resource",
        "schedule",
        "secret",
        "tag",
        "topic",
    }
)

# Every deployment makes a new revision, so its replacement is not worth a mention.
_REVISED = frozenset({"AWS::ECS::TaskDefinition"})
_TASK = "TaskDefinition"

# Of environment variables, secrets and containers; of tags.
_NAMES = ("Name", "Key")


def summary(diff: Diff) -> str:
    """Return a summary: `2 changes: 1 secret (DB), 1 schedule; replaces AccessPoint`.

    Changes are counted by kind, in their order, and list items are named.
    """
    if not diff.changes:
        return "no changes"
    if (resources := _all_new(diff.changes)) is not None:
        return f"new stack with {_number(resources, 'resource')}"
    kinds: dict[str, list[Change]] = {}
    for change in diff.changes:
        kinds.setdefault(change.kind, []).append(change)
    told = [", ".join(_of_kind(kind, found) for kind, found in kinds.items())]
    for verb, wanted in (("replaces", REPLACES), ("may replace", DEPENDS)):
        if names := _replaced(diff.changes, wanted):
            told.append(f"{verb} {', '.join(names)}")
    if not diff.changed:
        told.append("takes effect with the next change")
    return f"{_number(len(diff.changes), 'change')}: {'; '.join(told)}"


def _of_kind(kind: str, found: Sequence[Change]) -> str:
    count = _number(len(found), kind) if kind in _COUNTED else f"{len(found)} {kind}"
    names = list(dict.fromkeys(name for change in found for name in _items(change)))
    shown = [visible(name) for name in names[:NAMED]] + ["…"] * (len(names) > NAMED)
    return f"{count} ({', '.join(shown)})" if names else count


def _items(change: Change) -> Sequence[str]:
    """Return the list item of a change, or the items of a list that is added or removed."""
    whole = change.new if change.op == "add" else change.old
    if change.op != "change" and isinstance(whole, list):
        named = [one.get(key) for one in whole if isinstance(one, dict) for key in _NAMES]
        if names := [name for name in named if isinstance(name, str)]:
            return names
    return [change.item] if change.item else []


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _all_new(changes: Iterable[Change]) -> int | None:
    """Return the number of resources of a new stack; None if the stack has resources."""
    for change in changes:
        if (change.op, change.path) == ("add", "Resources") and isinstance(change.new, dict):
            return len(change.new)
    return None


def _replaced(changes: Iterable[Change], wanted: str) -> list[str]:
    """Return the resources with a change of this replacement and none that is more certain."""
    found: dict[str, str] = {}
    for change in changes:
        for name, replacement in _touched(change).items():
            if replacement in (REPLACES, DEPENDS) and found.get(name) != REPLACES:
                found[name] = replacement
    return [visible(name) for name, replacement in found.items() if replacement == wanted]


def _touched(change: Change) -> Mapping[str, str]:
    """Return what a change does to its resource, or to the resources that refer to it."""
    if not change.type:
        return {name: does for name, does in change.resources.items() if name != _TASK}
    nested = "addons." if change.path.startswith("addons.") else ""
    name = nested + change.path.removeprefix(nested).split(".")[1]
    return {} if change.type in _REVISED else {name: change.replacement}


def schedules(diff: Diff, moment: datetime, local: Local) -> tuple[str, ...]:
    """Return lines with the next runs of the old and the new schedule, if the schedule changes.

    `moment` is aware. The times of a deployed rate are unknown: they count from its deployment.
    """
    lines: list[str] = []
    for change in diff.changes:
        if change.path == SCHEDULE:
            if isinstance(change.old, str):
                times = next_runs(change.old, moment)
                known = times if not change.old.startswith("rate(") else NextRuns(note=times.note)
                lines += _schedule(f"schedule until now, {change.old}", known, local)
            if isinstance(change.new, str):
                times = next_runs(change.new, moment)
                lines += _schedule(f"schedule from now on, {change.new}", times, local)
    return tuple(lines)


def next_run(expression: str, moment: datetime, local: Local) -> str:
    """Return the next run of a schedule, in UTC and local time, or why it is not known."""
    found = next_runs(expression, moment, 1)
    if expression.startswith("rate(") and found.times:
        return f"{expression}, counted from when its rule was made"
    return next((_moment(time, local) for time in found.times), found.note)


def _schedule(title: str, found: NextRuns, local: Local) -> Iterator[str]:
    yield f"{title}: {found.note}" if found.note else f"{title}:"
    for time in found.times:
        yield f"  {_moment(time, local)}"


def _moment(time: datetime, local: Local) -> str:
    """Return a time in UTC, and in local time if that differs."""
    here = local(time)
    shown = "" if here.utcoffset() == timedelta(0) else f" ({here:%a %H:%M %Z})"
    return f"{time:%a %Y-%m-%d %H:%M} UTC{shown}"
