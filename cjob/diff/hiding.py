"""Values that nobody should read over a shoulder: found by their names, and covered.

Works on a comparison that was made, and overwrites the texts of nodes there, for people and for
programs; touches nothing else. What is covered is a guess by names (see `secret_names`): variables
of containers and functions, options of a log driver, labels, values and defaults of parameters,
passwords of databases, and the copy of a manifest that has such a name. Whatever the name, so is a
password inside an address. What refers to something by its name, as `!Ref` does, is no secret.
"""

import re
from collections.abc import Collection, Iterator

from cjob.diff.intrinsics import function_of
from cjob.diff.nodes import IGNORED, Node
from cjob.diff.tree import Branch, Comparison, Part, Unchanged
from cjob.reporting.redaction import HIDDEN, looks_secret, without_passwords

_REFERENCES = frozenset({"Ref", "GetAtt", "ImportValue", "Condition"})
_MAPS_OF_VARIABLES = frozenset({"Variables", "Options", "DockerLabels", "Parameters"})
_PASSWORD = re.compile("(?:Password|Passphrase|SecretString|AuthToken)$")
_NAME_WITH_VALUE = re.compile(r"(?<![\w.-])([\w.-]++)[\"']?[ \t]*+:[ \t]*+[^\s#]")


def hide(comparison: Comparison) -> Comparison:
    """Cover what looks secret in both documents, and give the comparison back."""
    covered: set[int] = set()
    for document in (comparison.old, comparison.new):
        if document.root is not None:
            hidden = _unechoed(document.root)
            for node in [*_secrets(document.root, hidden), *_manifest(document.root)]:
                if function_of(node) not in _REFERENCES:
                    covered.add(id(node))
                    _cover(node)
            _cover_addresses(document.root)
    # A function's argument may be a copy that was made while comparing.
    _cover_copies(comparison.parts, covered, inside=False)
    return comparison


def unechoed(comparison: Comparison) -> frozenset[str]:
    """Name the parameters that either template declares as NoEcho."""
    roots = (comparison.old.root, comparison.new.root)
    return frozenset().union(*(_unechoed(root) for root in roots if root is not None))


def _unechoed(root: Node) -> frozenset[str]:
    parameters = root.fields.get("Parameters")
    return frozenset(
        name
        for name, declared in (parameters.fields.items() if parameters else ())
        if (no_echo := declared.fields.get("NoEcho")) and no_echo.text.lower() == "true"
    )


def _secrets(node: Node, hidden: Collection[str], under: str = "") -> Iterator[Node]:
    """Yield the values that look secret below a node; `under` is the key that it stands under."""
    fields = node.fields
    name, value = fields.get("Name"), fields.get("Value")
    if name and value and looks_secret(name.text):
        yield value
    variables = under in _MAPS_OF_VARIABLES
    for key, item in fields.items():
        if variables and (key in hidden or looks_secret(key)):
            # A parameter is declared by a map, and given by anything else.
            declared = item.fields.get("Default") if "Type" in item.fields else item
            yield from (declared,) if declared else ()
        elif _PASSWORD.search(key) and item.kind == "scalar":
            yield item
        else:
            yield from _secrets(item, hidden, key)
    if node.kind == "list":
        for item in node.items:
            yield from _secrets(item, hidden)


def _manifest(root: Node) -> Iterator[Node]:
    metadata = root.fields.get("Metadata")
    copy = metadata.fields.get(IGNORED) if metadata else None
    if copy and any(looks_secret(name) for name in _NAME_WITH_VALUE.findall(copy.text)):
        yield copy


def _cover(node: Node) -> None:
    """Overwrite all texts of a value, but for what refers to something."""
    if function_of(node) in _REFERENCES:
        return
    if node.kind in ("list", "map"):
        for item in node.items:
            _cover(item)
    elif node.kind == "scalar":
        node.text, node.style = HIDDEN, ""


def _cover_addresses(node: Node) -> None:
    if node.kind == "scalar":
        node.text = without_passwords(node.text)
    for item in node.items:
        _cover_addresses(item)


def _cover_copies(parts: tuple[Part, ...], covered: set[int], *, inside: bool) -> None:
    for part in parts:
        if isinstance(part, Unchanged):
            continue
        sides = [node for node in (part.old, part.new) if node]
        within = inside or any(id(node) in covered for node in sides)
        if isinstance(part, Branch):
            _cover_copies(part.parts, covered, inside=within)
        else:
            for node in sides:
                (_cover if within else _cover_addresses)(node)
