"""Differences between two templates, or two flat maps: found, told as text, listed as changes.

Pure: takes texts and maps, gives data and text, touches nothing.
"""

from cjob.diff.answers import comparable, compare_answer
from cjob.diff.changes import changes, function_change
from cjob.diff.kinds import kind_of
from cjob.diff.mappings import MapDiff, mappings
from cjob.diff.reader import Forms, read
from cjob.diff.redact import no_echo_parameters, redact
from cjob.diff.references import with_replacements
from cjob.diff.render import function_text, render
from cjob.diff.replacement import DEPENDS, REPLACES, replacement
from cjob.diff.tree import Comparison, Redacted
from cjob.diff.values import as_given, plain
from cjob.diff.walk import compare
from cjob.template.resolution import Resolved, resolve

__all__ = [
    "DEPENDS",
    "REPLACES",
    "Comparison",
    "MapDiff",
    "Redacted",
    "Resolved",
    "changes",
    "comparable",
    "compare",
    "compare_answer",
    "function_change",
    "function_text",
    "kind_of",
    "mappings",
    "no_echo_parameters",
    "redact",
    "render",
    "replacement",
    "resolve",
    "template_values",
    "with_replacements",
]


def template_values(text: str, name: str, *, typed: bool) -> object:
    """Return a template as plain values; InputError if it is not YAML.

    Scalars have the type that they are written as with `typed`, else they are strings.
    """
    root = read(text, name, Forms()).root
    if root is None:
        return None
    return plain(root) if typed else as_given(root)
