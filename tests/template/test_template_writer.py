"""Text of YAML nodes: what is written reads back as the same nodes, in a layout people know."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cjob.template.nodes import node
from cjob.template.values import Block, Double, Flow, Plain, Single, Value
from cjob.yamlio import reader, writer
from cjob.yamlio.nodes import same

TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\ufeff")),
    st.text("ab :#-?'\"\\[]{}!&*|>%@`,\n\t~=<1.e", max_size=12),
    st.sampled_from(("yes", "No", "null", "~", "1", "1.5", "0x1F", "1e3", "2010-09-09", "a: b")),
)
SCALARS = st.one_of(
    TEXTS,
    TEXTS.map(Single),
    TEXTS.map(Double),
    TEXTS.map(Block),
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
)
KEYS = st.one_of(TEXTS, TEXTS.map(Double)).filter(lambda key: not key.startswith("Fn::"))


def _collections(inner: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    lists = st.lists(inner, max_size=4)
    return st.one_of(lists, lists.map(Flow), st.dictionaries(KEYS, inner, max_size=4))


VALUES: st.SearchStrategy[Value] = st.recursive(SCALARS, _collections, max_leaves=12)


@given(VALUES)
def test_what_is_written_reads_back_as_the_same_nodes(value: Value) -> None:
    """Text, lists and maps of any kind survive writing and reading."""
    before = node({"root": value})

    after = reader.compose(writer.text(before), "test.yml")

    assert after is not None
    assert same(before, after)


@given(TEXTS)
def test_texts_are_texts_to_a_reader_of_yaml_1_1_too(text: str) -> None:
    """PyYAML's own loader, with the rules of YAML 1.1, sees the same text."""
    assert yaml.safe_load(writer.text(node({"root": text}))) == {"root": text}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": {"b": 1}}, "a:\n  b: 1\n"),
        ({"a": ["x", "z"]}, "a:\n  - x\n  - z\n"),
        ({"a": [{"b": 1, "c": 2}]}, "a:\n  - b: 1\n    c: 2\n"),
        ({"a": [["x"]]}, "a:\n  - - x\n"),
        ({"a": []}, "a: []\n"),
        ({"a": {}}, "a: {}\n"),
        ({"a": True, "b": None}, "a: true\nb:\n"),
        ({"a": Flow(["x", Single("y")])}, "a: [x, 'y']\n"),
        ({"a": Flow([None])}, "a: [null]\n"),
        ({"a": Single("it's")}, "a: 'it''s'\n"),
        ({"a": Double('say "hi" \\')}, 'a: "say \\"hi\\" \\\\"\n'),
        ({"a": Plain("2010-09-09")}, "a: 2010-09-09\n"),
        ({"a": "2010-09-09", "b": "yes", "c": "1:30"}, "a: '2010-09-09'\nb: 'yes'\nc: '1:30'\n"),
        ({"a": "x: y"}, "a: 'x: y'\n"),
        ({"a": "two\nlines"}, 'a: "two\\nlines"\n'),
        ({"a": Double("Grüße")}, 'a: "Grüße"\n'),
        ({"a": Block("one\ntwo\n")}, "a: |\n  one\n  two\n"),
        ({"a": Block("one\n\ntwo")}, "a: |-\n  one\n\n  two\n"),
        ({"a": Block("one\n\n")}, "a: |+\n  one\n\n"),
        ({"a": Block("  one\n")}, "a: |2\n    one\n"),
        ({"a": [Block("one\ntwo\n")]}, "a:\n  - |\n    one\n    two\n"),
        ({"a": Block("bell\x07\n")}, 'a: "bell\\a\\n"\n'),
    ],
)
def test_layout(value: Value, expected: str) -> None:
    """Lists are indented below their key, and each style is written as it is known."""
    assert writer.text(node(value)) == expected


def test_a_tag_on_a_list_stands_behind_its_key() -> None:
    """The items follow on lines of their own."""
    value: Value = {"a": [{"Fn::If": ["IsTest", {"b": 1}, {"Ref": "AWS::NoValue"}]}]}

    expected = "a:\n  - !If\n    - IsTest\n    - b: 1\n    - !Ref AWS::NoValue\n"

    assert writer.text(node(value)) == expected


def test_an_explicit_tag_that_changes_the_type_keeps_it() -> None:
    """A number that was tagged as a string is quoted, binary data keeps its tag."""
    root = reader.compose("a: !!str 5\nb: !!binary aGk=\n", "test.yml")

    assert root is not None
    assert writer.text(root) == "a: '5'\nb: !!binary aGk=\n"


def test_what_aliases_repeat_is_written_out() -> None:
    """CloudFormation takes no aliases."""
    root = reader.compose("a: &x [1]\nb: *x\n", "test.yml")

    assert root is not None
    assert writer.text(root) == "a: [1]\nb: [1]\n"


def test_a_document_that_is_no_map_is_written_on_one_line() -> None:
    """A patch may replace the whole document by a scalar."""
    assert writer.text(node("x")) == "x\n"
