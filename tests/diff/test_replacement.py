"""Whether a change replaces a resource, and that all that a job's template can have is known."""

import re
from pathlib import Path

import pytest
import unredacted
import yaml

import cjob.template
from cjob import diff
from cjob.diff.replacement import DEPENDS, replacement, types
from cjob.document.models import Change

FULL = (Path(__file__).parents[1] / "template" / "full.yml").read_text()
SOURCES = "".join(
    file.read_text()
    for file in sorted(Path(cjob.template.__file__).parent.glob("*.py"))
    if file.name != "regional.py"  # it is about another stack
)


def resources() -> list[tuple[str, str, frozenset[str]]]:
    """Return name, type and properties of each resource of a template that has about everything."""
    return [
        (name, dict_of(one)["Type"].value, frozenset(dict_of(dict_of(one)["Properties"])))
        for name, one in dict_of(dict_of(yaml.compose(FULL))["Resources"]).items()
    ]


def dict_of(node: yaml.Node | None) -> dict[str, yaml.Node]:
    """Return a map's values by name."""
    assert isinstance(node, yaml.MappingNode)
    return {key.value: value for key, value in node.value}


def test_every_type_of_a_jobs_template_is_known() -> None:
    """Those that the sources of the template name, and no others."""
    named = set(re.findall(r'"Type": "((?:AWS|Custom)::[\w:]+)"', SOURCES))
    assert len(named) > 8
    assert named == types()


@pytest.mark.parametrize(("name", "of", "properties"), resources())
def test_every_property_of_a_jobs_template_is_known(
    name: str, of: str, properties: frozenset[str]
) -> None:
    """So that nothing that cjob changes is said to be perhaps a replacement."""
    unknown = {one for one in properties if replacement(of, one) == DEPENDS}
    assert not unknown, name


def test_every_property_that_depends_on_the_manifest_is_known() -> None:
    """Those that stand in the sources under a condition, so that no sample may lack them."""
    optional = {
        "AWS::ECS::TaskDefinition": {"EphemeralStorage", "RuntimePlatform", "Volumes"},
        "AWS::IAM::Role": {"PermissionsBoundary"},
        "AWS::SNS::Topic": {"FifoTopic", "ContentBasedDeduplication"},
    }
    for of, names in optional.items():
        for name in names:
            assert f'"{name}"' in SOURCES
            assert replacement(of, name) != DEPENDS


@pytest.mark.parametrize(
    ("of", "name", "expected"),
    [
        ("AWS::Logs::LogGroup", "LogGroupName", "true"),
        ("AWS::Logs::LogGroup", "RetentionInDays", "false"),
        ("AWS::IAM::Role", "Path", "true"),
        ("AWS::EFS::AccessPoint", "PosixUser", "true"),
        ("AWS::Events::Rule", "ScheduleExpression", "false"),
        ("AWS::CloudFormation::Stack", "TemplateURL", "false"),
        ("AWS::SNS::Topic", "NotKnownYet", "conditional"),
        ("AWS::DynamoDB::Table", "TableName", "true"),
        ("AWS::DynamoDB::Table", "KeySchema", "true"),
        ("AWS::DynamoDB::Table", "BillingMode", "false"),
        ("AWS::RDS::DBInstance", "DBInstanceIdentifier", "true"),
        ("AWS::RDS::DBInstance", "Engine", "conditional"),
        ("AWS::S3::Bucket", "BucketName", "true"),
        ("AWS::Cognito::UserPool", "UserPoolName", "false"),
        ("AWS::Made::Up", "Name", "conditional"),
        ("Custom::Mine", "ServiceToken", "conditional"),
    ],
)
def test_a_property_replaces_its_resource_as_the_reference_has_it(
    of: str, name: str, expected: str
) -> None:
    """What is not in the table is not known."""
    assert replacement(of, name) == expected


RESOURCE = "Resources: {{A: {{Type: '{of}', Properties: {{{properties}}}}}}}\n"


def only(old: str, new: str) -> Change:
    """Return the one change between two templates."""
    (change,) = diff.changes(unredacted.compare(old, new))
    return change


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("PosixUser: {Uid: 1}", "PosixUser: {Uid: 2}", "true"),
        ("PosixUser: {Uid: 1}", "PosixUser: {Uid: 1}, AccessPointTags: [a]", "false"),
        ("PosixUser: {Uid: 1}", "PosixUser: {Uid: 1}, New: a", "conditional"),
    ],
)
def test_a_change_of_a_property_says_whether_it_replaces(old: str, new: str, expected: str) -> None:
    """With the type of its resource."""
    of = "AWS::EFS::AccessPoint"
    change = only(*(RESOURCE.format(of=of, properties=one) for one in (old, new)))
    assert (change.type, change.replacement) == (of, expected)


def test_another_type_is_another_resource() -> None:
    """One takes the place of the other."""
    old, new = (
        RESOURCE.format(of=of, properties="X: 1") for of in ("AWS::SNS::Topic", "Custom::A")
    )
    change = only(old, new)
    assert (change.type, change.replacement) == ("Custom::A", "true")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Resources: {A: {Type: B}}", "Resources: {A: {Type: B}, C: {Type: D}}"),
        ("Resources: {A: {Type: B, DependsOn: C}}", "Resources: {A: {Type: B, DependsOn: D}}"),
        ("Parameters: {A: {Type: String}}", "Parameters: {A: {Type: Number}}"),
    ],
)
def test_what_is_no_property_replaces_nothing(old: str, new: str) -> None:
    """A resource that is new or gone is not replaced either."""
    assert only(old, new).replacement == ""
