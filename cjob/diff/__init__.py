"""Differences between two templates, or two flat maps: found, told as text, listed as changes.

Pure: takes texts and maps, gives data and text, touches nothing.
"""

from cjob.diff.changes import changes, function_change
from cjob.diff.hiding import hide, unechoed
from cjob.diff.kinds import kind_of
from cjob.diff.mappings import MapDiff, mappings
from cjob.diff.references import with_replacements
from cjob.diff.render import function_text, render
from cjob.diff.tree import Comparison
from cjob.diff.walk import compare

__all__ = [
    "Comparison",
    "MapDiff",
    "changes",
    "compare",
    "function_change",
    "function_text",
    "hide",
    "kind_of",
    "mappings",
    "render",
    "text",
    "unechoed",
    "with_replacements",
]


def text(old: str, new: str) -> str:
    """Compare two templates and write what differs, to the byte as Copilot does.

    Nothing is hidden in it; what people are shown goes through `hide` first.
    """
    return render(compare(old, new))
