"""Differences between two templates, or two flat maps: found, told as text, listed as changes.

Pure: takes texts and maps, gives data and text, touches nothing.
"""

from cjob.diff.changes import changes
from cjob.diff.kinds import kind_of
from cjob.diff.mappings import MapDiff, mappings
from cjob.diff.render import render
from cjob.diff.tree import Comparison
from cjob.diff.walk import compare

__all__ = [
    "Comparison",
    "MapDiff",
    "changes",
    "compare",
    "kind_of",
    "mappings",
    "render",
    "text",
]


def text(old: str, new: str, *, color: bool = False) -> str:
    """Compare two templates and write what differs; see `compare` and `render`."""
    return render(compare(old, new), color=color)
