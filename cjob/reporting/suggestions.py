"""The name that may have been meant, as all hints suggest it."""

from collections.abc import Iterable

SHORTEST = 4
"""Letters of a known name that what was typed may begin with: `-e` begins anything."""


def nearest(typed: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return the known name that is nearest to what was typed; empty if none is near."""
    import difflib  # noqa: PLC0415 - slow to import, and needed after a mistake alone

    names = list(known)
    for name in names:
        if typed and (name.startswith(typed) or (len(name) >= SHORTEST and typed.startswith(name))):
            return name
    return next(iter(difflib.get_close_matches(typed, names, 1, cutoff)), "")


def did_you_mean(typed: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return a hint that suggests the nearest known name; `otherwise` if none is near."""
    name = nearest(typed, known)
    return f"did you mean {name!r}?" if name else otherwise
