"""Changes for programs: their paths, values and kinds, and that they are complete."""

import json

import pytest
import unredacted
from applied import JSON, backwards, forwards
from hypothesis import given
from hypothesis import strategies as st

from cjob import diff
from cjob.document.models import Change


def _texts(value: JSON) -> JSON:
    """Return a value with every scalar as its text, since only that is compared."""
    if isinstance(value, dict):
        return {key: _texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item) for item in value]
    return value if isinstance(value, str) else json.dumps(value)


scalars = st.one_of(
    st.sampled_from(["a", "b", "c", "", "x: y", "# no", "é", "two\nlines", " led", "010", "null"]),
    st.integers(-3, 3),
    st.booleans(),
)
keys = st.sampled_from(["Name", "Value", "Key", "a.b", "[0]", "", 'q"', "Ref", "1", "Fn::Sub"])
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=25,
)
documents = st.dictionaries(st.sampled_from(["Resources", "Outputs", "Zed"]), trees, max_size=3)


@given(documents, documents)
def test_changes_lead_from_the_old_to_the_new_and_back(old: JSON, new: JSON) -> None:
    """Applied to one template they give the other one, with scalars as strings."""
    found = diff.changes(unredacted.compare(json.dumps(old), json.dumps(new)))
    assert _texts(new) == _texts(forwards(found, old))
    assert _texts(old) == _texts(backwards(found, new))


@given(documents)
def test_a_template_does_not_differ_from_itself(document: JSON) -> None:
    """Whatever it is, and however it is laid out."""
    old, new = json.dumps(document), json.dumps(document, indent=3, sort_keys=True)
    assert unredacted.text(old, new) == ""
    assert diff.changes(unredacted.compare(old, new)) == ()


@given(documents, documents)
def test_text_and_changes_agree_on_whether_there_are_any(old: JSON, new: JSON) -> None:
    """Both come from one walk."""
    comparison = unredacted.compare(json.dumps(old), json.dumps(new))
    assert comparison.changed == bool(diff.render(comparison)) == bool(diff.changes(comparison))


words = st.text("abcdefgh", min_size=1, max_size=6)
plain_trees = st.recursive(
    words,
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(words, inner, max_size=4)),
    max_leaves=25,
)
plain_documents = st.dictionaries(words, plain_trees, max_size=3)


def _scalars(value: JSON) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _scalars(item)]
    if isinstance(value, list):
        return [text for item in value for text in _scalars(item)]
    return [] if value is None else [str(value)]


@given(plain_documents, plain_documents)
def test_every_scalar_that_comes_or_goes_is_in_the_text(old: JSON, new: JSON) -> None:
    """On a line with the sign that tells which of the two it is."""
    comparison = unredacted.compare(json.dumps(old), json.dumps(new))
    lines = diff.render(comparison).splitlines()
    for change in diff.changes(comparison):
        for value, sign in ((change.old, "-"), (change.new, "+")):
            signed = [line for line in lines if line.lstrip()[0] in (sign, "~")]
            for text in _scalars(value):
                assert any(text in line for line in signed)


TEMPLATE = """\
Parameters:
  Schedule: {Default: a}
Resources:
  TaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Image: !Ref ContainerImage
          Environment:
            - {Name: A, Value: 1}
            - {Name: B, Value: "2"}
"""


def _only(old: str, new: str) -> Change:
    (change,) = diff.changes(unredacted.compare(old, new))
    return change


def test_a_path_has_dots_between_keys_and_indexes_in_brackets() -> None:
    """It can be read, split and searched for."""
    change = _only(TEMPLATE, TEMPLATE.replace('"2"', '"3"'))
    assert change == Change(
        op="change",
        path="Resources.TaskDefinition.Properties.ContainerDefinitions[0].Environment[1].Value",
        item="B",
        kind="environment variable",
        type="AWS::ECS::TaskDefinition",
        replacement="true",
        old="2",
        new="3",
    )


def test_values_are_plain_json_with_functions_in_full() -> None:
    """Also where the template has them short."""
    change = _only(TEMPLATE, TEMPLATE.replace("!Ref ContainerImage", "!Sub ['${X}', {X: !Ref Y}]"))
    assert (change.kind, change.old) == ("image", {"Ref": "ContainerImage"})
    assert change.new == {"Fn::Sub": ["${X}", {"X": {"Ref": "Y"}}]}


VALUES = {
    "1": 1, "-1.5": -1.5, "true": True, "False": False, "~": None, "": None, "'1'": "1",
    "010": "010", "1.50": "1.50", "2020-01-01": "2020-01-01", "yes": "yes", "!!str 1": "1",
    "!Foo x": {"Fn::Foo": "x"}, "!Condition C": {"Condition": "C"},
    "!GetAtt A.b.c": {"Fn::GetAtt": ["A", "b.c"]},
    "{'Fn::GetAtt': A.b}": {"Fn::GetAtt": ["A", "b"]},
    "[a, {b: c}]": ["a", {"b": "c"}], "{}": {}, "&x []": [],
}  # fmt: skip


@pytest.mark.parametrize(("written", "value"), VALUES.items())
def test_a_scalar_is_a_number_only_in_that_number_s_own_spelling(
    written: str, value: object
) -> None:
    """So that no digit of a text is lost on the way through JSON."""
    change = _only("z: 0\n", f"a: {written}\nz: 0\n")
    assert (change.op, change.path) == ("add", "a")
    assert json.dumps(value) == json.dumps(change.new)


def test_a_path_leads_through_a_function_s_full_name() -> None:
    """Short or full makes no difference to a program."""
    full = "a: {'Fn::If': [C, x, {k: 1}]}"
    for old in ("a: !If [C, x, {k: 0}]", "a: {'Fn::If': [C, x, {k: 0}]}"):
        assert _only(old, full).path == "a.Fn::If[2].k"
    assert _only("a: !If [C, x]", "a: !If [C, y]").path == "a.Fn::If[1]"


def test_another_function_or_attribute_is_one_change() -> None:
    """No path leads into both."""
    assert _only("a: !If [C, x]", "a: !Join [C, y]").path == "a"
    change = _only("a: !GetAtt A.b", "a: !GetAtt [A, c]")
    assert (change.old, change.new) == ({"Fn::GetAtt": ["A", "b"]}, {"Fn::GetAtt": ["A", "c"]})


def test_removed_items_count_in_the_old_list_and_all_others_in_the_new() -> None:
    """Thus each index says where the item can be looked up."""
    comparison = unredacted.compare("a: [x, y, {k: 1}, z]", "a: [y, {k: 2}, z, w]")
    assert [(change.op, change.path) for change in diff.changes(comparison)] == [
        ("remove", "a[0]"),
        ("change", "a[1].k"),
        ("add", "a[3]"),
    ]
    only = _only("a: [q, x, {k: 1}]", "a: [q, {k: 1}]")
    assert (only.op, only.path, only.old) == ("remove", "a[1]", "x")


def test_a_new_stack_is_told_by_its_sections() -> None:
    """One addition for each key of the document."""
    found = diff.changes(unredacted.compare("", TEMPLATE))
    assert [(c.op, c.path) for c in found] == [("add", "Parameters"), ("add", "Resources")]


KINDS = {
    ("Description", ""): "cosmetic",
    ("Metadata.Version", ""): "cosmetic",
    ("Resources.A.Metadata.aws:copilot:description", "AWS::IAM::Role"): "cosmetic",
    ("Resources.A.Properties.ContainerDefinitions[0].Image", "AWS::ECS::TaskDefinition"): "image",
    ("Resources.A.Properties.ContainerDefinitions[1]", "AWS::ECS::TaskDefinition"): "container",
    ("Resources.A.Properties.ContainerDefinitions[0].Ulimits", "AWS::ECS::TaskDefinition"): (
        "container"
    ),
    (
        "Resources.A.Properties.ContainerDefinitions[0].HealthCheck.Command[0]",
        "AWS::ECS::TaskDefinition",
    ): "health check",
    (
        "Resources.A.Properties.ContainerDefinitions[0].DockerLabels.Image",
        "AWS::ECS::TaskDefinition",
    ): "tag",
    ("Resources.A.Properties.ContainerDefinitions[0].DependsOn", "AWS::ECS::TaskDefinition"): (
        "start order"
    ),
    ("Resources.Secrets.Properties.PidMode", "AWS::ECS::TaskDefinition"): "task",
    ("Resources.A.Properties.ContainerDefinitions[0].Secrets[2]", "AWS::ECS::TaskDefinition"): (
        "secret"
    ),
    ("Resources.A.Properties.EphemeralStorage", "AWS::ECS::TaskDefinition"): "storage",
    ("Resources.A.Properties.TaskRoleArn", "AWS::ECS::TaskDefinition"): "IAM",
    ("Resources.A.Properties.ScheduleExpression", "AWS::Events::Rule"): "schedule",
    ("Resources.A.Properties.DefinitionString", "AWS::StepFunctions::StateMachine"): (
        "state machine"
    ),
    ("Resources.A", "AWS::IAM::Role"): "IAM",
    ("Resources.A", "AWS::Logs::LogGroup"): "logging",
    ("Resources.A", "AWS::EC2::SecurityGroup"): "network",
    ("Resources.A.Properties.Code", "AWS::Lambda::Function"): "controller",
    ("Resources.A", "Custom::EnvControllerFunction"): "controller",
    ("parameters.ContainerImage", ""): "image",
    ("parameters.Schedule", ""): "schedule",
    ("parameters.TaskCPU", ""): "task size",
    ("parameters.LoggingEnvFileARN", ""): "environment variable",
    ("parameters.WorkloadName", ""): "parameter",
    ("Parameters.Mine.Type", ""): "parameter",
    ("Conditions.HasAddons", ""): "condition",
    ("Outputs.X", ""): "output",
    ("Transform", ""): "template",
    ("Mine", ""): "other",
    ("Resources.Mine", "AWS::SQS::Queue"): "other",
}


@pytest.mark.parametrize(("place", "kind"), KINDS.items())
def test_a_change_s_kind_follows_from_its_place(place: tuple[str, str], kind: str) -> None:
    """The resource's type decides, and within a task definition the property."""
    assert diff.category_of(*place) == kind
