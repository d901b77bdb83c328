"""Resolve a template with its parameters: the resources and outputs that CloudFormation sees.

Pure; works on templates as JSON values, with functions in long form. Parameters, conditions and
mappings are resolved as far as the template defines them; what only AWS knows, such as an attribute
of a resource, stays as it is written. If two templates resolve to the same, CloudFormation rejects
the update as empty, whatever else differs.
"""

import re
from collections.abc import Mapping
from typing import Any

from cjob.document.records import EMPTY, dataclass

Value = Any
"""A JSON value of a template."""

_VARIABLE = re.compile(r"\$\{([^!{}]+)\}")
_NOTHING = {"Ref": "AWS::NoValue"}
_ADDONS = "AddonsStack"


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """Resources and outputs by name, without those whose condition is false."""

    resources: Mapping[str, Mapping[str, Value]] = EMPTY
    outputs: Mapping[str, Value] = EMPTY
    transform: Value = None

    @property
    def addons_parameters(self) -> Mapping[str, Value]:
        """Return the parameters that a job's stack passes to its addons stack."""
        given = _mapping(self.resources.get(_ADDONS)).get("Properties")
        found = _mapping(_mapping(given).get("Parameters"))
        # What is unknown refers to this template; the same text in another one has another meaning.
        return {k: v if isinstance(v, str) else {"Outer": v} for k, v in found.items()}


def resolve(template: Value, parameters: Mapping[str, Value]) -> Resolved:
    """Resolve a template; parameters without a value have their default."""
    sections = _mapping(template)
    declared = _mapping(sections.get("Parameters"))
    defaults = {k: _text(v["Default"]) for k, v in declared.items() if "Default" in _mapping(v)}
    resolver = _Resolver(sections, {**defaults, **parameters})
    return Resolved(
        resources=resolver.named("Resources"),
        outputs=resolver.named("Outputs"),
        transform=sections.get("Transform"),
    )


class _Resolver:
    """The values of one template."""

    def __init__(self, sections: Mapping[str, Value], parameters: Mapping[str, Value]) -> None:
        self._sections = sections
        self._parameters = parameters
        self._deciding: set[str] = set()

    def named(self, section: str) -> dict[str, Mapping[str, Value]]:
        """Return the resources or outputs whose condition is not false."""
        found: dict[str, Mapping[str, Value]] = {}
        for name, value in _mapping(self._sections.get(section)).items():
            condition = _mapping(value).get("Condition")
            truth = self._condition(condition) if isinstance(condition, str) else True
            if truth is False:
                continue
            resolved = {k: self._value(v) for k, v in _mapping(value).items() if k != "Condition"}
            found[name] = resolved if truth is True else {**resolved, "Condition": truth}
        return found

    def _value(self, value: Value) -> Value:
        if isinstance(value, list):
            return [one for one in map(self._value, value) if one != _NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            function = _FUNCTIONS.get(name)
            if function is not None:
                return function(self, argument)
        inner = {key: self._value(one) for key, one in value.items()}
        return {key: one for key, one in inner.items() if one != _NOTHING}

    def _ref(self, name: Value) -> Value:
        return self._parameters.get(name, {"Ref": name}) if isinstance(name, str) else {"Ref": name}

    def _sub(self, argument: Value) -> Value:
        match argument:
            case str(text):
                own: Mapping[str, Value] = EMPTY
            case [str(text), dict(own)]:
                pass
            case _:
                return {"Fn::Sub": argument}
        known = {name: self._value(value) for name, value in own.items()}
        for name in _VARIABLE.findall(text):
            if name not in known and name in self._parameters:
                known[name] = self._parameters[name]
        texts = {name: value for name, value in known.items() if isinstance(value, str)}
        text = _VARIABLE.sub(lambda found: texts.get(found[1], found[0]), text)
        rest = {name: value for name, value in known.items() if name not in texts}
        if not _VARIABLE.search(text):
            return text.replace("${!", "${")
        return {"Fn::Sub": [text, rest] if rest else text}

    def _if(self, argument: Value) -> Value:
        match argument:
            case [condition, then, otherwise]:
                truth = self._condition(condition)
            case _:
                return {"Fn::If": argument}
        if isinstance(truth, bool):
            return self._value(then if truth else otherwise)
        return {"Fn::If": [truth, self._value(then), self._value(otherwise)]}

    def _find_in_map(self, argument: Value) -> Value:
        keys = self._value(argument)
        found: Value = self._sections.get("Mappings")
        for key in keys if isinstance(keys, list) else [None]:
            found = _mapping(found).get(key) if isinstance(key, str) else None
        return {"Fn::FindInMap": keys} if found is None else found

    def _join(self, argument: Value) -> Value:
        match self._value(argument):
            case [str(separator), [*parts]] if all(isinstance(part, str) for part in parts):
                return separator.join(parts)
            case other:
                return {"Fn::Join": other}

    def _condition(self, name: Value) -> Value:
        """Return True or False, or the definition of a condition that cannot be decided here."""
        definition = _mapping(self._sections.get("Conditions")).get(name)
        if definition is None or name in self._deciding:
            return {"Condition": name}
        self._deciding.add(name)
        try:
            return self._truth(definition)
        finally:
            self._deciding.discard(name)

    def _truth(self, expression: Value) -> Value:
        match expression:
            case {"Condition": name}:
                return self._condition(name)
            case {"Fn::Equals": [one, other]}:
                both = [_text(self._value(one)), _text(self._value(other))]
                known = all(isinstance(value, str) for value in both)
                return both[0] == both[1] if known else {"Fn::Equals": both}
            case {"Fn::Not": [inner]}:
                truth = self._truth(inner)
                return not truth if isinstance(truth, bool) else {"Fn::Not": [truth]}
            case {"Fn::And": [*parts]}:
                return _combined("Fn::And", [self._truth(part) for part in parts], decides=False)
            case {"Fn::Or": [*parts]}:
                return _combined("Fn::Or", [self._truth(part) for part in parts], decides=True)
            case _:
                return expression


def _combined(function: str, truths: list[Value], *, decides: bool) -> Value:
    """Return the result of `Fn::And` or `Fn::Or`; one deciding operand is enough."""
    if any(truth is decides for truth in truths):
        return decides
    rest = [truth for truth in truths if not isinstance(truth, bool)]
    return {function: rest} if rest else not decides


_FUNCTIONS = {
    "Ref": _Resolver._ref,  # noqa: SLF001 - of the class above
    "Fn::Sub": _Resolver._sub,  # noqa: SLF001
    "Fn::If": _Resolver._if,  # noqa: SLF001
    "Fn::FindInMap": _Resolver._find_in_map,  # noqa: SLF001
    "Fn::Join": _Resolver._join,  # noqa: SLF001
}


def _text(value: Value) -> Value:
    """Return a scalar as CloudFormation compares it: as a string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _mapping(value: Value) -> Mapping[str, Value]:
    return value if isinstance(value, dict) else EMPTY
