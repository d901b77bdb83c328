"""The tree of a manifest's values, each with its YAML node.

A tree distinguishes values that are absent (not in the tree), null (`Null`), unreadable (already
reported) and given. Trees are merged and checked; the last step converts one into a Job. Pure.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from yaml.nodes import MappingNode, Node

from cjob.manifest.values import Import, Secret, SecretsManagerSecret

Scalar = str | int | bool | Import | SecretsManagerSecret


class Leaf(NamedTuple):
    """A scalar."""

    node: Node
    value: Scalar


class Null(NamedTuple):
    """A key without a value: it removes a default, but not the value of the base."""

    node: Node


class Unreadable(NamedTuple):
    """A value of a wrong type, which was reported."""

    node: Node


class Raw(NamedTuple):
    """Any YAML, kept as its node."""

    node: Node


class Items(NamedTuple):
    """A list."""

    node: Node
    values: tuple["Value", ...]

    def strings(self) -> tuple[str, ...]:
        """Return the items that are strings."""
        return tuple(
            item.value
            for item in self.values
            if isinstance(item, Leaf) and isinstance(item.value, str)
        )


class Section(NamedTuple):
    """A mapping: a section with known fields, or a map of names (`name` is empty then)."""

    node: Node
    name: str
    fields: Mapping[str, "Value"]

    def get(self, key: str) -> "Value | None":
        """Return the value of a key; None if it is absent or null."""
        value = self.fields.get(key)
        return None if isinstance(value, Null) else value

    def node_at(self, key: str) -> Node:
        """Return the node to point at in a message about a key: its value, or the section."""
        value = self.fields.get(key)
        return self.node if value is None else value.node

    def key_node(self, key: str) -> Node:
        """Return the node of a key; that of its value if the key comes from elsewhere."""
        written = self.node.value if isinstance(self.node, MappingNode) else ()
        keys = (name for name, _ in written)
        return next((name for name in keys if name.value == key), self.node_at(key))

    def string(self, key: str) -> str | None:
        """Return a string; None if it is absent or has another form."""
        value = self.get(key)
        return value.value if isinstance(value, Leaf) and isinstance(value.value, str) else None

    def integer(self, key: str) -> int | None:
        """Return a number or a duration; None if it is absent or has another form."""
        value = self.get(key)
        if not isinstance(value, Leaf) or isinstance(value.value, bool):
            return None
        return value.value if isinstance(value.value, int) else None

    def boolean(self, key: str) -> bool | None:
        """Return a boolean; None if it is absent or has another form."""
        value = self.get(key)
        return value.value if isinstance(value, Leaf) and isinstance(value.value, bool) else None

    def section(self, key: str) -> "Section":
        """Return a section; an empty one if it is absent or has another form."""
        value = self.get(key)
        return value if isinstance(value, Section) else Section(self.node, key, {})

    def items(self, key: str) -> tuple["Value", ...] | None:
        """Return the items of a list; None if it is absent or has another form."""
        value = self.get(key)
        return value.values if isinstance(value, Items) else None

    def sections(self, key: str) -> Iterator[tuple[str, "Section"]]:
        """Yield the sections of a map (sidecars, volumes), sorted by name."""
        found = self.section(key).fields
        for name in sorted(found):
            value = found[name]
            if isinstance(value, Section):
                yield name, value

    def section_list(self, key: str) -> Iterator["Section"]:
        """Yield the sections of a list (topics, mount points), in order."""
        for value in self.items(key) or ():
            if isinstance(value, Section):
                yield value

    def strings(self, key: str) -> dict[str, str]:
        """Return a map of strings, sorted by key."""
        found = self.section(key).fields
        return {
            name: value.value
            for name, value in sorted(found.items())
            if isinstance(value, Leaf) and isinstance(value.value, str)
        }

    def secrets(self, key: str) -> dict[str, Secret]:
        """Return a map of secrets or variables, sorted by key."""
        found = self.section(key).fields
        return {
            name: value.value
            for name, value in sorted(found.items())
            if isinstance(value, Leaf) and not isinstance(value.value, int)
        }

    def variables(self, key: str) -> dict[str, str | Import]:
        """Return a map of variables, sorted by key."""
        return {
            name: value
            for name, value in self.secrets(key).items()
            if not isinstance(value, SecretsManagerSecret)
        }


Value = Leaf | Null | Unreadable | Raw | Items | Section
