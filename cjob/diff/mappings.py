"""Compare two flat maps of texts: a stack's parameters, or its tags.

Pure. What looks secret is compared as everything else, but its values are never told.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cjob.diff.changes import step
from cjob.diff.hiding import HIDDEN
from cjob.diff.kinds import kind_of
from cjob.diff.scalars import double_quoted, is_plain_line
from cjob.release import Change
from cjob.secret_names import looks_secret


@dataclass(frozen=True, slots=True)
class MapDiff:
    """What differs between two flat maps: as text, one line an entry, and as changes."""

    text: str = ""
    changes: tuple[Change, ...] = ()


def mappings(
    old: Mapping[str, str],
    new: Mapping[str, str],
    *,
    section: str,
    hidden: Collection[str] = (),
) -> MapDiff:
    """Compare two maps; entries are told in the order of their keys.

    `section` begins the paths of the changes: `parameters` or `tags`. `hidden` are names whose
    values are not to be shown, besides those that look secret by themselves; their changes have
    no values.
    """
    lines: list[str] = []
    found: list[Change] = []
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        secret = key in hidden or looks_secret(key)
        lines.append(_line(key, before, after, secret=secret) + "\n")
        found.append(_change(section, key, before, after, secret=secret))
    return MapDiff("".join(lines), tuple(found))


def _line(key: str, before: str | None, after: str | None, *, secret: bool) -> str:
    name = _shown(key)
    if before is None:
        return f"+ {name}: {HIDDEN if secret else _shown(after)}"
    if after is None:
        return f"- {name}: {HIDDEN if secret else _shown(before)}"
    values = HIDDEN if secret else f"{_shown(before)} -> {_shown(after)}"
    return f"~ {name}: {values}"


def _shown(text: str | None) -> str:
    """Give a value as it is where that fits on a line, else in quotes."""
    return text if text and is_plain_line(text) else double_quoted(text or "")


def _change(
    section: str, key: str, before: str | None, after: str | None, *, secret: bool
) -> Change:
    path = step(section, key)
    kind = kind_of(path, "")
    old, new = (None, None) if secret else (before, after)
    if before is None:
        return Change(op="add", path=path, kind=kind, new=new)
    if after is None:
        return Change(op="remove", path=path, kind=kind, old=old)
    return Change(op="change", path=path, kind=kind, old=old, new=new)
