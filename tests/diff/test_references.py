"""What a changed parameter does to the resources that refer to it."""

from pathlib import Path

import pytest

from cjob import diff
from cjob.diff.summary import summary
from cjob.document.fingerprint import fingerprint
from cjob.document.models import Change, Diff
from cjob.document.snapshot import StackSnapshot

FULL = (Path(__file__).parents[1] / "template" / "full.yml").read_text()

TEMPLATE = """\
Parameters: {{X: {{Type: String}}}}
Conditions:
  HasX: !Not [!Equals [!Ref X, '']]
  HasBoth: !And [!Condition HasX, !Equals [a, a]]
  HasOther: !Equals [a, a]
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: !Ref X
      {property}
"""


def changed(template: str, parameter: str) -> Change:
    """Return the change of a parameter of a template that stays."""
    found = diff.mappings({parameter: "1"}, {parameter: "2"}, section="parameters")
    (change,) = diff.with_replacements(diff.compare(template, template), found.changes)
    return change


@pytest.mark.parametrize(
    "value",
    [
        "!Ref X",
        "{Ref: X}",
        "!Sub 'a-${X}'",
        "{'Fn::Sub': ['a-${X}-${Y}', {Y: b}]}",
        "!Sub ['a-${Y}', {Y: !Ref X}]",
        "!Join ['-', [a, !Ref X]]",
        "!If [HasX, a, b]",
        "!If [HasBoth, a, b]",
        "{'Fn::If': [HasOther, !Ref X, b]}",
    ],
)
def test_a_parameter_in_a_name_makes_the_resource_anew(value: str) -> None:
    """However it is referred to."""
    change = changed(TEMPLATE.format(property=f"TopicName: {value}"), "X")
    assert (change.replacement, change.resources) == ("true", {"Topic": "true"})


@pytest.mark.parametrize(
    "value", ["!Ref Y", "!Sub 'a-${!X}'", "!Sub '${X.Arn}'", "!If [HasOther, a, b]", "X", "'${X}'"]
)
def test_what_does_not_refer_to_a_parameter_is_not_replaced(value: str) -> None:
    """There is a property that does, and keeps its resource."""
    change = changed(TEMPLATE.format(property=f"TopicName: {value}"), "X")
    assert (change.replacement, change.resources) == ("false", {})


def test_what_an_unknown_property_does_is_not_known() -> None:
    """Nor is it for a parameter in it."""
    change = changed(TEMPLATE.format(property="NotKnownYet: !Ref X"), "X")
    assert (change.replacement, change.resources) == ("conditional", {"Topic": "conditional"})


@pytest.mark.parametrize(
    ("parameter", "replaces", "told"),
    [
        ("ContainerImage", ["TaskDefinition"], "1 change: 1 image"),
        ("Schedule", [], "1 change: 1 schedule"),
        ("LogRetention", [], "1 change: 1 logging"),
        ("EnvFileARN", ["TaskDefinition"], "1 change: 1 environment variable"),
        ("AddonsTemplateURL", [], "1 change: 1 addons"),
    ],
)
def test_parameters_of_a_job_replace_what_they_always_did(
    parameter: str, replaces: list[str], told: str
) -> None:
    """A new revision of the task definition, and nothing else, in the line for people."""
    change = changed(FULL, parameter)
    assert list(change.resources) == replaces
    assert summary(_difference(change)) == told


def test_a_job_of_another_name_replaces_what_bears_it() -> None:
    """The change lists these resources."""
    change = changed(FULL, "WorkloadName")
    assert change.replacement == "true"
    assert {"LogGroup", "StateMachine", "AccessPoint"} <= change.resources.keys()
    assert "; replaces LogGroup" in summary(_difference(change))


def _difference(change: Change) -> Diff:
    return Diff(changed=True, text="", changes=(change,), against=fingerprint(StackSnapshot()))
