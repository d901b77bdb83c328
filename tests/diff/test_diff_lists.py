"""Lists: which items are aligned, and how the rest is printed."""

import tracemalloc

import pytest
import unredacted
from hypothesis import given
from hypothesis import strategies as st

from cjob.diff import alignment

Items = list[str]


def _table(old: Items, new: Items) -> list[list[int]]:
    """Lengths of the longest common rests, by the textbook."""
    table = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in range(len(old) - 1, -1, -1):
        for j in range(len(new) - 1, -1, -1):
            table[i][j] = (
                table[i + 1][j + 1] + 1
                if old[i] == new[j]
                else max(table[i + 1][j], table[i][j + 1])
            )
    return table


def _chosen(old: Items, new: Items) -> list[alignment.Pair]:
    """Follow the rule to the letter: equal items are taken, else the longer rest decides."""
    table, i, j, pairs = _table(old, new), 0, 0, []
    while i < len(old) and j < len(new):
        if old[i] == new[j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif table[i + 1][j] < table[i][j + 1]:
            j += 1
        else:
            i += 1
    return pairs


def _told(old: Items, new: Items) -> str:
    """Write the list's differences as the rule has them."""
    lines: list[str] = []
    run = 0
    for i, j, common in [*alignment.steps(_chosen(old, new), len(old), len(new)), (None, None, 0)]:
        if common:
            run += 1
            continue
        if run:
            lines.append(f"({run} unchanged item{'' if run == 1 else 's'})")
            run = 0
        if i is not None and j is not None:
            lines.append(f"~ - {old[i]} -> {new[j]}")
        elif i is not None:
            lines.append(f"- - {old[i]}")
        elif j is not None:
            lines.append(f"+ - {new[j]}")
    return "".join(f"    {line}\n" for line in lines)


few = st.lists(st.sampled_from("abcd"), max_size=12)


@given(few, few)
def test_the_choice_among_equals_is_the_rule_s(old: Items, new: Items) -> None:
    """What the fast way gives is what the full table gives, item by item."""
    matches = [[j for j, other in enumerate(new) if other == item] for item in old]
    assert _chosen(old, new) == alignment.common(matches, len(new))


@given(few, few)
def test_what_is_cut_off_before_changes_no_choice(old: Items, new: Items) -> None:
    """A whole comparison, which skips equal heads and tails, tells what the full table tells."""
    expected = f"~ a:\n{_told(old, new)}" if old != new else ""
    got = unredacted.text(f"a: [{', '.join(old)}]", f"a: [{', '.join(new)}]")
    assert expected == got


def test_an_equal_tail_may_be_matched_further_up() -> None:
    """Cutting it off at once would leave the first t without its match."""
    assert unredacted.text("a: [p, t]", "a: [t, q, t]") == (
        "~ a:\n    - - p\n    (1 unchanged item)\n    + - q\n    + - t\n"
    )


CASES = {
    "appended": ("[1, 2]", "[1, 2, 3]", ["(2 unchanged items)", "+ - 3"]),
    "prepended": ("[1, 2]", "[0, 1, 2]", ["+ - 0", "(2 unchanged items)"]),
    "replaced": ("[1, 2, 3]", "[1, 9, 3]", ["(1 unchanged item)", "~ - 2 -> 9"] * 1
                 + ["(1 unchanged item)"]),
    "paired in order": ("[1, 2]", "[3, 4, 5]", ["~ - 1 -> 3", "~ - 2 -> 4", "+ - 5"]),
    "moved": ("[1, 2]", "[2, 1]", ["- - 1", "(1 unchanged item)", "+ - 1"]),
    "functions count as their arguments": ("[!Ref A, x]", "[{Ref: A}, y]",
                                           ["(1 unchanged item)", "~ - x -> y"]),
    "of another kind": ("[1, x]", "[[1], x]", ["- - 1", "+ - [1]", "(1 unchanged item)"]),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "lines"), CASES.values(), ids=CASES.keys())
def test_items_are_told_where_they_stand(old: str, new: str, lines: list[str]) -> None:
    """Runs of unchanged items are counted, and only in lists that changed."""
    expected = "".join(f"    {line}\n" for line in ["", *lines][1:])
    assert f"~ a:\n{expected}" == unredacted.text(f"a: {old}", f"a: {new}")


def test_a_changed_map_in_a_list_shows_its_parts_two_further_in() -> None:
    """And a list within a list is an item with parts, too."""
    old = "a:\n- {n: x, v: 1}\n- [1, 2]\n"
    new = "a:\n- {n: x, v: 2}\n- [1, 3]\n"
    assert unredacted.text(old, new) == (
        "~ a:\n"
        "    ~ - (changed item)\n"
        "      ~ v: 1 -> 2\n"
        "    ~ - (changed item)\n"
        "      (1 unchanged item)\n"
        "      ~ - 2 -> 3\n"
    )


def test_equality_that_does_not_carry_over_is_decided_pair_by_pair() -> None:
    """X equals !Ref X, and that equals Ref in full, which does not equal X."""
    assert unredacted.text("a: [X, b]", "a: [!Ref X, b]") == ""
    assert unredacted.text("a: [!Ref X, b]", "a: [{Ref: X}, b]") == ""
    assert unredacted.text("a: [X, b]", "a: [{Ref: X}, b]") == (
        "~ a:\n    - - X\n    + - {Ref: X}\n    (1 unchanged item)\n"
    )


def test_a_long_list_needs_memory_by_its_length() -> None:
    """A table of every pair of a thousand items would need hundreds of megabytes."""
    items = [f"- {{Name: V{i}, Value: value {i}}}\n" for i in range(1000)]
    changed = ["- {Name: NEW, Value: x}\n", *items[:500], *items[501:]]
    changed[250] = "- {Name: V249, Value: other}\n"
    tracemalloc.start()
    text = unredacted.text("a:\n" + "".join(items), "a:\n" + "".join(changed))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert text.count("\n") == 8
    assert peak < 20 * 2**20
