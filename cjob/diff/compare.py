"""Compare two templates; the result is a tree of differences.

Pure. Equal parts are recognized by their value id (see nodes) and not descended into. The rules are
Copilot's, with its quirks, so that a diff of an existing stack reads as it always did:

- scalars are compared by their text; quotes, tags and styles do not count;
- keys are compared in byte order;
- after the first key `Metadata`, every key `Manifest` is ignored;
- a function's short and long form are equal, and GetAtt's argument may be a string or a list;
  inside the argument of a function matched by one of these two rules, only that rule applies.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cjob.diff import alignment, intrinsics
from cjob.diff.equivalence import EquivalenceKeys
from cjob.diff.nodes import IGNORED, Document, Node, empty_map, is_null, place, untagged
from cjob.diff.reader import Interner, read
from cjob.diff.tree import Branch, Comparison, Difference, Edit, Part, Unchanged
from cjob.reporting.errors import InputError

OPENING = "Metadata"
"""The key after which Manifest is ignored."""


def compare(
    old: str,
    new: str,
    *,
    old_name: str = "the deployed template",
    new_name: str = "the new template",
) -> Comparison:
    """Compare two templates in YAML or JSON; an empty old text means that there is no stack.

    The names are used in messages. Raises InputError with its place if a text is not YAML, a key
    occurs twice, or a template is not a mapping.
    """
    ids = Interner()
    return _Comparer(read(old, old_name, ids), read(new, new_name, ids)).documents()


@dataclass(frozen=True, slots=True)
class _Rules:
    """Which of the special rules apply to a pair of values."""

    ignoring: bool = True
    attributes: bool = True
    functions: bool = True


ALL = _Rules()
ATTRIBUTES_ONLY = _Rules(ignoring=False, functions=False)
FUNCTIONS_ONLY = _Rules(ignoring=False, attributes=False)


class _Comparer:
    def __init__(self, old: Document, new: Document) -> None:
        self.old = old
        self.new = new
        # If the word does not occur, it does not matter where it is ignored.
        self.copies = any(IGNORED in side.text for side in (old, new))
        self.opened = not self.copies
        self.keys = EquivalenceKeys()
        self.keys_met: dict[int, frozenset[str]] = {}

    def documents(self) -> Comparison:
        old, new = self.old.root, self.new.root
        if old is None and new is None:
            return Comparison(self.old, self.new)
        if old is None or new is None:
            return Comparison(self.old, self.new, whole=Edit(None, old, new))
        return Comparison(
            self.old,
            self.new,
            self._fields(_template(self.old, old), _template(self.new, new), ALL),
        )

    def values(
        self, old: Node | None, new: Node | None, key: str | None, rules: _Rules = ALL
    ) -> Difference | None:
        """Return the difference between two values of a key or list; None if they are equal."""
        if rules.ignoring and key is not None and self._ignored(key):
            return None
        if old is None or new is None:
            return Edit(key, old, new)
        if old.value_id and old.value_id == new.value_id and not self._mentions(rules, old, new):
            return None
        if (name := intrinsics.function_of(old)) and name == intrinsics.function_of(new):
            if rules.attributes and name == intrinsics.GET_ATT and _takes_attribute(old, new):
                return self._attribute(old, new, key)
            if rules.functions and (old.id == "mapping") != (new.id == "mapping"):
                return self._function(old, new, key)
        return self._plainly(old, new, key, rules)

    def _ignored(self, key: str) -> bool:
        if self.opened:
            return key == IGNORED
        self.opened = key == OPENING
        return False

    def _plainly(self, old: Node, new: Node, key: str | None, rules: _Rules) -> Difference | None:
        if old.id != new.id:
            return Edit(key, old, new)
        if _is_leaf(old) and _is_leaf(new):
            return Edit(key, old, new) if old.text != new.text else None
        compare_inside = self._items if old.id == "sequence" else self._fields
        parts = compare_inside(old, new, rules)
        return Branch(key, old, new, parts) if parts else None

    def _function(self, old: Node, new: Node, key: str | None) -> Difference | None:
        full = old if old.id == "mapping" else new
        part = self.values(
            intrinsics.argument(old),
            intrinsics.argument(new),
            full.keys[0].text,
            FUNCTIONS_ONLY,
        )
        return Branch(key, old, new, (part,)) if part else None

    def _attribute(self, old: Node, new: Node, key: str | None) -> Difference | None:
        before, after = (untagged(intrinsics.argument(call)) for call in (old, new))
        if before.id != after.id:
            if before.id == "scalar":
                before = intrinsics.split_attribute(before)
            else:
                after = intrinsics.split_attribute(after)
        part = self.values(before, after, "Fn::GetAtt", ATTRIBUTES_ONLY)
        return Branch(key, old, new, (part,)) if part else None

    def _fields(self, old: Node, new: Node, rules: _Rules) -> tuple[Part, ...]:
        before, after = old.fields, new.fields
        found = (
            self.values(before.get(key), after.get(key), key, rules)
            for key in sorted(before.keys() | after.keys())
        )
        return tuple([part for part in found if part])

    def _items(self, old: Node, new: Node, rules: _Rules) -> tuple[Part, ...]:
        before, after = old.items, new.items
        known: dict[alignment.Pair, Difference | None] = {}
        if rules.ignoring and not self.opened and self._meets(OPENING, old, new):
            # What is ignored may change with each pair, so they are compared once, in order.
            def equal(i: int, j: int) -> bool:
                known[i, j] = self.values(before[i], after[j], None, rules)
                return known[i, j] is None

            pairs = alignment.common(alignment.matching(len(before), len(after), equal), len(after))
        else:
            pairs = self._aligned(old, new, rules)
        if len(pairs) == len(before) == len(after):
            return ()
        parts: list[Part] = []
        for i, j, common in alignment.steps(pairs, len(before), len(after)):
            if common:
                _count_unchanged(parts)
                continue
            if i is None or j is None:
                parts.append(_one_sided(before, after, i, j))
                continue
            part = known[i, j] if known else self.values(before[i], after[j], None, rules)
            if part:
                parts.append(replace(part, index=j))
        return tuple(parts)

    def _aligned(self, old: Node, new: Node, rules: _Rules) -> list[alignment.Pair]:
        """Return the common items of two lists; compares only pairs that may be equal."""
        before, after = old.items, new.items
        head = 0
        shorter = min(len(before), len(after))
        while head < shorter and self._same(before[head], after[head], rules):
            head += 1
        tail = self._tail(before[head:], after[head:], rules)
        before, after = before[head : len(before) - tail], after[head : len(after) - tail]
        places: dict[object, list[int]] = {}
        for j, item in enumerate(after):
            places.setdefault(self.keys.of(item), []).append(j)
        unsure = places.get(None, [])
        matches: list[list[int]] = []
        for item in before:
            rough = self.keys.of(item)
            candidates = (
                range(len(after)) if rough is None else sorted([*places.get(rough, []), *unsure])
            )
            matches.append([j for j in candidates if self._same(item, after[j], rules)])
        pairs = alignment.common(matches, len(after))
        return [
            *[(i, i) for i in range(head)],
            *[(i + head, j + head) for i, j in pairs],
            *[(len(old.items) - k, len(new.items) - k) for k in range(tail, 0, -1)],
        ]

    def _tail(self, before: Sequence[Node], after: Sequence[Node], rules: _Rules) -> int:
        """Return how many items at both ends can only match each other.

        It is not enough that they are equal: an item that occurs again further up may be matched
        there, because the choice is made from the start.
        """
        if not before or not after or not self._same(before[-1], after[-1], rules):
            return 0
        counts = [Counter(map(self.keys.of, side)) for side in (before, after)]
        if any(None in count for count in counts):
            return 0
        tail = 0
        for one, other in zip(reversed(before), reversed(after), strict=False):
            alone = all(count[self.keys.of(one)] == 1 for count in counts)
            if not alone or not self._same(one, other, rules):
                break
            tail += 1
        return tail

    def _same(self, one: Node, other: Node, rules: _Rules) -> bool:
        equal = one.value_id and one.value_id == other.value_id
        if equal and not self._mentions(rules, one, other):
            return True
        if not self.keys.may_be_equal(one, other):
            return False
        return self.values(one, other, None, rules) is None

    def _mentions(self, rules: _Rules, *nodes: Node) -> bool:
        """Return whether nodes with equal ids have to be compared all the same.

        Ids leave Manifest out, so they do not decide where it counts; and until Metadata is found,
        every mapping that contains it has to be visited.
        """
        if not self.copies or (rules.ignoring and self.opened):
            return False
        return self._meets(IGNORED, *nodes) or (rules.ignoring and self._meets(OPENING, *nodes))

    def _meets(self, key: str, *nodes: Node) -> bool:
        return any(key in self._special_keys(node) for node in nodes)

    def _special_keys(self, node: Node) -> frozenset[str]:
        """Return which of the two special keys occur anywhere below a node."""
        if id(node) not in self.keys_met:
            inner = node.fields.values() if node.id == "mapping" else node.items
            self.keys_met[id(node)] = frozenset({IGNORED, OPENING} & node.fields.keys()).union(
                *map(self._special_keys, inner)
            )
        return self.keys_met[id(node)]


def _template(document: Document, root: Node) -> Node:
    if root.id == "mapping":
        return root
    if is_null(root):
        return empty_map()
    raise InputError(
        f"a template must be a mapping, not a {root.id}",
        hint="a template begins with keys such as 'Resources:'",
        place=place(document, root),
    )


def _count_unchanged(parts: list[Part]) -> None:
    if parts and isinstance(last := parts[-1], Unchanged):
        parts[-1] = Unchanged(last.count + 1)
    else:
        parts.append(Unchanged(1))


def _one_sided(before: Sequence[Node], after: Sequence[Node], i: int | None, j: int | None) -> Edit:
    if i is not None:
        return Edit(None, before[i], None, i)
    return Edit(None, None, after[j or 0], j or 0)


def _is_leaf(node: Node) -> bool:
    return not node.items


def _takes_attribute(*calls: Node) -> bool:
    return all(intrinsics.argument(call).id in ("scalar", "sequence") for call in calls)
