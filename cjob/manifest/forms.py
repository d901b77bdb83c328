"""The types of manifest fields with several forms, such as a string or a mapping.

The rules are Copilot's: the first form is used as soon as any part of it is given, and parts of it
that cannot be read are dropped; cjob warns about those. Pure.
"""

from collections.abc import Callable

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from cjob.document.records import dataclass
from cjob.manifest.field_types import RAW_STRING, STRING, Field, Fields, FieldType, String
from cjob.manifest.report import Report, one_of, shown
from cjob.manifest.tree import Items, Leaf, Null, Section, Unreadable, Value
from cjob.manifest.values import Import, SecretsManagerSecret
from cjob.yamlio.entries import Fault


def is_given(value: Value) -> bool:
    """Return whether any part of a form is given; an empty list or map of names counts."""
    if isinstance(value, Section) and value.name:
        return any(is_given(child) for child in value.fields.values())
    return not isinstance(value, Null | Unreadable)


def is_filled(value: Value) -> bool:
    """Return whether any part of a form is given; an empty list or map does not count."""
    if isinstance(value, Section) and value.name:
        return any(is_filled(child) for child in value.fields.values())
    if isinstance(value, Section):
        return bool(value.fields)
    if isinstance(value, Items):
        return bool(value.values)
    return not isinstance(value, Null | Unreadable)


@dataclass(frozen=True)
class OneOf:
    """A value with two forms; the second is tried if no part of the first is given.

    `expected` names the forms for a message, `hint` shows them. A value in neither form is a
    hard error unless `hard` is off. A `strict` first form is only used if nothing in it is wrong.
    """

    first: FieldType
    second: FieldType
    expected: str
    hint: str
    is_given: Callable[[Value], bool] = is_given
    hard: bool = True
    strict: bool = False
    fallback = None

    def read(self, node: Node, path: str, report: Report) -> Value:
        """Return the value in the first form, or else in the second."""
        attempt = report.speculate()
        value = self.first.read(node, path, attempt)
        if any(error.hard for error in attempt.errors):
            report.extend(attempt.errors)
            return Unreadable(node)
        if self.is_given(value) and not (self.strict and attempt.errors):
            for error in attempt.errors:
                report.warn(error.node, f"{error.message}; this part is ignored")
            report.merge(attempt)
            return value
        second = report.speculate()
        value = self.second.read(node, path, second)
        if not second.errors and is_given(value):
            report.merge(second)
            return value
        specific = _specific_errors(attempt, second, node)
        for error in specific:
            report.error(error.node, error.message, error.hint, hard=self.hard)
        if not specific:
            message = f"{path}: must be {self.expected}, not {_shown_form(node)}"
            report.error(node, message, self.hint, hard=self.hard)
        return Unreadable(node)


@dataclass(frozen=True)
class Reference:
    """A string, or a reference to a value elsewhere: see `reference`.

    A `raw_export` is put into the template without quotes.
    """

    form: OneOf
    raw_export: bool = False
    fallback = None

    def read(self, node: Node, path: str, report: Report) -> Value:
        """Return the reference, or else the string."""
        value = self.form.read(node, path, report)
        if not isinstance(value, Section):
            return value
        name = value.string("secretsmanager")
        if name is not None:
            return Leaf(node, SecretsManagerSecret(name=name))
        return Leaf(node, Import(export=value.string("from_cfn") or ""))


_REFERENCES = {
    "from_cfn": Field(STRING, "The name of another stack's export."),
    "secretsmanager": Field(STRING, "A secret's name, or name:key:stage:version."),
}


def reference(*keys: str, string: String = STRING, raw_export: bool = False) -> Reference:
    """Return the type of a string that may be a reference: a section with one of these keys."""
    form = OneOf(
        first=Fields("reference", {key: _REFERENCES[key] for key in keys}),
        second=string,
        expected=f"a string or a mapping with {one_of(keys)}",
        hint=f"write a string, or {{{keys[0]}: name}}",
    )
    return Reference(form, raw_export)


STRING_OR_IMPORT = reference("from_cfn")
RAW_STRING_OR_IMPORT = reference("from_cfn", string=RAW_STRING, raw_export=True)


def _specific_errors(first: Report, second: Report, node: Node) -> list[Fault]:
    # An error about the value as a whole only means that it has the other form.
    inner = [error for error in first.errors if error.node is not node]
    return inner or [error for error in second.errors if error.node is not node]


def _shown_form(node: Node) -> str:
    if isinstance(node, MappingNode):
        keys = [repr(key.value) for key, _ in node.value if isinstance(key, ScalarNode)]
        return f"a mapping with {', '.join(keys)}" if keys else "an empty mapping"
    if isinstance(node, SequenceNode) and not node.value:
        return "an empty list"
    return shown(node)
