"""Variables in a manifest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from manifest_samples import HEAD, IMAGE, MINIMAL, ON, PREDEFINED, load, problems

from cjob.manifest import reading
from cjob.reporting.errors import InputErrors

VALUES = {"A": "one", "B": "two", "CMD": '["a", "b c"]', "EMPTY": "", "N": "512", "NEST": "${B}"}


def _variable(source: str) -> str | object:
    return load(MINIMAL + f"variables:\n  V: {source}\n", VALUES).job.main.variables["V"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("${A}", "one"),
        ("x-${A}-${B}${A}", "x-one-twoone"),
        ("'${A}'", "one"),
        ('"${A}\\t"', "one\t"),
        ("${EMPTY}", ""),
        ("$${A}", "$one"),
        ("$A", "$A"),
        ("${1X}", "${1X}"),
        ("${A:-x}", "${A:-x}"),
        ("${COPILOT_APPLICATION_NAME}", "acme"),
        (r"\${A}", "${A}"),
        (r'"\\${A}"', "${A}"),
        (r"\${A} ${A}", "one one"),
        (r"${A} \${A}", r"one \one"),
        ("${NEST} ${B}", "two two"),
        ("${B} ${NEST}", "two ${B}"),
        ("${N}", "512"),
        ("&x ${A}", "one"),
        ("!!str ${A}", "one"),
        ("!Sub '${A}'", "${A}"),
    ],
)
def test_variables_are_replaced_by_their_values(source: str, expected: str) -> None:
    """One match after the other, everywhere in the string; scalars with other tags stay."""
    assert _variable(source) == expected


def test_comments_keys_and_layout_stay() -> None:
    """Only scalars that change are written again."""
    more = "# ${NOWHERE}\nvariables:\n\n    V:   '${A}'   # why\n    ${A}: 1\n"
    loaded = load(MINIMAL + more, VALUES)
    assert loaded.text == MINIMAL + more.replace("'${A}'", "'one'")
    assert loaded.job.main.variables == {"V": "one", "${A}": "1"}


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("V: ${A}", "V: one"),
        ("V: ${N}", 'V: "512"'),
        ("V: ${EMPTY}", 'V: ""'),
        ("V: a ${A} # b", "V: a one # b"),
        ("{V: '${A}'}", "{V: 'one'}"),
        ('V: "${A} b"', 'V: "one b"'),
        ("V: |\n  x ${A}\n\n  y\nW: 1", "V: |\n  x one\n\n  y\nW: 1"),
        ("V: >-  # c\n    x ${A}\n    y\n\nW: 1", "V: |-  # c\n    x one y\n\nW: 1"),
        ("V: |+\n  ${A}\n\nW: 1", "V: |+\n  one\n\nW: 1"),
        ("V: |2\n  ${A}\nW: 1", 'V: "one\\n"\nW: 1'),
    ],
)
def test_a_scalar_keeps_its_style_if_possible(source: str, written: str) -> None:
    """Plain, quoted and block scalars; double quotes if nothing else is safe."""
    text = (
        MINIMAL + "x-y:\n" + "".join(f"  {line}\n" if line else "\n" for line in source.split("\n"))
    )
    expected = (
        MINIMAL
        + "x-y:\n"
        + "".join(f"  {line}\n" if line else "\n" for line in written.split("\n"))
    )
    assert load(text, VALUES).text == expected


@pytest.mark.parametrize(
    ("command", "words", "written"),
    [
        ("${CMD}", ("a", "b c"), '["a", "b c"]'),
        ('\'["a", "1", null, "x: y"]\'', ("a", "1", "x: y"), '["a", 1, null, "x: y"]'),
        ('">-\\"[\\""', (">-[",), None),
        ("'[1,2]'", ("[1,2]",), None),
        ("'[]'", ("[]",), None),
        (">-\n  ${CMD}", ("a", "b c"), '["a", "b c"]'),
    ],
)
def test_a_json_list_of_strings_becomes_a_list(
    command: str, words: tuple[str, ...], written: str | None
) -> None:
    """With or without a variable; other lists stay texts."""
    loaded = load(MINIMAL + f"command: {command}\n", VALUES)
    assert loaded.job.main.command == words
    if written:
        assert loaded.text == MINIMAL + f"command: {written}\n"


def test_a_list_between_brackets_keeps_its_empty_items() -> None:
    """In block style, an empty item is null and left out."""
    assert load(MINIMAL + 'command: \'["a", ""]\'\n').job.main.command == ("a",)
    sidecar = 'sidecars: {s: {image: x, command: \'["a", ""]\'}}\n'
    assert load(MINIMAL + sidecar).job.sidecars[0].command == ("a", "")


def test_an_anchor_is_substituted_once_for_all_its_aliases() -> None:
    """Aliases have the same value, even if it becomes a list."""
    loaded = load(MINIMAL + "command: &c ${CMD}\nentrypoint: *c\n", VALUES)
    assert loaded.job.main.entrypoint == loaded.job.main.command == ("a", "b c")
    assert reading.read(loaded.text, "test", file="m.yml") == loaded.job


def test_an_undefined_variable_is_reported_at_its_place() -> None:
    """In every environment and unknown section, with no second problem about the same value."""
    more = "timeout: ${T}\nenvironments:\n  prod:\n    env_file: a/${E}\nx-y: [ok, 'a ${F}']\n"
    found = problems(MINIMAL + more)
    assert [p.place for p in found] == ["m.yml:7:10", "m.yml:10:17", "m.yml:11:14"]
    assert found[0].message == "variable 'T' is not defined"


def test_a_predefined_variable_with_another_value_is_rejected_only_if_used() -> None:
    """An equal value is fine."""
    other = {"COPILOT_APPLICATION_NAME": "liar"}
    used = MINIMAL + "variables: {A: '${COPILOT_APPLICATION_NAME}'}\n"
    assert problems(MINIMAL, other) == ()
    assert problems(used, {"COPILOT_APPLICATION_NAME": "acme"}) == ()
    (found,) = problems(used, other)
    assert "'liar'" in found.message
    assert "'acme'" in found.message


def test_a_substituted_number_stays_a_string() -> None:
    """Numbers cannot be substituted, and the hint says so."""
    (found,) = problems(MINIMAL + "cpu: ${N}\n", VALUES)
    assert found.place == "m.yml:7:6"
    assert "always a string" in found.hint


def test_values_that_are_not_utf8_are_rejected() -> None:
    """The process environment may hold anything."""
    (found,) = problems(MINIMAL + "variables: {A: '${X}'}\n", {"X": "\udc80"})
    assert "is not valid UTF-8" in found.message


_TEMPLATES = (
    "V: ${X}",
    "V: a ${X}",
    "V: '${X} b'",
    'V: "${X}\\n"',
    "V: |\n    a ${X}\n    b",
    "V: >-\n    ${X}\n    b",
    "V: |+\n    ${X}\n",
    "V: &a ${X}",
)


@given(
    value=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40),
    template=st.sampled_from(_TEMPLATES),
)
def test_any_value_reads_the_same_from_the_new_text(value: str, template: str) -> None:
    """`read` returns the same for the text that `load` returned, whatever a variable's value."""
    text = f"{MINIMAL}variables:\n  {template}\n  W: end\n"
    try:
        loaded = reading.load(text, "test", PREDEFINED, {"X": value}, file="m.yml")
    except InputErrors:
        # A JSON list is no value of a variable.
        assert "[" in value
        return
    assert reading.read(loaded.text, "test", file="m.yml") == loaded.job
    assert loaded.job.main.variables["W"] == "end"


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=10), min_size=1, max_size=4))
def test_any_json_list_reads_the_same_from_the_new_text(items: list[str]) -> None:
    """Including items that look like numbers or null."""
    import json  # noqa: PLC0415 - only this test makes JSON

    text = HEAD + IMAGE + "  healthcheck:\n    command: ${X}\n" + ON
    loaded = reading.load(text, "test", PREDEFINED, {"X": json.dumps(items)}, file="m.yml")
    assert reading.read(loaded.text, "test", file="m.yml") == loaded.job


def test_the_hint_for_an_undefined_variable_is_escaped_as_its_quotes_need() -> None:
    """In double quotes a backslash is written twice."""
    plain, quoted = (problems(MINIMAL + f"command: {text}\n") for text in ("${X}", '"${X}"'))
    assert "or write \\${X} to keep" in plain[0].hint
    assert "or write \\\\${X} to keep" in quoted[0].hint
