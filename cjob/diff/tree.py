"""The result of a comparison: a tree of differences, in the order in which they are rendered.

Plain data. A difference's `key` is its key in a mapping, or None for an item of a list.
"""

from dataclasses import dataclass
from typing import TypeAlias

from cjob.diff.nodes import Document, Node


@dataclass(frozen=True, slots=True)
class Edit:
    """A value that was added (no `old`), removed (no `new`) or replaced.

    `index` is the position of a list item: of a removed one in the old list, else in the new one.
    """

    key: str | None
    old: Node | None
    new: Node | None
    index: int = -1


@dataclass(frozen=True, slots=True)
class Branch:
    """A mapping, list or function call with differences inside; `index` as in Edit."""

    key: str | None
    old: Node
    new: Node
    parts: "tuple[Part, ...]"
    index: int = -1


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A run of list items that are equal on both sides."""

    count: int


Difference: TypeAlias = Edit | Branch
Part: TypeAlias = Edit | Branch | Unchanged


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two documents and what differs; `whole` is set if one of them has no content.

    It contains secrets, so it cannot be rendered: `redact` makes a Redacted of it first.
    """

    old: Document
    new: Document
    parts: tuple[Part, ...] = ()
    whole: Edit | None = None

    @property
    def changed(self) -> bool:
        """Return whether anything differs."""
        return bool(self.parts) or self.whole is not None


@dataclass(frozen=True, slots=True)
class Redacted:
    """A comparison whose secrets are masked; what renders and lists differences takes only this.

    `old` and `new` are the roots of the two documents, and `same_text` says whether the documents
    were equal as text.
    """

    old: Node | None
    new: Node | None
    same_text: bool
    parts: tuple[Part, ...] = ()
    whole: Edit | None = None

    @property
    def changed(self) -> bool:
        """Return whether anything differs."""
        return bool(self.parts) or self.whole is not None
