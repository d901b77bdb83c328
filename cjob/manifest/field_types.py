"""The types of manifest fields, and how each is read from YAML nodes.

Takes nodes, returns tree values, and reports values of a wrong type with their place. Types with
several forms are in `forms`. Pure.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, NamedTuple, Protocol

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from cjob.document.records import EMPTY, dataclass
from cjob.manifest import durations
from cjob.manifest.report import Report, quoted, shown
from cjob.manifest.tree import Items, Leaf, Null, Raw, Scalar, Section, Unreadable, Value
from cjob.reporting.suggestions import nearest
from cjob.yamlio.entries import Entry, entries
from cjob.yamlio.nodes import NULL, STR
from cjob.yamlio.scalars import as_boolean, as_integer, as_text

UINT32_LIMIT = 2**32


class FieldType(Protocol):
    """The type of a field's value."""

    @property
    def fallback(self) -> Scalar | None:
        """The value that replaces an unreadable one in a form that is kept; None: no value."""

    def read(self, node: Node, path: str, report: Report) -> Value:
        """Return the value of a node that is not null; report errors under the field's path."""


class Field(NamedTuple):
    """A field of a section: its type, and its description for editors.

    `schema` replaces the JSON Schema of the type, if rules allow fewer values than the type.
    """

    type: FieldType
    description: str = ""
    schema: Mapping[str, object] = EMPTY


@dataclass(frozen=True)
class String:
    """A string: the source text of any scalar.

    `raw` returns those parts of it that are put into the template without quotes.
    """

    raw: Callable[[str], tuple[str, ...]] | None = None
    fallback = ""

    def read(self, node: Node, path: str, report: Report) -> Value:
        """Return the scalar's text."""
        if isinstance(node, ScalarNode):
            text = as_text(node)
            if text is not None:
                return Leaf(node, text)
        return _wrong_type(node, path, "a string", "write a single value", report)


@dataclass(frozen=True)
class Integer:
    """A whole number; a fraction is cut off."""

    minimum: int | None = None
    limit: int | None = None
    fallback = 0

    def read(self, node: Node, path: str, report: Report) -> Value:
        """Return the number; a quoted one is an error."""
        number = as_integer(node) if isinstance(node, ScalarNode) else None
        low = self.minimum is not None and number is not None and number < self.minimum
        high = self.limit is not None and number is not None and number >= self.limit
        if number is None or low or high:
            hint = "write it without quotes, as in 512 (the value of ${NAME} is always a string)"
            if low or high:
                hint = f"write a number from {self.minimum} to {(self.limit or 0) - 1}"
            return _wrong_type(node, path, "a whole number", hint, report)
        return Leaf(node, number)


class Boolean:
    """A boolean."""

    fallback: ClassVar[Scalar | None] = False

    def read(self, node: Node, path: str, report: Report) -> Value:
        """Return the boolean, which can have any of YAML's spellings."""
        flag = as_boolean(node) if isinstance(node, ScalarNode) else None
        if flag is None:
            hint = "write true or false, without quotes"
            return _wrong_type(node, path, "a boolean", hint, report)
        return Leaf(node, flag)


class Duration:
    """A duration such as `10s`, in nanoseconds."""

    fallback: ClassVar[Scalar | None] = durations.Nanoseconds(0)

    def read(self, node: Node, path: str, report: Report) -> Value:
        """Return the duration; a number without a unit is an error, even 0."""
        is_string = isinstance(node, ScalarNode) and node.tag == STR
        length = durations.parse(node.value) if is_string else None
        if length is None:
            hint = durations.hint(node.value if isinstance(node, ScalarNode) else "")
            return _wrong_type(node, path, "a duration", hint, report)
        return Leaf(node, length)


class Anything:
    """Any YAML, kept as its node."""

    fallback: ClassVar[Scalar | None] = None

    def read(self, node: Node, path: str, report: Report) -> Value:  # noqa: ARG002 - the protocol's
        """Return the node."""
        return Raw(node)


@dataclass(frozen=True)
class ListOf:
    """A list of items of one type; empty items are left out."""

    item: FieldType
    fallback = None

    def read(self, node: Node, path: str, report: Report) -> Value:
        """Return the items; unreadable ones are reported and left out."""
        if not isinstance(node, SequenceNode):
            hint = "write one item per line, each after '- '"
            return _wrong_type(node, path, "a list", hint, report)
        values = []
        for index, child in enumerate(node.value):
            if _is_null(child):
                report.warn(child, f"{path}[{index}]: empty item is ignored")
                continue
            value = self.item.read(child, f"{path}[{index}]", report)
            if not isinstance(value, Unreadable):
                values.append(value)
        return Items(node, tuple(values))


@dataclass(frozen=True)
class MapOf:
    """A mapping from names that the user chooses to values of one type.

    `when_null` makes the value of a name without one; `raw_names` are put into the template
    without quotes.
    """

    item: FieldType
    when_null: Callable[[Node], Value] = Null
    raw_names: bool = False
    fallback = None

    def read(self, node: Node, path: str, report: Report) -> Value:
        """Return the values by name; unreadable ones are reported."""
        if not isinstance(node, MappingNode):
            return _wrong_type(node, path, "a mapping", "write one 'NAME: value' per line", report)
        found = _entries(node, report)
        if found is None:
            return Unreadable(node)
        values: dict[str, Value] = {}
        for key, _, child in found:
            if _is_null(child):
                values[key] = self.when_null(child)
                continue
            value = self.item.read(child, f"{path}.{key}", report)
            if not (report.speculative and isinstance(value, Unreadable)):
                values[key] = value
        return Section(node, "", values)


@dataclass(frozen=True)
class Fields:
    """A section: a mapping with known fields.

    `ignored` explains for keys without any effect why they have none. Every other unknown key is
    ignored with a warning; `moved_to` tells which field to use instead. `check` is called with
    each section that was read, before environments are merged.
    """

    name: str
    fields: Mapping[str, Field]
    ignored: Mapping[str, str] = EMPTY
    moved_to: Mapping[str, str] = EMPTY
    check: Callable[[Section, Report], None] | None = None
    fallback = None

    def read(self, node: Node, path: str, report: Report) -> Value:
        """Return the section with its known fields."""
        if not isinstance(node, MappingNode):
            hint = f"its fields are {', '.join(sorted(self.fields))}"
            return _wrong_type(node, path, "a mapping", hint, report)
        found = _entries(node, report)
        return Unreadable(node) if found is None else self.section(node, found, path, report)

    def section(
        self, node: MappingNode, found: Sequence[Entry], path: str, report: Report
    ) -> Section:
        """Return the section with those entries that are known fields."""
        values: dict[str, Value] = {}
        for key, key_node, child in found:
            full = f"{path}.{key}" if path else key
            field = self.fields.get(key)
            if key in self.ignored:
                report.warn(key_node, f"{full}: has no effect on a job: {self.ignored[key]}")
            elif field is None:
                _warn_unknown(key_node, full, key, self, report)
            if field is not None:
                value = _read_field(field.type, child, full, report)
                if value is not None:
                    values[key] = value
        section = Section(node, self.name, values)
        if self.check is not None:
            self.check(section, report)
        return section


def is_readable(section: Section) -> bool:
    """Return whether no field of a section has a value of a wrong type."""
    return not any(isinstance(value, Unreadable) for value in section.fields.values())


def reject_empty_entries(entries: Section, what: str, report: Report) -> None:
    """Check that no entry of a map is a name without a value; `what` is for the message."""
    for name, value in entries.fields.items():
        if isinstance(value, Null):
            message = f"{what} {quoted(name)}: has no fields"
            hint = f"remove it, or add the fields of the {what} below it"
            report.error(value.node, message, hint)


STRING = String()
RAW_STRING = String(raw=lambda text: (text,))
INTEGER = Integer()
BOOLEAN = Boolean()
STRINGS = ListOf(STRING)


def empty_string(node: Node) -> Leaf:
    """Return an empty string, for maps whose values are strings."""
    return Leaf(node, "")


STRING_MAP = MapOf(STRING, when_null=empty_string)


def _read_field(kind: FieldType, node: Node, path: str, report: Report) -> Value | None:
    if _is_null(node):
        return Null(node)
    value = kind.read(node, path, report)
    if report.speculative and isinstance(value, Unreadable):
        return None if kind.fallback is None else Leaf(node, kind.fallback)
    return value


def _entries(node: MappingNode, report: Report) -> list[Entry] | None:
    # A section with a duplicate key is unreadable, which matters only while forms are tried.
    known = len(report.errors)
    found = entries(node, report.errors)
    return None if report.speculative and len(report.errors) > known else found


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.tag == NULL


def _wrong_type(node: Node, path: str, expected: str, hint: str, report: Report) -> Unreadable:
    is_scalar = isinstance(node, ScalarNode)
    problem = (
        f"{shown(node)} is not {expected}"
        if is_scalar
        else f"must be {expected}, not {shown(node)}"
    )
    report.error(node, f"{path}: {problem}", hint)
    return Unreadable(node)


def _warn_unknown(node: Node, path: str, key: str, section: Fields, report: Report) -> None:
    if key.startswith("x-"):
        # The usual prefix of sections that only hold anchors.
        return
    known = {name: name for name in section.fields} | dict(section.moved_to)
    typed = key.lower()
    near = typed if typed in section.moved_to else nearest(typed, known)
    ask = f"; did you mean {known[near]!r}?" if near else ""
    report.warn(node, f"{path}: unknown field is ignored{ask}")
