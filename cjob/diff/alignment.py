"""Align two lists: the longest common subsequence, chosen as Copilot chooses it.

Of several longest ones, the choice is made from the start of both lists: equal items are taken;
otherwise an item of the new list is skipped if that leaves a strictly longer common rest, else an
item of the old list. Pure functions of indexes.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence

Pair = tuple[int, int]
Undo = list[tuple[int, int]]
"""What undoes the changes of one item to a row of the table: entries and their former values."""

_ABSENT = -1


def common(matches: Sequence[Sequence[int]], width: int) -> list[Pair]:
    """Return the chosen pairs (old index, new index), ascending.

    `matches[i]` lists, ascending, the indexes of the new list that equal the old item i; `width`
    is the length of the new list. Time grows with the number of matches, not with the product of
    the lengths.
    """
    row, undo = _fill(matches, width)
    below = row.copy()
    if undo:
        _revert(below, undo[0])
    pairs: list[Pair] = []
    old = new = 0
    while old < len(matches) and new < width:
        if _holds(matches[old], new):
            pairs.append((old, new))
            new += 1
        elif _rest(below, width, new) < _rest(row, width, new + 1):
            new += 1
            continue
        _revert(row, undo[old])
        old += 1
        if old < len(matches):
            _revert(below, undo[old])
    return pairs


def _fill(matches: Sequence[Sequence[int]], width: int) -> tuple[list[int], list[Undo]]:
    """Return the table's first row, and what changes each row into the one below it.

    A row holds, for each length k, how close to the end of the new list a common rest of k items
    can begin; so it ascends, and an item of the old list changes few entries.
    """
    row: list[int] = []
    undo: list[Undo] = [[] for _ in matches]
    for old in range(len(matches) - 1, -1, -1):
        for new in matches[old]:
            distance = width - new
            at = bisect_left(row, distance)
            if at == len(row):
                undo[old].append((at, _ABSENT))
                row.append(distance)
            elif row[at] != distance:
                undo[old].append((at, row[at]))
                row[at] = distance
    return row, undo


def _revert(row: list[int], undo: Undo) -> None:
    for at, value in reversed(undo):
        if value == _ABSENT:
            row.pop()
        else:
            row[at] = value


def _rest(row: list[int], width: int, new: int) -> int:
    """Return the length of the longest common rest from an index of the new list."""
    return bisect_right(row, width - new)


def _holds(ascending: Sequence[int], value: int) -> bool:
    at = bisect_left(ascending, value)
    return at < len(ascending) and ascending[at] == value


def steps(
    pairs: Sequence[Pair], height: int, width: int
) -> Iterator[tuple[int | None, int | None, bool]]:
    """Yield (old index, new index, whether they are a common pair) for all items of both lists.

    Between two common pairs, items are paired in order; an item without a partner is paired with
    None.
    """
    old = new = 0
    for next_old, next_new in [*pairs, (height, width)]:
        while old < next_old and new < next_new:
            yield old, new, False
            old, new = old + 1, new + 1
        for rest in range(old, next_old):
            yield rest, None, False
        for rest in range(new, next_new):
            yield None, rest, False
        if next_old < height:
            yield next_old, next_new, True
        old, new = next_old + 1, next_new + 1


def matching(height: int, width: int, equal: Callable[[int, int], bool]) -> list[list[int]]:
    """Return the matches of each old item; pairs are compared from the ends of the lists."""
    found: list[list[int]] = [[] for _ in range(height)]
    for old in range(height - 1, -1, -1):
        found[old] = [new for new in range(width - 1, -1, -1) if equal(old, new)][::-1]
    return found
