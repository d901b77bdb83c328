"""Differences between two templates or two flat mappings: found, rendered, listed as changes.

`compare` returns a Comparison, `redact` masks its secrets, and `render` and `changes` take only
what was redacted. Pure: strings and mappings in, data and text out.
"""

from cjob.diff.categories import category_of
from cjob.diff.changes import changes, function_change
from cjob.diff.compare import compare
from cjob.diff.deployed_text import comparable, compare_deployed
from cjob.diff.mappings import MapDiff, mappings
from cjob.diff.reader import Interner, read
from cjob.diff.redact import no_echo_parameters, redact
from cjob.diff.references import with_replacements
from cjob.diff.render import function_text, render
from cjob.diff.replacement import DEPENDS, REPLACES, replacement
from cjob.diff.tree import Comparison, Redacted
from cjob.diff.values import plain, with_strings
from cjob.template.resolution import Resolved, resolve

__all__ = [
    "DEPENDS",
    "REPLACES",
    "Comparison",
    "MapDiff",
    "Redacted",
    "Resolved",
    "category_of",
    "changes",
    "comparable",
    "compare",
    "compare_deployed",
    "function_change",
    "function_text",
    "mappings",
    "no_echo_parameters",
    "redact",
    "render",
    "replacement",
    "resolve",
    "template_value",
    "with_replacements",
]


def template_value(text: str, name: str, *, typed: bool) -> object:
    """Return a template as a JSON value; raise InputError if it is not YAML.

    With `typed`, scalars have the type that they are written as, otherwise all are strings.
    """
    root = read(text, name, Interner()).root
    if root is None:
        return None
    return plain(root) if typed else with_strings(root)
