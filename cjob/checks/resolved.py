"""A rendered stack with its functions resolved, as CloudFormation will see it. Pure.

A value that only AWS knows stays the function that it is written as; scalars are strings, as they
are written.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from yaml.nodes import MappingNode, Node, SequenceNode

from cjob.document.models import Stack
from cjob.document.records import EMPTY, dataclass
from cjob.template import resolution
from cjob.yamlio import nodes, reader

_AFTER_PUSH = "known-after-push"
"""Stands for a value that is known after a push; it is also a valid image reference."""


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """The resources of a stack by logical id, without those whose condition is false.

    `missing` names the values that are known only after a push, as in the document.
    """

    resources: Mapping[str, Mapping[str, object]] = EMPTY
    missing: tuple[str, ...] = ()

    def properties(self, kind: str) -> Sequence[tuple[str, Mapping[str, object]]]:
        """Return logical id and properties of each resource of a type."""
        return [
            (name, properties)
            for name, resource in self.resources.items()
            if resource.get("Type") == kind
            and isinstance(properties := resource.get("Properties"), Mapping)
        ]


def resolve(stack: Stack, pseudo: Mapping[str, str]) -> Resolved:
    """Resolve a stack; raise InputError if its template is not YAML.

    `pseudo` has the pseudo parameters, such as AWS::Region.
    """
    root = reader.compose(stack.template, "stack.template")
    template = _plain(root) if root is not None else None
    known = {**stack.parameters, **pseudo, **dict.fromkeys(stack.missing, _AFTER_PUSH)}
    return Resolved(resources=resolution.resolve(template, known).resources, missing=stack.missing)


def _plain(node: Node) -> Any:  # noqa: ANN401 - a value of a template, as JSON has it
    """Return a node as plain values, with functions in long form."""
    value: Any = node.value
    if isinstance(node, MappingNode):
        value = {key.value: _plain(item) for key, item in node.value}
    elif isinstance(node, SequenceNode):
        value = [_plain(item) for item in node.value]
    if not node.tag.startswith("!"):
        return None if node.tag == nodes.NULL else value
    name = node.tag[1:]
    return {name if name in {"Ref", "Condition"} else f"Fn::{name}": value}
