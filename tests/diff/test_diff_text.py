"""The text of a diff, rule by rule: what counts as a difference and how it is printed."""

from textwrap import dedent

import pytest
import unredacted


def _check(old: str, new: str, expected: str) -> None:
    assert dedent(expected).lstrip("\n") == unredacted.text(dedent(old), dedent(new))


SAME = {
    "quotes": ("a: x", "a: 'x'"),
    "a number and its text": ("a: 1", 'a: "1"'),
    "a truth value and its text": ("a: true", "a: 'true'"),
    "layout": ("a: {b: [1, 2]}", "a:\n  b:\n  - 1\n  - 2"),
    "the order of keys": ("a: 1\nb: 2", "b: 2\na: 1"),
    "comments": ("a: 1 # old", "# new\na: 1"),
    "JSON and YAML": ('{"a": {"b": ["c"]}}', "a:\n  b: [c]"),
    "folded and plain text": ("a: >-\n  x\n  y", "a: x y"),
    "line endings": ("a: 1\nb: [x]\n", "a: 1\r\nb:\r\n  - x\r\n"),
    "short and full function": ("a: !Sub x", "a: {'Fn::Sub': x}"),
    "functions inside functions": (
        "a: !Not [!Equals [!Ref B, '']]",
        "a:\n  Fn::Not:\n  - !Equals [!Ref B, '']",
    ),
    "two short functions of one argument": ("a: !Ref X", "a: !Sub X"),
    "a short function and its bare argument": ("a: !Ref X", "a: X"),
    "GetAtt as text and as list": ("a: !GetAtt A.b.c", "a: !GetAtt [A, b.c]"),
    "GetAtt in full, both ways": ("a: {'Fn::GetAtt': A.b}", "a: {'Fn::GetAtt': [A, b]}"),
    "GetAtt short text, full list": ("a: !GetAtt A.b", "a: {'Fn::GetAtt': [A, b]}"),
    "functions in a list": ("a: [!Ref X, !GetAtt A.b]", "a: [{Ref: X}, {'Fn::GetAtt': [A, b]}]"),
    "what follows the first document": ("a: 1\n---\nb: 1", "a: 1\n---\nb: 2"),
    "a merged map and its copy": ("x: &x {k: 1}\ny: {<<: *x}", "x: &x {k: 1}\ny: {k: 1}"),
    "nothing and nothing": ("", "# only a comment\n"),
    "the manifest's copy": ("Metadata: {Manifest: a}", "Metadata: {Manifest: b}"),
    "a manifest that came new": ("Metadata: {Version: 1}", "Metadata: {Version: 1, Manifest: b}"),
    "any Manifest behind Metadata": (
        "Metadata: {}\nZ: [{Manifest: a}]",
        "Metadata: {}\nZ: [{Manifest: b}]",
    ),
}


@pytest.mark.parametrize(("old", "new"), SAME.values(), ids=SAME.keys())
def test_what_is_written_otherwise_is_the_same(old: str, new: str) -> None:
    """Text alone decides over scalars, and a function over its forms."""
    assert unredacted.text(old, new) == ""
    assert unredacted.text(new, old) == ""


def test_the_page_of_the_original_is_met() -> None:
    """A variable that was added shows below its whole path, after the items that stayed."""
    head = """\
        Resources:
          TaskDefinition:
            Properties:
              ContainerDefinitions:
                - Environment:
        """
    items = "".join(f"            - {{Name: {name}, Value: x}}\n" for name in "ABCD")
    old = dedent(head) + items
    new = old + '            - Name: LOG_LEVEL\n              Value: "info"\n'
    _check(
        old,
        new,
        """
        ~ Resources:
            ~ TaskDefinition:
                ~ Properties:
                    ~ ContainerDefinitions:
                        ~ - (changed item)
                          ~ Environment:
                              (4 unchanged items)
                              + - Name: LOG_LEVEL
                              +   Value: "info"
        """,
    )


def test_keys_are_in_byte_order_and_unchanged_ones_are_left_out() -> None:
    """Capitals come before small letters, whatever the documents' order."""
    _check(
        "b: 1\nB: 1\na: 1\nc: 1",
        "c: 1\na: 2\nb: 2\nB: 2",
        "~ B: 1 -> 2\n~ a: 1 -> 2\n~ b: 1 -> 2\n",
    )


def test_a_changed_scalar_keeps_how_it_was_written() -> None:
    """Quotes, tags and the spelling of null are shown on both sides, comments are not."""
    _check(
        "a: 'x'\nb: !Ref A\nc: ~\nd: 1 # one\n",
        'a: "y"\nb: !Sub "${A}"\nc: null\nd: 2 # two\n',
        """
        ~ a: 'x' -> "y"
        ~ b: !Ref A -> !Sub "${A}"
        ~ c: ~ -> null
        ~ d: 1 -> 2
        """,
    )


def test_a_key_in_a_path_is_bare_and_in_yaml_quoted_where_needed() -> None:
    """Quotes belong to YAML, so a path has none."""
    _check(
        "'a:b': {'c: d': 1}",
        "'a:b': {'c: d': 2, 'e: f': 3, '1': 4, 'true': 5, yes: 6, '2020-01-01': 7, '': 8, '#': 9}",
        """
        ~ a:b:
            + "": 8
            + '#': 9
            + "1": 4
            + "2020-01-01": 7
            ~ c: d: 1 -> 2
            + 'e: f': 3
            + "true": 5
            + yes: 6
        """,
    )


def test_another_kind_of_value_is_a_removal_and_an_addition() -> None:
    """A scalar, a list and a mapping are not compared with each other."""
    _check(
        "a: 1\nb: [x]\nc: {d: e}\n",
        "a: [1]\nb: {x: y}\nc: !Ref D\n",
        """
        - a: 1
        + a: [1]
        - b: [x]
        + b: {x: y}
        - c: {d: e}
        + c: !Ref D
        """,
    )


def test_text_of_several_lines_shows_as_blocks_on_both_sides() -> None:
    """The arrow stands behind the old text's last line."""
    _check(
        "a:\n  s: |\n    one\n    two\n",
        "a:\n  s: |\n    one\n    three\n",
        """
        ~ a:
            ~ s: |
            ~     one
            ~     two -> |
            ~     one
            ~     three
        """,
    )


def test_an_emptied_list_loses_its_items_one_by_one() -> None:
    """An empty list is still a list, and an empty mapping a mapping."""
    _check(
        "a: [1, 2]\nb: []\nc: {}\n",
        "a: []\nb: [1, 2]\nc: {d: 1, e: [2]}\n",
        """
        ~ a:
            - - 1
            - - 2
        ~ b:
            + - 1
            + - 2
        ~ c:
            + d: 1
            + e: [2]
        """,
    )


def test_a_new_stack_is_the_whole_document() -> None:
    """Empty lines within a string and the copy of the manifest are printed, comments are not."""
    _check(
        "",
        """\
        # Made by hand.

        Metadata:
          Manifest: |
            name: x

            type: y
        Resources: {}
        """,
        """
        + Metadata:
        +     Manifest: |
        +         name: x
        + 
        +         type: y
        + Resources: {}
        """,  # noqa: W291 - an empty line keeps the space behind its sign
    )


def test_a_stack_that_goes_is_the_whole_document() -> None:
    """The same with the other sign."""
    _check("a: 1\nb: [x]\n", "", "- a: 1\n- b: [x]\n")


FUNCTIONS = {
    "an argument changed between the forms": (
        "a: !If [C, x, y]",
        "a: {'Fn::If': [C, x, z]}",
        "~ a:\n    ~ Fn::If:\n        (2 unchanged items)\n        ~ - y -> z\n",
    ),
    "an argument changed, both short": (
        "a: !If [C, x, y]",
        "a: !If [C, x, z]",
        "~ a:\n    (2 unchanged items)\n    ~ - y -> z\n",
    ),
    "a text argument changed between the forms": (
        "a: !Sub x",
        "a: {'Fn::Sub': y}",
        "~ a:\n    ~ Fn::Sub: x -> y\n",
    ),
    "GetAtt, both short texts": (
        "a: !GetAtt A.b",
        "a: !GetAtt A.c",
        "~ a:\n    ~ Fn::GetAtt: A.b -> A.c\n",
    ),
    "GetAtt, text and list": (
        "a: !GetAtt A.b",
        "a: !GetAtt [A, c]",
        "~ a:\n    ~ Fn::GetAtt:\n        (1 unchanged item)\n        ~ - b -> c\n",
    ),
    "another function, one of them in full": (
        "a: !Ref X",
        "a: {'Fn::Sub': X}",
        "- a: !Ref X\n+ a: {'Fn::Sub': X}\n",
    ),
    "another function, both in full": (
        "a: {Ref: X}",
        "a: {'Fn::Sub': X}",
        "~ a:\n    + Fn::Sub: X\n    - Ref: X\n",
    ),
    "Transform is known in full only": (
        "a: {'Fn::Transform': {Name: x}}",
        "a: !Transform {Name: x}",
        "~ a:\n    - Fn::Transform: {Name: x}\n    + Name: x\n",
    ),
    "a map with a second key is no call": (
        "a: !Ref X",
        "a: {Ref: X, Y: z}",
        "- a: !Ref X\n+ a: {Ref: X, Y: z}\n",
    ),
    "GetAtt's forms count inside another function's forms": (
        "a: !If [C, !GetAtt A.b, x]",
        "a: {'Fn::If': [C, !GetAtt [A, b], x]}",
        (
            "~ a:\n    ~ Fn::If:\n        (1 unchanged item)\n"
            "        - - !GetAtt A.b\n        + - !GetAtt [A, b]\n        (1 unchanged item)\n"
        ),
    ),
}


@pytest.mark.parametrize(("old", "new", "expected"), FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_a_changed_function_is_told_by_its_argument(old: str, new: str, expected: str) -> None:
    """If the forms differ, the function's long name is printed above the argument."""
    assert expected == unredacted.text(old, new)


MANIFESTS = {
    "before Metadata it counts": (
        "A: {Manifest: x}\nMetadata: {}",
        "A: {Manifest: y}\nMetadata: {}",
        "~ A:\n    ~ Manifest: x -> y\n",
    ),
    "beside a version that changed it does not": (
        "Metadata: {Manifest: x, Version: 1}",
        "Metadata: {Manifest: y, Version: 2}",
        "~ Metadata:\n    ~ Version: 1 -> 2\n",
    ),
    "in a list before Metadata it counts": (
        "A: [{Manifest: x}, b]",
        "A: [{Manifest: y}, b]",
        "~ A:\n    ~ - (changed item)\n      ~ Manifest: x -> y\n    (1 unchanged item)\n",
    ),
    "Metadata in an item makes those compared later ignore it": (
        "A: [{Metadata: m, Manifest: x}]\nB: {Manifest: x}",
        "A: [{Metadata: n, Manifest: x}]\nB: {Manifest: y}",
        "~ A:\n    ~ - (changed item)\n      ~ Metadata: m -> n\n",
    ),
    "in a function's argument it counts": (
        "Metadata: {}\nZ: !If [C, {Manifest: x}]",
        "Metadata: {}\nZ: {'Fn::If': [C, {Manifest: y}]}",
        (
            "~ Z:\n    ~ Fn::If:\n        (1 unchanged item)\n        ~ - (changed item)\n"
            "          ~ Manifest: x -> y\n"
        ),
    ),
}


@pytest.mark.parametrize(("old", "new", "expected"), MANIFESTS.values(), ids=MANIFESTS.keys())
def test_manifest_is_ignored_from_metadata_on(old: str, new: str, expected: str) -> None:
    """What opens the ignoring is the first key Metadata that the walk meets."""
    assert expected == unredacted.text(old, new)


def test_merged_keys_are_followed_and_aliases_are_names() -> None:
    """A change below an anchor shows there and where it is merged, not where it is an alias."""
    _check(
        "x: &x {k: 1}\ny: {<<: *x, l: 1}\nz: *x\n",
        "x: &x {k: 2}\ny: {<<: *x, l: 1}\nz: *x\n",
        """
        ~ x:
            ~ k: 1 -> 2
        ~ y:
            ~ k: 1 -> 2
        """,
    )


def test_own_keys_win_over_merged_ones_and_the_first_merge_over_the_next() -> None:
    """The order of YAML's merge key."""
    merged = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {<<: [*x, *y], a: 0}\n"
    expanded = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {a: 0, b: 1, c: 2}\n"
    assert unredacted.text(merged, expanded) == ""


def test_control_characters_of_a_key_never_reach_a_terminal() -> None:
    """A template may come from elsewhere."""
    assert unredacted.text('"\\e[31mred": {a: 1}', '"\\e[31mred": {a: 2}') == (
        "~ \\x1b[31mred:\n    ~ a: 1 -> 2\n"
    )
