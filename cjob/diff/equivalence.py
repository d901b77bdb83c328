"""Keys that equal nodes share, so that long lists need no comparison of all pairs.

Equality of nodes is not transitive: `X` equals `!Ref X`, which equals `Ref: X`, which does not
equal `X`. So each node has a key that all nodes equal to it share; nodes that are not equal may
share it too. Only nodes with the same key are compared in full. Pure, with a cache.
"""

from cjob.diff import intrinsics
from cjob.diff.nodes import IGNORED, Node, ValueId

_PARTS = 2
"""The number of strings that GetAtt takes, which may be written as one."""


class EquivalenceKeys:
    """Computes equivalence keys, once for each value id."""

    def __init__(self) -> None:
        """Start with an empty cache."""
        self.known: dict[ValueId, object] = {}
        self.numbers: dict[object, int] = {}

    def may_be_equal(self, one: Node, other: Node) -> bool:
        """Return whether two nodes may be equal; False is certain."""
        keys = self.of(one), self.of(other)
        return None in keys or keys[0] == keys[1]

    def of(self, node: Node) -> object:
        """Return a node's key: a string, a number, or None if it may be equal to any node."""
        if not node.value_id:
            return self._found(node)
        if node.value_id not in self.known:
            self.known[node.value_id] = self._found(node)
        return self.known[node.value_id]

    def _found(self, node: Node) -> object:
        function = intrinsics.function_of(node)
        if function == intrinsics.GET_ATT and not _splits_plainly(intrinsics.argument(node)):
            return None
        if function and node.id == "mapping":
            return self.of(node.items[0])
        if node.id == "scalar":
            return node.text
        if node.id == "alias":
            return self._number(("*", node.text))
        if node.id == "sequence":
            return self._of_list([self.of(item) for item in node.items])
        fields = [(key, self.of(item)) for key, item in node.fields.items() if key != IGNORED]
        return None if any(like is None for _, like in fields) else self._number(frozenset(fields))

    def _of_list(self, items: list[object]) -> object:
        if None in items:
            return None
        texts = [item for item in items if isinstance(item, str)]
        if len(items) == len(texts) <= _PARTS:
            return ".".join(texts)
        return self._number(tuple(items))

    def _number(self, value: object) -> int:
        return self.numbers.setdefault(value, len(self.numbers))


def _splits_plainly(argument: Node) -> bool:
    """Return whether joining the parts of GetAtt's argument gives its text again."""
    if argument.id != "scalar" or not argument.text:
        return True
    return all(part and part == part.strip() for part in argument.text.split(".", 1))
