"""Nodes of values: short functions, and the manifest's unquoted strings."""

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from cjob.manifest.functions import as_read, called
from cjob.manifest.values import Import
from cjob.template.nodes import node, unquoted_or_imported, unquoted_scalar
from cjob.template.values import Flow, Single, Value, get_att, import_value, ref, sub
from cjob.yamlio import writer


def _written(value: Value) -> str:
    return writer.text(node({"a": value})).removeprefix("a:").strip()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ref("AppName"), "!Ref AppName"),
        (sub("${AppName}-x"), "!Sub '${AppName}-x'"),
        (get_att("AddonsStack", "Outputs.Table"), "!GetAtt AddonsStack.Outputs.Table"),
        (import_value("x"), "!ImportValue x"),
        (import_value(sub("${EnvName}")), "Fn::ImportValue: !Sub '${EnvName}'"),
        ({"Fn::Join": Flow([Single(""), Flow([ref("A"), "b"])])}, "!Join ['', [!Ref A, b]]"),
        ({"Fn::Sub": ["${a}", {"a": ref("B")}]}, "Fn::Sub:\n    - ${a}\n    - a: !Ref B"),
    ],
)
def test_functions_are_short_where_that_can_be_nested(value: Value, expected: str) -> None:
    """A function around a function in long form is long itself."""
    assert _written(value) == expected


def test_a_function_around_a_long_one_is_long() -> None:
    """Readers differ on short functions around long ones."""
    value: Value = {"Fn::Join": [Single(","), {"Fn::Split": [Single(";"), import_value(ref("A"))]}]}

    assert _written(value).startswith("Fn::Join:\n    - ','\n    - Fn::Split:")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alpine", "alpine"),
        ("arn:aws:ssm:us-west-2:1:parameter/x", "arn:aws:ssm:us-west-2:1:parameter/x"),
        ("5", "'5'"),
        ("1.0", "'1.0'"),
        ("null", "'null'"),
        ("on", "'on'"),
        ("NO", "'NO'"),
        ("0755", "'0755'"),
        ("12:30", "'12:30'"),
        ("2026-11-27", "'2026-11-27'"),
        ("1.10", "'1.10'"),
        ("=", "'='"),
        ("", "''"),
        ("!Ref AppName", "!Ref AppName"),
        ("!Sub '${AppName}-x'", "!Sub '${AppName}-x'"),
        ("!Join ['', [a, b]]", "!Join ['', [a, b]]"),
        ("!Join [on, [12:30, !Ref X]]", "!Join ['on', ['12:30', !Ref X]]"),
        ("Ref: AppName", "Ref: AppName"),
        ("Fn::ImportValue: 'some-Export'", "Fn::ImportValue: 'some-Export'"),
        ("{Fn::ImportValue: some-Export}", "{Fn::ImportValue: some-Export}"),
        ("Fn::ImportValue: !Sub '${AppName}-x'", "Fn::ImportValue: !Sub '${AppName}-x'"),
        ("Fn::ImportValue:x", "Fn::ImportValue:x"),
        ("Fn::Import: x", "'Fn::Import: x'"),
        ("Ref: a, b: c", "'Ref: a, b: c'"),
        ('"quoted: so"', '"quoted: so"'),
        ("'1'", "'1'"),
        ("two words", "two words"),
        ("a: b", "'a: b'"),
        ("#x", "'#x'"),
        ("x #y", "'x #y'"),
        ("- q", "'- q'"),
        ("[x]", "'[x]'"),
        ("{}", "'{}'"),
        ("[", "'['"),
        ("|", "'|'"),
        ("&&", "'&&'"),
        ("*y", "'*y'"),
        ("%x", "'%x'"),
        (" x ", "' x '"),
        ("one\ntwo", '"one\\ntwo"'),
        ("!Ref [", "'!Ref ['"),
        ("!important", "'!important'"),
        ("!", "'!'"),
        ("echo 'a' && date", "echo 'a' && date"),
    ],
)
def test_raw_texts_keep_what_manifests_rely_on(text: str, expected: str) -> None:
    """Functions and quotes of their own count; what YAML would mistake is quoted."""
    assert _written(unquoted_scalar(text)) == expected


WORDS = st.one_of(
    st.sampled_from(["on", "Off", "YES", "n", "null", "~", "TRUE", ".inf", ".NaN", "<<", "="]),
    st.text("0123456789abefxo+-.:_", min_size=1, max_size=12),
    st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=12),
)


@given(WORDS)
def test_a_reader_of_yaml_1_1_gets_the_text(text: str) -> None:
    """A string stays a string, unless it is a function or contains its own quotes."""
    assume(called(text) is None and as_read(text) == text)
    read = yaml.safe_load(writer.text(node({"words": [unquoted_scalar(text)], "keys": {text: 1}})))
    assert read == {"words": [text], "keys": {text: 1}}


def test_an_import_under_a_raw_name_may_hold_a_function() -> None:
    """The function is nested, so the import is in long form."""
    assert _written(unquoted_or_imported(Import(export="!Sub x"))) == "Fn::ImportValue: !Sub x"
    assert _written(unquoted_or_imported("Fn::ImportValue: 'x'")) == "Fn::ImportValue: 'x'"
    assert _written(unquoted_or_imported(Import(export="x"))) == "!ImportValue x"
