"""Template versions and their order, as the downgrade rule compares them (Go's semver).

A version starts with `v`; missing parts are 0; a pre-release sorts below its release; what follows
`+` is ignored; a string that is not a version sorts below every version.
"""

import re

NO_VERSION = "v0.0.0"
"""The version of a template whose metadata has none."""

PATTERN = re.compile(
    r"v(0|[1-9]\d*)(?:\.(0|[1-9]\d*))?(?:\.(0|[1-9]\d*))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
)

Key = tuple[bool, int, int, int, bool, tuple[tuple[bool, int, str], ...]]


def key(version: str) -> Key:
    """Return a key that sorts versions; a string that is not a version sorts first."""
    match = PATTERN.fullmatch(version)
    if match is None:
        return (False, 0, 0, 0, False, ())
    major, minor, patch, pre = match.groups()
    parts = tuple(
        (not part.isdigit(), int(part) if part.isdigit() else 0, part)
        for part in (pre or "").split(".")
        if part
    )
    return (True, int(major), int(minor or 0), int(patch or 0), pre is None, parts)


def newer(left: str, right: str) -> bool:
    """Return whether `left` is a later version than `right`."""
    return key(left) > key(right)
