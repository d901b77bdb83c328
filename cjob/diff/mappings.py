"""Compare two flat mappings of strings: a stack's parameters, or its tags.

Pure. Values that look secret are compared like all others, but masked in the result, as are the
passwords in URLs.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cjob.diff.categories import category_of
from cjob.diff.paths import step
from cjob.document.models import Change
from cjob.reporting.redaction import HIDDEN, looks_secret, mask_passwords
from cjob.yamlio.styles import double_quoted, is_plain_line


@dataclass(frozen=True, slots=True)
class MapDiff:
    """What differs between two flat mappings: as text, one line for each entry, and as changes."""

    text: str = ""
    changes: tuple[Change, ...] = ()


def mappings(
    old: Mapping[str, str],
    new: Mapping[str, str],
    *,
    section: str,
    hidden: Collection[str] = (),
) -> MapDiff:
    """Compare two mappings; differences are in the order of their keys.

    `section` is the beginning of the changes' paths: `parameters` or `tags`. The values of names in
    `hidden` are masked too, besides those that look secret.
    """
    lines: list[str] = []
    found: list[Change] = []
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        secret = key in hidden or looks_secret(key)
        shown = [_masked(value, secret=secret) for value in (before, after)]
        lines.append(_line(key, *shown, secret=secret) + "\n")
        found.append(_change(section, key, *shown))
    return MapDiff("".join(lines), tuple(found))


def _masked(value: str | None, *, secret: bool) -> str | None:
    if value is None:
        return None
    return HIDDEN if secret else mask_passwords(value)


def _line(key: str, before: str | None, after: str | None, *, secret: bool) -> str:
    name = _shown(key)
    if before is None:
        return f"+ {name}: {_shown(after)}"
    if after is None:
        return f"- {name}: {_shown(before)}"
    values = HIDDEN if secret else f"{_shown(before)} -> {_shown(after)}"
    return f"~ {name}: {values}"


def _shown(text: str | None) -> str:
    """Return a value as it is if it fits on a line, otherwise in quotes."""
    return text if text and is_plain_line(text) else double_quoted(text or "")


def _change(section: str, key: str, before: str | None, after: str | None) -> Change:
    path = step(section, key)
    kind = category_of(path, "")
    if before is None:
        return Change(op="add", path=path, kind=kind, new=after)
    if after is None:
        return Change(op="remove", path=path, kind=kind, old=before)
    return Change(op="change", path=path, kind=kind, old=before, new=after)
