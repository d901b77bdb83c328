"""What reading a manifest's text gives before environments are merged: values, each with its node.

A tree keeps apart what is absent (not in the tree), empty (`Null`), unreadable (reported already)
and given. Merging and checking work on trees; building a Job is the last step. Nothing here acts.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from yaml.nodes import MappingNode, Node

from cjob.manifest.values import Import, Secret, SecretsManagerSecret

Scalar = str | int | bool | Import | SecretsManagerSecret


class Leaf(NamedTuple):
    """A single value; the one of a duration is in nanoseconds."""

    node: Node
    value: Scalar


class Null(NamedTuple):
    """A key with nothing behind it: it takes a default away, but not what is inherited."""

    node: Node


class Unreadable(NamedTuple):
    """A value of a wrong type; it was reported, and nothing more is to be said about it."""

    node: Node


class Raw(NamedTuple):
    """A value that is kept as its YAML node."""

    node: Node


class Items(NamedTuple):
    """A list."""

    node: Node
    values: tuple["Value", ...]

    def texts(self) -> tuple[str, ...]:
        """Return the items that are texts."""
        return tuple(
            item.value
            for item in self.values
            if isinstance(item, Leaf) and isinstance(item.value, str)
        )


class Section(NamedTuple):
    """A map: of known fields, or of names the person chose (its own `name` is empty then)."""

    node: Node
    name: str
    fields: Mapping[str, "Value"]

    def at(self, key: str) -> "Value | None":
        """Return what a key holds, None where it is absent or empty."""
        value = self.fields.get(key)
        return None if isinstance(value, Null) else value

    def node_at(self, key: str) -> Node:
        """Return the node to point at when talking about a key: its value, or the section."""
        value = self.fields.get(key)
        return self.node if value is None else value.node

    def key_node(self, key: str) -> Node:
        """Return the node of a key itself, or of its value if the key is not written here."""
        written = self.node.value if isinstance(self.node, MappingNode) else ()
        keys = (name for name, _ in written)
        return next((name for name in keys if name.value == key), self.node_at(key))

    def text(self, key: str) -> str | None:
        """Return a text field; None where it is absent, or holds another form."""
        value = self.at(key)
        return value.value if isinstance(value, Leaf) and isinstance(value.value, str) else None

    def number(self, key: str) -> int | None:
        """Return a number field, or a duration in nanoseconds; None where it is absent."""
        value = self.at(key)
        if not isinstance(value, Leaf) or isinstance(value.value, bool):
            return None
        return value.value if isinstance(value.value, int) else None

    def flag(self, key: str) -> bool | None:
        """Return a boolean field; None where it is absent, or holds another form."""
        value = self.at(key)
        return value.value if isinstance(value, Leaf) and isinstance(value.value, bool) else None

    def section(self, key: str) -> "Section":
        """Return a section; an empty one where it is absent, or holds another form."""
        value = self.at(key)
        return value if isinstance(value, Section) else Section(self.node, key, {})

    def items(self, key: str) -> tuple["Value", ...] | None:
        """Return a list; None where it is absent, or holds another form."""
        value = self.at(key)
        return value.values if isinstance(value, Items) else None

    def sections(self, key: str) -> Iterator[tuple[str, "Section"]]:
        """Yield the named sections of a map (sidecars, volumes), sorted by name."""
        found = self.section(key).fields
        for name in sorted(found):
            value = found[name]
            if isinstance(value, Section):
                yield name, value

    def listed(self, key: str) -> Iterator["Section"]:
        """Yield the sections of a list (topics, mount points), in order."""
        for value in self.items(key) or ():
            if isinstance(value, Section):
                yield value

    def texts(self, key: str) -> dict[str, str]:
        """Return a map of texts, sorted by key."""
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
