"""`cjob iam`: policies to be given to AWS, and the same in words."""

import json
import re
from pathlib import Path
from typing import Any

import commands
import pytest
from commands import Done

from cjob.aws import manager_role, rights


def iam(folder: Path, *arguments: str, **settings: str) -> Done:
    """Run the command for an application."""
    return commands.run("cjob", "iam", "-a", "acme", *arguments, folder=folder, settings=settings)


def policy(folder: Path, *arguments: str, **settings: str) -> dict[str, list[str]]:
    """Give the resources of each action that a printed policy allows."""
    done = iam(folder, *arguments, "-o", "json", **settings)
    assert done.status == 0, done.err
    document: dict[str, Any] = json.loads(done.out)
    assert document["Version"] == "2012-10-17"
    assert {statement["Effect"] for statement in document["Statement"]} == {"Allow"}
    allowed: dict[str, list[str]] = {}
    for statement in document["Statement"]:
        for action in statement["Action"]:
            allowed.setdefault(action, []).extend(statement["Resource"])
    return allowed


def test_a_policy_is_confined_to_application_and_environment(tmp_path: Path) -> None:
    """Nothing of another one can be touched with it."""
    allowed = policy(tmp_path, "-e", "test")
    assert allowed["sts:AssumeRole"] == ["arn:aws:iam::*:role/acme-test-EnvManagerRole"]
    assert allowed["ssm:GetParameter"] == [
        "arn:aws:ssm:*:*:parameter/copilot/applications/acme",
        "arn:aws:ssm:*:*:parameter/copilot/applications/acme/environments/test",
    ]
    assert allowed["ecr:PutImage"] == ["arn:aws:ecr:*:*:repository/acme/*"]
    everywhere = [action for action, resources in allowed.items() if "*" in resources]
    assert everywhere == ["ecr:GetAuthorizationToken"]


def test_without_an_environment_a_policy_is_for_all_of_them(tmp_path: Path) -> None:
    """As a person needs it."""
    assert policy(tmp_path)["sts:AssumeRole"] == ["arn:aws:iam::*:role/acme-*-EnvManagerRole"]


def test_a_command_that_sends_no_image_needs_no_right_to(tmp_path: Path) -> None:
    """A policy is as small as what is run; to compare images they are looked up."""
    allowed = policy(tmp_path, "diff", "apply")
    assert [action for action in allowed if action.startswith("ecr:")] == ["ecr:BatchGetImage"]


def test_the_manager_roles_policy_has_what_a_command_does_with_it(tmp_path: Path) -> None:
    """To compare, no right to change anything is needed."""
    allowed = policy(tmp_path, "diff", "--role", "manager")
    assert "cloudformation:GetTemplate" in allowed
    assert {action.partition(":")[2][:3] for action in allowed} == {"Des", "Get"}


@pytest.mark.parametrize(
    ("arguments", "settings", "partition"),
    [
        ((), {"AWS_REGION": "cn-north-1"}, "aws-cn"),
        ((), {"AWS_DEFAULT_REGION": "us-gov-west-1"}, "aws-us-gov"),
        (("--partition", "aws-cn"), {"AWS_REGION": "eu-west-1"}, "aws-cn"),
        ((), {}, "aws"),
    ],
)
def test_arns_are_of_the_partition(
    tmp_path: Path, arguments: tuple[str, ...], settings: dict[str, str], partition: str
) -> None:
    """China and GovCloud have ARNs of their own."""
    for resources in policy(tmp_path, *arguments, **settings).values():
        assert {arn.split(":")[1] for arn in resources if arn != "*"} <= {partition}


def test_in_words_both_identities_have_their_rights_by_stage(tmp_path: Path) -> None:
    """With what is on what, and from which environment on the role has them."""
    done = iam(tmp_path, "-e", "test", "-o", "text")
    assert (done.status, done.err) == (0, "")
    caller, manager = done.out.split("\n\narn:aws:iam::*:role/acme-test-EnvManagerRole")
    assert "sts:AssumeRole" in caller
    assert "in environments from v1.9.0 on" in manager
    headings = [line for line in done.out.splitlines() if re.match("  \\w", line)]
    assert [line.strip() for line in headings] == [
        *("target", "push", "diff", "apply"),
        *("target", "push", "diff", "apply"),
    ]


def test_what_calls_nothing_has_no_policy(tmp_path: Path) -> None:
    """And a slip of the pen is told."""
    message, hint = commands.told(iam(tmp_path, "build"))
    assert message == "'build' is no command that calls AWS"
    assert "deploy" in hint


# The tables


def test_the_manager_role_is_used_for_nothing_that_it_may_not_do() -> None:
    """Whatever lies outside its list has to go out as the caller, and be optional."""
    own = [right for right in rights.RIGHTS if right.identity == rights.MANAGER]
    assert own
    assert [right.action for right in own if not manager_role.since(right.action)] == []


@pytest.mark.parametrize(
    ("action", "version"),
    [
        ("cloudformation:DescribeStackEvents", "v0.0.0"),
        ("s3:PutObject", "v1.8.0"),
        ("s3:PutObjectAcl", "v1.9.0"),
        ("cloudformation:ListChangeSets", ""),
        ("logs:DescribeLogGroups", ""),
    ],
)
def test_each_right_of_the_role_has_the_environment_that_it_came_with(
    action: str, version: str
) -> None:
    """None where it never came."""
    assert manager_role.since(action) == version


def test_no_right_is_in_the_table_twice_for_a_stage() -> None:
    """Each row says something of its own."""
    rows = [(right.action, right.identity, right.stage) for right in rights.RIGHTS]
    assert len(rows) == len(set(rows))
