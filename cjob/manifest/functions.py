"""Strings of a manifest that are YAML of their own: CloudFormation functions, quotes.

Copilot put such strings into its template without quotes, and manifests rely on how they are read
there. Pure.
"""

from yaml.nodes import MappingNode, Node, ScalarNode

from cjob.reporting.errors import InputError
from cjob.yamlio.reader import compose

_NAMES = (
    *("Base64", "Cidr", "FindInMap", "GetAZs", "GetAtt", "If", "ImportValue", "Join", "Length"),
    *("Select", "Split", "Sub", "ToJsonString", "Transform"),
)
_SHORT = frozenset(f"!{name}" for name in ("Ref", *_NAMES))
_LONG = frozenset(("Ref", *(f"Fn::{name}" for name in _NAMES)))


def composed(text: str) -> Node | None:
    """Return the node of a string that is one YAML value; else None."""
    if "\n" in text:
        return None
    try:
        return compose(text, "")
    except InputError:
        return None


def called(text: str) -> Node | None:
    """Return the CloudFormation function that a string calls, in short or long form; else None."""
    if not text.startswith(("!", "Ref", "Fn::", "{", '"', "'")):
        return None
    read = composed(text)
    if read is not None and read.tag in _SHORT:
        return read
    if isinstance(read, MappingNode) and len(read.value) == 1:
        key = read.value[0][0]
        if isinstance(key, ScalarNode) and key.value in _LONG and not read.tag.startswith("!"):
            return read
    return None


def as_read(text: str) -> str:
    """Return a string without its own quotes, which the template's reader removes."""
    read = composed(text) if text[:1] in {"'", '"'} else None
    return str(read.value) if isinstance(read, ScalarNode) and read.style else text
