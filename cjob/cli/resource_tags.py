"""Parse --resource-tags, the tags that a person adds to a stack, as Copilot does."""

import csv
from collections.abc import Sequence

from cjob.reporting.errors import InputError

# Of a tag that AWS takes, in characters.
KEY_LIMIT = 128
VALUE_LIMIT = 256

HINT = """as in --resource-tags team=data,cost=42, or '"team=a,b",cost=42' for commas"""


def parse(given: Sequence[str]) -> dict[str, str]:
    """Return the tags of all `k=v,k=v` arguments; InputError for one that is not valid."""
    tags: dict[str, str] = {}
    for pair in (pair for text in given for pair in _pairs(text) if pair):
        key, sign, value = pair.partition("=")
        if not sign or not key:
            raise InputError(
                f"--resource-tags {pair!r} is not KEY=VALUE",
                hint=HINT,
            )
        if not value or len(value) > VALUE_LIMIT or len(key) > KEY_LIMIT or key.startswith("aws:"):
            raise InputError(
                f"--resource-tags {pair!r} is not a valid tag",
                hint=f"a key has up to {KEY_LIMIT} characters and does not start with aws:, "
                f"a value has 1 to {VALUE_LIMIT}",
            )
        tags[key] = value
    return tags


def _pairs(text: str) -> list[str]:
    """Split one --resource-tags as Copilot does: CSV, but with a single `=` it is one pair.

    So quotes that a Makefile or YAML left around are removed, and a value may have commas.
    """
    pairs = [text.strip('"')]
    if text.count("=") > 1:
        try:
            pairs = next(csv.reader([text], strict=True))
        except (csv.Error, StopIteration):
            pairs = []
    if not pairs or (any('"' in pair for pair in pairs) and '""' not in text):
        raise InputError(f"--resource-tags {text!r} has a quote in the wrong place", hint=HINT)
    return pairs
