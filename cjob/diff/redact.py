"""Mask the secrets of a comparison, which makes it one that can be rendered.

Pure: returns new nodes and leaves the comparison as it is. Secrets are guessed from names (see
`reporting.redaction`): variables of containers and functions, options of a log driver, labels,
values and defaults of parameters, passwords of databases, and a copy of a manifest that contains
such a name. A password inside a URL is masked whatever the name. What only refers to something, as
`!Ref` does, is not a secret.
"""

import re
from collections.abc import Callable, Collection, Iterator

from cjob.diff.intrinsics import function_of
from cjob.diff.nodes import IGNORED, ListNode, MapNode, Node, copied
from cjob.diff.tree import Branch, Comparison, Edit, Part, Redacted, Unchanged
from cjob.reporting.redaction import HIDDEN, looks_secret, mask_passwords

_REFERENCES = frozenset({"Ref", "GetAtt", "ImportValue", "Condition"})
_MAPS_OF_VARIABLES = frozenset({"Variables", "Options", "DockerLabels", "Parameters"})
_PASSWORD = re.compile("(?:Password|Passphrase|SecretString|AuthToken)$")
_NAME_WITH_VALUE = re.compile(r"(?<![\w.-])([\w.-]++)[\"']?[ \t]*+:[ \t]*+[^\s#]")


def redact(comparison: Comparison) -> Redacted:
    """Return the comparison with the secrets of both templates masked."""
    old, new = comparison.old.root, comparison.new.root
    masking = _Masking({id(node) for root in (old, new) if root for node in _secrets_of(root)})
    whole = comparison.whole
    return Redacted(
        old=old and masking.shown(old),
        new=new and masking.shown(new),
        same_text=comparison.old.text == comparison.new.text,
        parts=masking.parts(comparison.parts),
        whole=whole and masking.edit(whole, secret=False),
    )


def no_echo_parameters(comparison: Comparison) -> frozenset[str]:
    """Return the names of the parameters that either template declares as NoEcho."""
    roots = (comparison.old.root, comparison.new.root)
    return frozenset().union(*(_no_echo(root) for root in roots if root is not None))


def _no_echo(root: Node) -> frozenset[str]:
    parameters = root.fields.get("Parameters")
    return frozenset(
        name
        for name, declared in (parameters.fields.items() if parameters else ())
        if (no_echo := declared.fields.get("NoEcho")) and no_echo.text.lower() == "true"
    )


def _secrets_of(root: Node) -> Iterator[Node]:
    """Yield the values in a template that look secret and do not only refer to something."""
    for node in _named_secrets(root, _no_echo(root)):
        if function_of(node) not in _REFERENCES:
            yield node
    metadata = root.fields.get("Metadata")
    copy = metadata.fields.get(IGNORED) if metadata else None
    if copy and any(looks_secret(name) for name in _NAME_WITH_VALUE.findall(copy.text)):
        yield copy


def _named_secrets(node: Node, no_echo: Collection[str], parent_key: str = "") -> Iterator[Node]:
    """Yield the values below a node whose names look secret, or are in `no_echo`."""
    fields = node.fields
    name, value = fields.get("Name"), fields.get("Value")
    if name and value and looks_secret(name.text):
        yield value
    variables = parent_key in _MAPS_OF_VARIABLES
    for key, item in fields.items():
        if variables and (key in no_echo or looks_secret(key)):
            # A parameter is declared by a mapping, and set by anything else.
            declared = item.fields.get("Default") if "Type" in item.fields else item
            yield from (declared,) if declared else ()
        elif _PASSWORD.search(key) and item.id == "scalar":
            yield item
        else:
            yield from _named_secrets(item, no_echo, key)
    if node.id == "sequence":
        for item in node.items:
            yield from _named_secrets(item, no_echo)


class _Masking:
    """Makes copies of nodes in which the secrets, known by their identity, are masked."""

    def __init__(self, secrets: Collection[int]) -> None:
        self.secrets = secrets
        self.known: dict[int, Node] = {}

    def shown(self, node: Node) -> Node:
        """Return the node as it can be shown; the node itself if nothing in it is secret."""
        found = self.known.get(id(node))
        if found is None:
            secret = id(node) in self.secrets
            found = self.masked(node) if secret else _converted(node, mask_passwords, self.shown)
            self.known[id(node)] = found
        return found

    def masked(self, node: Node) -> Node:
        """Return the node with all its strings masked, except for what refers to something."""
        if function_of(node) in _REFERENCES:
            return _converted(node, mask_passwords, self.shown)
        return _converted(node, _mask, self.masked)

    def edit(self, edit: Edit, *, secret: bool) -> Edit:
        show = self.masked if secret else self.shown
        return Edit(edit.key, edit.old and show(edit.old), edit.new and show(edit.new), edit.index)

    def parts(self, parts: tuple[Part, ...], *, secret: bool = False) -> tuple[Part, ...]:
        return tuple(self.part(part, secret=secret) for part in parts)

    def part(self, part: Part, *, secret: bool) -> Part:
        """Return a part of the comparison; all of it is masked if either side is secret.

        The argument of a function may be a copy, which only the parts around it identify.
        """
        if isinstance(part, Unchanged):
            return part
        secret = secret or any(id(side) in self.secrets for side in (part.old, part.new))
        if isinstance(part, Edit):
            return self.edit(part, secret=secret)
        show = self.masked if secret else self.shown
        inner = self.parts(part.parts, secret=secret)
        return Branch(part.key, show(part.old), show(part.new), inner, part.index)


def _mask(_: str) -> str:
    return HIDDEN


def _converted(node: Node, convert: Callable[[str], str], inner: Callable[[Node], Node]) -> Node:
    """Return a node with its string or the nodes inside it converted; itself if nothing changes."""
    if node.id == "alias":
        return node
    if node.id == "scalar":
        text = convert(node.text)
        if text == node.text:
            return node
        copy = copied(node)
        copy.text, copy.style = text, "" if text == HIDDEN else node.style
        return copy
    items = [inner(item) for item in node.items]
    merged = {key: inner(item) for key, item in node.fields.items()}
    if items == list(node.items) and merged == node.fields:
        return node
    copy = copied(node)
    if isinstance(copy, MapNode):
        copy.items, copy.merged = items, merged
    elif isinstance(copy, ListNode):
        copy.items = items
    return copy
