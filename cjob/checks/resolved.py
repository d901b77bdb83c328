"""A rendered stack as CloudFormation will see it: functions replaced by their values.

Takes a stack with its template and parameters, and what is known of the account. What only AWS
knows (an attribute of a resource, another stack's export) is `UNKNOWN`. Scalars are the texts that
they are written with. Touches nothing.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from yaml.nodes import MappingNode, Node, SequenceNode

from cjob import yaml12
from cjob.plain import NOTHING, dataclass
from cjob.release import Stack

UNKNOWN: Final = object()
"""A value, or a text with a part, that only AWS knows."""

_ABSENT: Final = object()
_VARIABLE = re.compile(r"\$\{([^!{}][^{}]*)\}")


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """The resources of a stack by logical id; those whose condition does not hold are left out.

    `missing` names what only a push can give, as in the document.
    """

    resources: Mapping[str, Mapping[str, object]] = NOTHING
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

    `pseudo` has what CloudFormation knows by itself, such as AWS::Region.
    """
    root = yaml12.compose(stack.template, "stack.template")
    value = _plain(root) if root is not None else None
    if not isinstance(value, dict) or not isinstance(value.get("Resources"), dict):
        return Resolved()
    defaults = {
        name: declared["Default"]
        for name, declared in _mapping(value.get("Parameters")).items()
        if isinstance(declared, dict) and "Default" in declared
    }
    unknown = dict.fromkeys(stack.missing, UNKNOWN)
    known = {**defaults, **stack.parameters, **pseudo, **unknown, "AWS::NoValue": _ABSENT}
    resolver = _Resolver(known, _mapping(value.get("Conditions")))
    resources = {
        name: _mapping(resolver.value(resource))
        for name, resource in value["Resources"].items()
        if resolver.holds(_mapping(resource).get("Condition")) is not False
    }
    return Resolved(resources=resources, missing=stack.missing)


def _plain(node: Node) -> object:
    """Return a node as plain values: scalars as their texts, functions in long form."""
    value: object = node.value
    if isinstance(node, MappingNode):
        value = {key.value: _plain(item) for key, item in node.value}
    elif isinstance(node, SequenceNode):
        value = [_plain(item) for item in node.value]
    if not node.tag.startswith("!"):
        return None if node.tag == yaml12.NULL else value
    name = node.tag[1:]
    return {name if name in {"Ref", "Condition"} else f"Fn::{name}": value}


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _join(between: str, parts: object) -> object:
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        return UNKNOWN
    return between.join(parts)


class _Resolver:
    """Replaces functions of values that are known."""

    def __init__(self, known: Mapping[str, object], conditions: Mapping[str, object]) -> None:
        self._known = known
        self._conditions = conditions
        self._being_decided: set[str] = set()

    def holds(self, name: object) -> bool | None:
        """Return whether a condition holds; None if that is not known. None always does."""
        if name is None:
            return True
        if not isinstance(name, str) or name in self._being_decided:
            return None
        self._being_decided.add(name)
        try:
            return self._truth(self._conditions.get(name))
        finally:
            self._being_decided.discard(name)

    def value(self, value: object) -> object:
        """Return a value with functions replaced; `UNKNOWN` if it depends on what AWS knows."""
        if isinstance(value, list):
            items = [self.value(item) for item in value]
            return [item for item in items if item is not _ABSENT]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._call(name, argument)
        fields = {key: self.value(item) for key, item in value.items()}
        return {key: item for key, item in fields.items() if item is not _ABSENT}

    def _call(self, name: str, argument: object) -> object:
        match name, argument:
            case "Ref", str():
                return self._known.get(argument, UNKNOWN)
            case "Fn::Sub", str():
                return self._sub(argument, NOTHING)
            case "Fn::Sub", [str(text), dict(own)]:
                return self._sub(text, _mapping(self.value(own)))
            case "Fn::Join", [str(between), parts]:
                return _join(between, self.value(parts))
            case "Fn::If", [condition, then, otherwise]:
                holds = self.holds(condition)
                return UNKNOWN if holds is None else self.value(then if holds else otherwise)
        return UNKNOWN

    def _sub(self, text: str, own: Mapping[str, object]) -> object:
        names = _VARIABLE.findall(text)
        values = {name: own.get(name, self._known.get(name, UNKNOWN)) for name in names}
        if any(not isinstance(one, str) for one in values.values()):
            return UNKNOWN
        filled = _VARIABLE.sub(lambda found: str(values[found[1]]), text)
        return filled.replace("${!", "${")

    def _truth(self, condition: object) -> bool | None:
        """Return whether a condition's definition is true; None if that is not known."""
        match condition:
            case {"Condition": name}:
                return self.holds(name)
            case {"Fn::Equals": [one, other]}:
                return _equal(self.value(one), self.value(other))
            case {"Fn::Not": [inner]}:
                truth = self._truth(inner)
                return None if truth is None else not truth
            case {"Fn::And": [*parts]}:
                return _all([self._truth(part) for part in parts])
            case {"Fn::Or": [*parts]}:
                return _any([self._truth(part) for part in parts])
        return None


def _equal(one: object, other: object) -> bool | None:
    """Return whether values are equal; what only AWS knows is not empty."""
    if UNKNOWN in (one, other):
        return False if "" in (one, other) else None
    return one == other


def _all(truths: Sequence[bool | None]) -> bool | None:
    return False if False in truths else None if None in truths else True


def _any(truths: Sequence[bool | None]) -> bool | None:
    return True if True in truths else None if None in truths else False
