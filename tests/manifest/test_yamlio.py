"""YAML as the manifest's reader knows it."""

import pytest
from yaml.nodes import MappingNode, ScalarNode

from cjob.reporting.errors import InputError
from cjob.yamlio import entries, nodes, reader, scalars


def _scalar(source: str) -> ScalarNode:
    root = reader.compose(f"- {source}\n", "m.yml")
    assert root is not None
    node = root.value[0]
    assert isinstance(node, ScalarNode)
    return node


def _mapping(text: str) -> MappingNode:
    root = reader.compose(text, "m.yml")
    assert isinstance(root, MappingNode)
    return root


def _values(text: str, *, faults: list[entries.Fault] | None = None) -> dict[str, object]:
    found = entries.entries(_mapping(text), [] if faults is None else faults)
    return {entry.key: entry.value.value for entry in found}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("5", 5),
        ("+5", 5),
        ("-1", -1),
        ("0x1F", 31),
        ("0b101", 5),
        ("0o400", 256),
        ("0400", 256),
        ("1_000", 1000),
        ("512.7", 512),
        ("-512.7", -512),
        ("1e3", 1000),
        ("0800", 800),
        ("!!int '5'", 5),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", None),
        ("99999999999999999999999999", None),
        (".inf", None),
        (".nan", None),
        ("1e400", None),
        ("1:30", None),
        ("2001-01-01", None),
        ("'5'", None),
        ("!!str 5", None),
        ("abc", None),
        ("true", None),
        ("1" * 5000, None),
    ],
)
def test_a_whole_number_is_read_in_every_spelling_and_nothing_else_is(
    source: str, expected: int | None
) -> None:
    """Quoted numbers, times and dates are no numbers; fractions are cut off."""
    assert expected == scalars.as_integer(_scalar(source))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("true", True),
        ("TRUE", True),
        ("False", False),
        ("yes", True),
        ("'yes'", True),
        ("On", True),
        ("n", False),
        ("'off'", False),
        ("!word yes", True),
        ("'true'", None),
        ("tRUE", None),
        ("1", None),
        ("maybe", None),
    ],
)
def test_a_boolean_is_read_with_the_words_of_yaml_1_1(source: str, expected: bool | None) -> None:  # noqa: FBT001 - the value under test
    """The words count also in quotes, `true` in quotes doesn't."""
    assert expected is scalars.as_boolean(_scalar(source))


@pytest.mark.parametrize(
    "source", ["1.50", "0x1F", "true", "2001-01-01", "1e3", "12:30:45", ".inf", "=", "yes", "<<"]
)
def test_a_text_is_what_stands_in_the_source(source: str) -> None:
    """Whatever a scalar looks like, as a text it is unchanged."""
    assert source == scalars.as_text(_scalar(source))


def test_binary_is_decoded() -> None:
    """`!!binary` is base64 of UTF-8, or no text."""
    assert scalars.as_text(_scalar("!!binary aGk=")) == "hi"
    assert scalars.as_text(_scalar("!!binary '%%%'")) is None


def test_nothing_between_brackets_is_an_empty_text() -> None:
    """`{a: }` holds an empty text, as Copilot writes it anew; `a:` on its own line holds null."""
    assert _mapping("{a: }").value[0][1].tag == nodes.STR
    assert _mapping("a:\n").value[0][1].tag == nodes.NULL


def test_only_the_first_document_counts() -> None:
    """A later document may be anything, even broken."""
    assert _values("a: 1\n---\nb: [\n") == {"a": "1"}


def test_a_byte_order_mark_and_carriage_returns_are_accepted() -> None:
    """Files from Windows read as others do."""
    assert _values("\ufeffa: 1\r\nb: 2\r\n") == {"a": "1", "b": "2"}


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n"])
def test_a_file_without_content_is_none(text: str) -> None:
    """Comments alone are no document."""
    assert reader.compose(text, "m.yml") is None


def test_keys_in_the_mapping_win_over_merged_ones() -> None:
    """Where `<<` stands makes no difference; of several sources the first wins."""
    base = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\n"
    node = _mapping(base + "z:\n  <<: [*x, *y]\n  a: 0\n").value[2][1]
    found = {entry.key: entry.value.value for entry in entries.entries(node, [])}
    assert found == {"a": "0", "b": "1", "c": "2"}


def test_a_merge_key_of_a_text_is_a_hard_fault() -> None:
    """Only sections can be merged."""
    faults: list[entries.Fault] = []
    _values("<<: text\n", faults=faults)
    assert [fault.hard for fault in faults] == [True]


def test_a_quoted_merge_key_is_a_key_like_others() -> None:
    """Only the bare `<<` merges."""
    assert _values('"<<": 1\n') == {"<<": "1"}


def test_a_key_that_is_there_twice_is_a_fault_with_both_lines() -> None:
    """Quotes make no other key of it; the first value stays."""
    faults: list[entries.Fault] = []
    assert _values("a: 1\nb: 2\n'a': 3\n", faults=faults) == {"a": "1", "b": "2"}
    assert [fault.message for fault in faults] == ["'a' occurs twice, in lines 1 and 3"]


@pytest.mark.parametrize("text", ["? [a]\n: 1\n", "a: {? {b: c} : 1}\n", "a: &x [b]\n*x : c\n"])
def test_a_key_that_is_no_text_is_refused(text: str) -> None:
    """A list or map can't be a key, however deep it stands."""
    with pytest.raises(InputError, match="a key must be a string"):
        reader.compose(text, "m.yml")


@pytest.mark.parametrize("links", [2, 20])
def test_aliases_count_as_deep_as_what_they_repeat(links: int) -> None:
    """Each link is a legal depth; a chain of them is not."""
    text = "- &a0 " + "[" * 150 + "]" * 150 + "\n"
    for link in range(1, links):
        text += f"- &a{link} {'[' * 150}*a{link - 1}{']' * 150}\n"
    with pytest.raises(InputError, match="more than 200 levels deep"):
        reader.compose(text, "m.yml")


def test_an_anchor_can_be_defined_anew() -> None:
    """An alias repeats the definition before it."""
    assert _values("a: &x 1\nb: &x 2\nc: *x\n")["c"] == "2"


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("a: [", "m.yml:2:1", "bracket"),
        ("a:\n\tb: 1\n", "m.yml:2:1", "tab"),
        ("schedule: @daily\n", "m.yml:1:11", "quotes"),
        ("schedule: * 9 * * *\n", "m.yml:1:12", "quotes"),
        ("a: *b\n", "m.yml:1:4", "quotes"),
        ("a: b: c\n", "m.yml:1:5", "quotes"),
        ('a: "\\ud83d"\n', "m.yml:1:7", "backslash"),
        ("a: \x01\n", "m.yml:1:4", "control characters"),
        ("a: 1\nb: \ud800\n", "m.yml:2:4", "UTF-8"),
        ("a: &x [*x]\n", "m.yml:1:8", "ends above it"),
        ("a: !!int x\n", "m.yml:1:4", "tag"),
    ],
)
def test_what_is_no_yaml_is_refused_with_its_place(text: str, place: str, hint: str) -> None:
    """The place is the person's own, and the hint says what to do."""
    with pytest.raises(InputError) as caught:
        reader.compose(text, "m.yml")
    assert caught.value.place == place
    assert hint in caught.value.hint


@pytest.mark.parametrize("bracket", ["[", "{a: ", "- "])
def test_very_deep_nesting_is_refused_without_a_traceback(bracket: str) -> None:
    """A hundred thousand levels end at the limit."""
    with pytest.raises(InputError, match="levels deep"):
        reader.compose(bracket * 100_000, "m.yml")


def test_aliases_that_multiply_are_refused() -> None:
    """Nine levels of ten aliases each would be a thousand million values."""
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 10):
        aliases = ", ".join([f"*a{level - 1}"] * 10)
        levels.append(f"a{level}: &a{level} [{aliases}]")
    with pytest.raises(InputError, match="counting what aliases repeat"):
        reader.compose("\n".join(levels), "m.yml")


def test_a_huge_file_is_refused() -> None:
    """A manifest has to fit into a template."""
    with pytest.raises(InputError, match="characters, more than"):
        reader.compose("#" * 1_000_001, "m.yml")
