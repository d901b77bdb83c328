"""What a deployment would remove or replace, and whether data would be lost with it."""

import pytest

from cjob.checks.data_loss import Loss, check_data_loss, doubts, losses, unread
from cjob.checks.stateless import STATELESS, is_stateless
from cjob.diff.replacement import DEPENDS, replacement, types
from cjob.document.models import Stack
from cjob.document.snapshot import StackSnapshot
from cjob.reporting.errors import InputError

NAME = "acme-test-report"


def template(*resources: str, more: str = "") -> str:
    """Return a template with these resources, each in one line."""
    lines = "".join(f"  {one}\n" for one in resources)
    return f"{more}Resources:\n  Role: {{Type: 'AWS::IAM::Role'}}\n{lines}"


def resource(name: str, of: str, properties: str = "", **attributes: str) -> str:
    """Return a line of a template."""
    more = "".join(f", {key}: {value}" for key, value in attributes.items())
    return f"{name}: {{Type: '{of}', Properties: {{{properties}}}{more}}}"


def between(
    old: str,
    new: str,
    was: dict[str, str] | None = None,
    now: dict[str, str] | None = None,
    addons: tuple[str, str] = ("", ""),
) -> list[tuple[str, str, str, bool]]:
    """Return what is lost between two templates, with their parameters and addons."""
    live = StackSnapshot(
        status="UPDATE_COMPLETE", template=old, parameters=was or {}, addons=addons[0]
    )
    stack = Stack(name=NAME, template=new, parameters=now or {}, tags={}, addons=addons[1])
    return [(one.how, one.logical_id, one.why, one.maybe) for one in losses(live, stack)]


@pytest.mark.parametrize(
    ("of", "properties"),
    [
        ("AWS::DynamoDB::Table", "TableName"),
        ("AWS::DynamoDB::GlobalTable", "TableName"),
        ("AWS::RDS::DBInstance", "DBInstanceIdentifier"),
        ("AWS::RDS::DBCluster", "DBClusterIdentifier"),
        ("AWS::DocDB::DBCluster", "DBClusterIdentifier"),
        ("AWS::S3::Bucket", "BucketName"),
        ("AWS::ECR::Repository", "RepositoryName"),
        ("AWS::Kinesis::Stream", "Name"),
        ("AWS::OpenSearchService::Domain", "DomainName"),
        ("AWS::ElastiCache::ReplicationGroup", "ReplicationGroupId"),
        ("AWS::Redshift::Cluster", "ClusterIdentifier"),
        ("AWS::FSx::FileSystem", "FileSystemType"),
        ("AWS::EFS::FileSystem", "Encrypted"),
        ("AWS::Cognito::UserPoolClient", "UserPoolId"),
        ("AWS::SecretsManager::Secret", "Name"),
        ("AWS::SQS::Queue", "QueueName"),
        ("AWS::Logs::LogGroup", "LogGroupName"),
    ],
)
def test_a_changed_create_only_property_loses_the_data(of: str, properties: str) -> None:
    """CloudFormation makes an empty resource and deletes the old one; so does a removal."""
    old, new = (template(resource("Data", of, f"{properties}: {value}")) for value in "ab")
    assert between(old, new) == [("replace", "Data", properties, False)]
    assert between(old, template()) == [("remove", "Data", "", False)]
    assert between(template(), new) == []
    assert between(old, old) == []


@pytest.mark.parametrize(
    "of", ["AWS::KMS::Key", "AWS::Cognito::UserPool", "AWS::EC2::Volume", "Custom::Mine", "Other"]
)
def test_a_type_that_nobody_listed_holds_data(of: str) -> None:
    """It is safer to ask."""
    assert between(template(resource("Data", of)), template()) == [("remove", "Data", "", False)]


@pytest.mark.parametrize("of", sorted(types() - {"AWS::Logs::LogGroup"}))
def test_a_jobs_own_resources_go_silently(of: str) -> None:
    """Apart from its logs, its addons, and the door to its files."""
    silent = of not in {"AWS::CloudFormation::Stack", "AWS::EFS::AccessPoint"}
    assert is_stateless(of) is silent


def test_every_resource_type_that_may_go_silently_exists() -> None:
    """A misspelt one would be asked about for ever."""
    named = {one for one in STATELESS - types() if not one.endswith("*")}
    unknown = {one for one in named if replacement(one, "NoProperty") == DEPENDS}
    assert {one for one in unknown if not one.startswith("AWS::Serverless::")} == set()


def test_another_access_point_leads_to_the_same_files() -> None:
    """But without any, the environment's file system may go."""
    old, new = (
        template(resource("Door", "AWS::EFS::AccessPoint", f"PosixUser: {{Uid: {uid}}}"))
        for uid in (1, 2)
    )
    assert between(old, new) == []
    assert between(old, template()) == [("remove", "Door", "", False)]


def test_another_type_under_the_same_name_removes_the_old_resource() -> None:
    """CloudFormation refuses or replaces it; the data would be gone in either case."""
    old, new = (
        template(resource("Data", "AWS::S3::Bucket")),
        template(resource("Data", "Custom::A")),
    )
    assert between(old, new) == [("remove", "Data", "", False)]


@pytest.mark.parametrize("policy", ["Retain", "Snapshot", "RetainExceptOnCreate"])
def test_a_live_policy_that_keeps_the_resource_loses_nothing(policy: str) -> None:
    """Each policy for its own case."""
    bucket, kept = "AWS::S3::Bucket", {"DeletionPolicy": policy}
    assert between(template(resource("Data", bucket, **kept)), template()) == []
    old, new = (
        template(resource("Data", bucket, f"BucketName: {name}", UpdateReplacePolicy=policy))
        for name in "ab"
    )
    assert between(old, new) == []
    assert between(old, template()) == [("remove", "Data", "", False)]


def test_a_policy_that_comes_with_the_replacement_is_not_relied_on() -> None:
    """Which of two is the one that counts, the documentation doesn't say."""
    old = template(resource("Data", "AWS::S3::Bucket", "BucketName: a"))
    new = template(
        resource("Data", "AWS::S3::Bucket", "BucketName: b", UpdateReplacePolicy="Retain")
    )
    assert between(old, new) == [("replace", "Data", "BucketName", False)]


@pytest.mark.parametrize(
    "value", ["!Ref Stem", "!Sub '${Stem}-data'", "!Join ['-', [!Ref Stem, data]]"]
)
def test_a_parameter_replaces_what_refers_to_it(value: str) -> None:
    """Although the templates are the same."""
    text = template(
        resource("Data", "AWS::S3::Bucket", f"BucketName: {value}"),
        more="Parameters: {Stem: {Type: String}}\n",
    )
    assert between(text, text, {"Stem": "a"}, {"Stem": "b"}) == [
        ("replace", "Data", "BucketName", False)
    ]
    assert between(text, text, {"Stem": "a"}, {"Stem": "a"}) == []
    assert between(text, text, {"Stem": "****"}, {"Stem": "a"}) == []


def test_a_condition_that_becomes_false_removes_its_resource() -> None:
    """However it is put together."""
    more = (
        "Parameters: {Size: {Type: String}, Region: {Type: String, Default: here}}\n"
        "Conditions:\n"
        "  IsSmall: !Equals [!Ref Size, '0']\n"
        "  IsHere: !Equals [!Ref Region, here]\n"
        "  HasData: !And [!Not [{Condition: IsSmall}], {Condition: IsHere}]\n"
    )
    text = template(resource("Data", "AWS::SQS::Queue", Condition="HasData"), more=more)
    assert between(text, text, {"Size": "1"}, {"Size": "0"}) == [("remove", "Data", "", False)]
    assert between(text, text, {"Size": "1"}, {"Size": "2"}) == []


def test_what_refers_to_a_replaced_resource_is_replaced_too() -> None:
    """A database lives in the subnet group that it was made in."""
    old, new = (
        template(
            resource("Group", "AWS::RDS::DBSubnetGroup", f"DBSubnetGroupName: {name}"),
            resource("Data", "AWS::RDS::DBInstance", "DBSubnetGroupName: !Ref Group"),
        )
        for name in "ab"
    )
    assert between(old, new) == [("replace", "Data", "DBSubnetGroupName", False)]


@pytest.mark.parametrize(
    ("of", "name"), [("AWS::RDS::DBInstance", "Engine"), ("Custom::Mine", "Size")]
)
def test_what_may_be_replaced_is_reported(of: str, name: str) -> None:
    """AWS alone knows; refusing would be too much."""
    old, new = (template(resource("Data", of, f"{name}: {value}")) for value in "ab")
    assert between(old, new) == [("replace", "Data", name, True)]
    live = StackSnapshot(status="UPDATE_COMPLETE", template=old)
    found = losses(live, Stack(name=NAME, template=new, parameters={}, tags={}))
    check_data_loss(found, (), NAME)
    assert doubts(found, ()) == (f"Data ({of}) may be replaced, and its data lost: {name} changes",)
    assert doubts(found, ("Data",)) == ()


@pytest.mark.parametrize("live", ["Name: ? f?r dich: a\n", "a: [", "\t"])
def test_a_live_template_that_cannot_be_checked_is_reported(live: str) -> None:
    """That of the addons, too; one that is the same as the new one is not looked at."""
    stack = Stack(name=NAME, template=template(), parameters={}, tags={}, addons=template())
    spoilt = StackSnapshot(status="UPDATE_COMPLETE", template=live, addons=live)
    subjects = [f"the live template of {whose}stack '{NAME}'" for whose in ("", "the addons of ")]
    problem = "is not YAML: whether data would be lost was not checked"
    assert unread(spoilt, stack) == tuple(f"{subject} {problem}" for subject in subjects)
    assert losses(spoilt, stack) == ()
    sound = StackSnapshot(status="UPDATE_COMPLETE", template=template(), addons="")
    assert unread(sound, stack) == ()
    assert unread(StackSnapshot(template=live), stack) == ()


ADDONS = "AddonsStack: {Type: 'AWS::CloudFormation::Stack', Condition: HasAddons, Properties: {%s}}"
HAS_ADDONS = (
    "Parameters: {Url: {Type: String}}\nConditions: {HasAddons: !Not [!Equals [!Ref Url, '']]}\n"
)


def test_addons_are_checked_with_what_they_are_given() -> None:
    """Their parameters come from the job's template."""
    own = "Parameters: {Env: {Type: String}}\n"
    addons = template(
        resource("Table", "AWS::DynamoDB::Table", "TableName: !Sub '${Env}-table'"), more=own
    )
    old, new = (template(ADDONS % f"Parameters: {{Env: {env}}}", more=HAS_ADDONS) for env in "ab")
    url = {"Url": "https://x"}
    assert between(old, new, url, url, (addons, addons)) == [
        ("replace", "Table", "TableName", False)
    ]
    assert between(old, old, url, url, (addons, addons)) == []
    assert between(old, old, url, url, (addons, template())) == [("remove", "Table", "", False)]


def test_addons_that_are_gone_are_one_loss() -> None:
    """Their stack stays in the template, under a condition that no longer holds."""
    addons = template(resource("Table", "AWS::DynamoDB::Table"))
    text = template(ADDONS % "", more=HAS_ADDONS)
    found = between(text, text, {"Url": "https://x"}, {"Url": ""}, (addons, ""))
    assert found == [("remove", "AddonsStack", "", False)]


def test_a_live_template_that_cannot_be_read_blocks_nothing() -> None:
    """What is in it, nobody knows."""
    assert between("a: ? b?r c: [", template()) == []


def test_all_losses_are_told_at_once() -> None:
    """With the options that allow all of them."""
    found = (
        Loss(logical_id="Data", type="AWS::S3::Bucket", how="remove"),
        Loss(logical_id="Table", type="AWS::DynamoDB::Table", how="replace", why="TableName"),
    )
    with pytest.raises(InputError) as caught:
        check_data_loss(found, (), NAME)
    assert caught.value.message == (
        f"stack '{NAME}': this would remove Data (AWS::S3::Bucket), replace Table "
        "(AWS::DynamoDB::Table, whose TableName changes), and so lose the data in them"
    )
    assert caught.value.hint == ("to do it anyway, pass --allow-removal Data --allow-removal Table")
    check_data_loss(found, ("Data", "Table"), NAME)
