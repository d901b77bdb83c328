"""The kinds of value that a manifest's fields can have, and how each is read from YAML nodes.

Takes nodes, gives tree values, reports what doesn't fit with its place. The rules for fields with
several forms are Copilot's: the first form wins as soon as any part of it is there, and parts of it
that can't be read are lost; cjob warns where that happens. Touches nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Protocol

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from cjob.document.records import NOTHING, dataclass
from cjob.manifest import durations
from cjob.manifest.model import Import, SecretsManagerSecret
from cjob.manifest.report import Report, one_of, shown
from cjob.manifest.tree import Items, Leaf, Null, Raw, Scalar, Section, Unreadable, Value
from cjob.yamlio import yaml12

UNSIGNED_32 = 2**32


class Kind(Protocol):
    """What a field holds."""

    @property
    def empty(self) -> Scalar | None:
        """What is left of a wrong value in a form that is kept nevertheless; None: nothing."""

    def read(self, node: Node, path: str, report: Report) -> Value:
        """Read a value that is not null; report what is wrong with it under the field's path."""


class Text:
    """A text: the source text of any scalar."""

    empty: ClassVar[Scalar | None] = ""

    def read(self, node: Node, path: str, report: Report) -> Value:
        """Read any scalar."""
        if isinstance(node, ScalarNode):
            text = yaml12.as_text(node)
            if text is not None:
                return Leaf(node, text)
        return _wrong(node, path, "a text", "write one text", report)


@dataclass(frozen=True)
class Number:
    """A whole number; one with a fraction is cut."""

    minimum: int | None = None
    limit: int | None = None
    empty = 0

    def read(self, node: Node, path: str, report: Report) -> Value:
        """Read an unquoted number."""
        number = yaml12.as_integer(node) if isinstance(node, ScalarNode) else None
        low = self.minimum is not None and number is not None and number < self.minimum
        high = self.limit is not None and number is not None and number >= self.limit
        if number is None or low or high:
            hint = (
                "write it as in 512, without quotes (what is put in for ${NAME} is always a text)"
            )
            if low or high:
                hint = f"the number must be from {self.minimum} to {(self.limit or 0) - 1}"
            return _wrong(node, path, "a whole number", hint, report)
        return Leaf(node, number)


class Flag:
    """A boolean."""

    empty: ClassVar[Scalar | None] = False

    def read(self, node: Node, path: str, report: Report) -> Value:
        """Read a boolean in any of YAML's spellings."""
        flag = yaml12.as_boolean(node) if isinstance(node, ScalarNode) else None
        if flag is None:
            return _wrong(
                node, path, "true or false", "write true or false, without quotes", report
            )
        return Leaf(node, flag)


class Duration:
    """A length of time, in nanoseconds."""

    empty: ClassVar[Scalar | None] = 0

    def read(self, node: Node, path: str, report: Report) -> Value:
        """Read a text such as `10s`; a bare number is none, not even 0."""
        texts = isinstance(node, ScalarNode) and node.tag == yaml12.STR
        length = durations.nanoseconds(node.value) if texts else None
        if length is None:
            return _wrong(node, path, "a length of time", f"write {durations.FORM}", report)
        return Leaf(node, length)


class Anything:
    """Any YAML, kept as its node."""

    empty: ClassVar[Scalar | None] = None

    def read(self, node: Node, path: str, report: Report) -> Value:  # noqa: ARG002 - as all kinds
        """Keep the node."""
        return Raw(node)


@dataclass(frozen=True)
class ListOf:
    """A list of one kind of items; empty items are left out."""

    item: Kind
    empty = None

    def read(self, node: Node, path: str, report: Report) -> Value:
        """Read each item; unreadable ones are reported and left out."""
        if not isinstance(node, SequenceNode):
            return _wrong(node, path, "a list", "write one item a line, each after '- '", report)
        values = []
        for index, child in enumerate(node.value):
            if _is_null(child):
                report.warn(child, f"'{path}[{index}]' is empty and left out")
                continue
            value = self.item.read(child, f"{path}[{index}]", report)
            if not isinstance(value, Unreadable):
                values.append(value)
        return Items(node, tuple(values))


@dataclass(frozen=True)
class MapOf:
    """A map from names that the person chooses to one kind of value.

    `when_null` makes the value of a name with nothing behind it.
    """

    item: Kind
    when_null: Callable[[Node], Value] = Null
    empty = None

    def read(self, node: Node, path: str, report: Report) -> Value:
        """Read each value; unreadable ones are reported."""
        if not isinstance(node, MappingNode):
            return _wrong(node, path, "a map", "write one 'NAME: value' a line", report)
        found = _entries(node, report)
        if found is None:
            return Unreadable(node)
        values: dict[str, Value] = {}
        for key, _, child in found:
            if _is_null(child):
                values[key] = self.when_null(child)
                continue
            value = self.item.read(child, f"{path}.{key}", report)
            if not (report.trial and isinstance(value, Unreadable)):
                values[key] = value
        return Section(node, "", values)


@dataclass(frozen=True)
class Fields:
    """A section with known fields.

    `idle` says for keys without any effect why they have none; every other unknown key is ignored
    with a warning, which knows the `homes` of keys that belong elsewhere. `check` looks at the
    whole section once it is read.
    """

    name: str
    fields: Mapping[str, Kind]
    idle: Mapping[str, str] = NOTHING
    homes: Mapping[str, str] = NOTHING
    check: Callable[[Section, Report], None] | None = None
    empty = None

    def read(self, node: Node, path: str, report: Report) -> Value:
        """Read every known field that is there."""
        if not isinstance(node, MappingNode):
            hint = f"its fields are {', '.join(sorted(self.fields))}"
            return _wrong(node, path, "a section with fields", hint, report)
        found = _entries(node, report)
        return Unreadable(node) if found is None else self.section(node, found, path, report)

    def section(
        self, node: MappingNode, found: Sequence[yaml12.Entry], path: str, report: Report
    ) -> Section:
        """Read the known ones of the fields that were found."""
        values: dict[str, Value] = {}
        for key, key_node, child in found:
            full = f"{path}.{key}" if path else key
            kind = self.fields.get(key)
            if key in self.idle:
                report.warn(key_node, f"{full!r} has no effect on a job: {self.idle[key]}")
            elif kind is None:
                _warn_unknown(key_node, full, key, self, report)
            if kind is not None:
                value = _read_field(kind, child, full, report)
                if value is not None:
                    values[key] = value
        section = Section(node, self.name, values)
        if self.check is not None:
            self.check(section, report)
        return section


def is_given(value: Value) -> bool:
    """Return whether anything of a form is there; an empty list or map of names counts."""
    if isinstance(value, Section) and value.name:
        return any(is_given(child) for child in value.fields.values())
    return not isinstance(value, Null | Unreadable)


def is_filled(value: Value) -> bool:
    """Return whether anything of a form is there; an empty list or map doesn't count."""
    if isinstance(value, Section) and value.name:
        return any(is_filled(child) for child in value.fields.values())
    if isinstance(value, Section):
        return bool(value.fields)
    if isinstance(value, Items):
        return bool(value.values)
    return not isinstance(value, Null | Unreadable)


@dataclass(frozen=True)
class Either:
    """A value with two forms; the second is tried where nothing of the first is there.

    `expected` names the forms for a message, `hint` shows them. A value in neither form is a
    hard fault unless `hard` is off. A `complete` form is only taken if nothing in it is wrong.
    """

    first: Kind
    second: Kind
    expected: str
    hint: str
    is_there: Callable[[Value], bool] = is_given
    hard: bool = True
    complete: bool = False
    empty = None

    def read(self, node: Node, path: str, report: Report) -> Value:
        """Read the first form, or else the second."""
        attempt = report.attempt()
        value = self.first.read(node, path, attempt)
        if any(fault.hard for fault in attempt.faults):
            report.extend(attempt.faults)
            return Unreadable(node)
        if self.is_there(value) and not (self.complete and attempt.faults):
            for fault in attempt.faults:
                report.warn(fault.node, f"{fault.message}; this part is ignored")
            report.adopt(attempt)
            return value
        fallback = report.attempt()
        value = self.second.read(node, path, fallback)
        if not fallback.faults and is_given(value):
            report.adopt(fallback)
            return value
        telling = _telling(attempt, fallback, node)
        for fault in telling:
            report.fault(fault.node, fault.message, fault.hint, hard=self.hard)
        if not telling:
            message = f"{path!r} must be {self.expected}, not {_shown_form(node)}"
            report.fault(node, message, self.hint, hard=self.hard)
        return Unreadable(node)


@dataclass(frozen=True)
class Reference:
    """A text, or a name of something elsewhere: `from_cfn`, and for secrets `secretsmanager`."""

    form: Either
    empty = None

    def read(self, node: Node, path: str, report: Report) -> Value:
        """Read the name behind a key that says where, or else a text."""
        value = self.form.read(node, path, report)
        if not isinstance(value, Section):
            return value
        name = value.text("secretsmanager")
        if name is not None:
            return Leaf(node, SecretsManagerSecret(name=name))
        return Leaf(node, Import(export=value.text("from_cfn") or ""))


def reference(*keys: str) -> Reference:
    """Make the kind of a text that may instead be a section with one of some keys."""
    form = Either(
        first=Fields("reference", dict.fromkeys(keys, Text())),
        second=Text(),
        expected=f"a text or a section with {one_of(keys)}",
        hint=f"write a text, or {{{keys[0]}: name}}",
    )
    return Reference(form)


def _read_field(kind: Kind, node: Node, path: str, report: Report) -> Value | None:
    if _is_null(node):
        return Null(node)
    value = kind.read(node, path, report)
    if report.trial and isinstance(value, Unreadable):
        return None if kind.empty is None else Leaf(node, kind.empty)
    return value


def _entries(node: MappingNode, report: Report) -> list[yaml12.Entry] | None:
    # A section with a key twice is none at all, which matters only while forms are tried.
    known = len(report.faults)
    found = yaml12.entries(node, report.faults)
    return None if report.trial and len(report.faults) > known else found


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.tag == yaml12.NULL


def _wrong(node: Node, path: str, expected: str, hint: str, report: Report) -> Unreadable:
    report.fault(node, f"{path!r} must be {expected}, not {shown(node)}", hint)
    return Unreadable(node)


def _telling(attempt: Report, fallback: Report, node: Node) -> list[yaml12.Fault]:
    # A fault of the value as a whole only says that it has the other form.
    inner = [fault for fault in attempt.faults if fault.node is not node]
    return inner or [fault for fault in fallback.faults if fault.node is not node]


def _shown_form(node: Node) -> str:
    if isinstance(node, MappingNode):
        keys = [repr(key.value) for key, _ in node.value if isinstance(key, ScalarNode)]
        return f"a section with {', '.join(keys)}" if keys else "an empty section"
    if isinstance(node, SequenceNode) and not node.value:
        return "an empty list"
    return shown(node)


def _warn_unknown(node: Node, path: str, key: str, section: Fields, report: Report) -> None:
    if key.startswith("x-"):
        # The usual prefix for sections that only hold anchors.
        return
    import difflib  # noqa: PLC0415 - only needed for a mistake, and slow to import

    known = {name: name for name in section.fields} | dict(section.homes)
    at_home = [key.lower()] if key.lower() in section.homes else []
    near = at_home or difflib.get_close_matches(key.lower(), list(known), n=1)
    ask = f"; did you mean {known[near[0]]!r}?" if near else ""
    report.warn(node, f"{path!r} is not a field of a job and is ignored{ask}")
