"""`cjob iam`: policies to be given to AWS, and the same in words."""

import json
import re
from pathlib import Path
from typing import Any

import commands
import pytest
from commands import Done

from cjob.aws import manager_role, policies, rights


def iam(folder: Path, *arguments: str, **settings: str) -> Done:
    """Run the command for an application."""
    return commands.run("cjob", "iam", "-a", "acme", *arguments, folder=folder, settings=settings)


def policy(folder: Path, *arguments: str, **settings: str) -> dict[str, list[str]]:
    """Return the resources of each action that a printed policy allows."""
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


def test_without_a_command_a_policy_is_for_runs_as_well(tmp_path: Path) -> None:
    """Each action once: what deployments and runs both need is in one statement."""
    allowed = policy(tmp_path)
    assert {"ssm:PutParameter", "states:ListExecutions", "states:GetExecutionHistory"} <= {*allowed}
    assert "states:ListExecutions" not in policy(tmp_path, "deploy")
    assert all(len(resources) == len(set(resources)) for resources in allowed.values())


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
    assert "it has them in environments since v1.12.0" in manager
    headings = [line for line in done.out.splitlines() if re.match("  \\w", line)]
    assert [line.strip() for line in headings] == [
        *("target", "push", "diff", "apply", "environment", "history"),
        *("target", "push", "diff", "apply", "history", "output", "schedule", "start", "once"),
    ]


def test_whoever_may_assume_the_manager_role_is_said_to_be_able_to_deploy(tmp_path: Path) -> None:
    """Whatever else a policy lacks; for it is that role which deploys."""
    for command in ("deploy", "diff"):
        text = iam(tmp_path, command, "-e", "test", "-o", "text").out
        assert (
            "role/acme-test-EnvManagerRole\ncan deploy, even without the other permissions" in text
        )
        assert "cjob iam --session-policy" in text
    assert "can deploy" not in iam(tmp_path, "diff", "--role", "manager", "-o", "text").out


@pytest.mark.parametrize("name", ["acme", "a" * 60])
def test_a_session_policy_only_reads_and_assumes_no_role(tmp_path: Path, name: str) -> None:
    """It is as short as AWS wants it to be."""
    done = commands.run(
        "cjob", "iam", "-a", name, "-e", "test", "--session-policy", folder=tmp_path
    )
    assert (done.status, done.err) == (0, "")
    statements = json.loads(done.out)["Statement"]
    actions = {action for statement in statements for action in statement["Action"]}
    reading = ("BatchGet", "Describe", "Get", "List")
    assert [a for a in actions if not a.partition(":")[2].startswith(reading)] == []
    assert {"ssm:GetParameter", "cloudformation:GetTemplate"} <= actions
    assert len(done.out) <= policies.SESSION_POLICY_LIMIT


ROLE = ("--account-id", "123456789012", "--repository")
GITHUB = "token.actions.githubusercontent.com"


@pytest.mark.parametrize(
    ("arguments", "provider", "subject"),
    [
        (
            ("diff", "--trust", "github", *ROLE, "acme/jobs"),
            (GITHUB, "sts.amazonaws.com"),
            ("StringEquals", "repo:acme/jobs:pull_request"),
        ),
        (
            ("-e", "prod", "--trust", "github", *ROLE, "acme@12/jobs@34"),
            (GITHUB, "sts.amazonaws.com"),
            ("StringEquals", "repo:acme@12/jobs@34:environment:prod"),
        ),
        (
            ("push", "--trust", "github", "--branch", "main", *ROLE, "acme/jobs"),
            (GITHUB, "sts.amazonaws.com"),
            ("StringEquals", "repo:acme/jobs:ref:refs/heads/main"),
        ),
        (
            ("package", "diff", "--trust", "gitlab", *ROLE, "acme/team/jobs"),
            ("gitlab.com", "https://gitlab.com"),
            ("StringLike", "project_path:acme/team/jobs:ref_type:branch:ref:*"),
        ),
        (
            ("-e", "prod", "--trust", "gitlab", "--host", "git.acme.com", *ROLE, "a/jobs"),
            ("git.acme.com", "https://git.acme.com"),
            ("StringEquals", "project_path:a/jobs:ref_type:branch:ref:main"),
        ),
    ],
)
def test_a_trust_policy_lets_in_those_runs_that_a_role_is_for(
    tmp_path: Path,
    arguments: tuple[str, ...],
    provider: tuple[str, str],
    subject: tuple[str, str],
) -> None:
    """Pull requests for a role that reads; a branch or an environment for one that does more."""
    done = iam(tmp_path, *arguments)
    assert (done.status, done.err) == (0, "")
    [statement] = json.loads(done.out)["Statement"]
    host, audience = provider
    operator, value = subject
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    arn = f"arn:aws:iam::123456789012:oidc-provider/{host}"
    assert statement["Principal"] == {"Federated": arn}
    assert statement["Condition"]["StringEquals"][f"{host}:aud"] == audience
    assert statement["Condition"][operator][f"{host}:sub"] == value


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--trust", "github", *ROLE, "acme/jobs"), "no environment, and no branch"),
        (("diff", "--trust", "github", *ROLE, "acme/*"), "--repository: 'acme/*' is not valid"),
        (("diff", "--trust", "github", *ROLE, "acme"), "--repository: 'acme' is not valid"),
        (("diff", "--trust", "gitlab", *ROLE, "a/b:ref"), "--repository: 'a/b:ref' is not"),
        (("diff", "--trust", "gitlab", "--repository", "a/b"), "--account-id: missing"),
        (("diff", "--trust", "gitlab", "--branch", "*", *ROLE, "a/b"), "--branch: '*' is not"),
        (("diff", "--trust", "github", "--host", "h", *ROLE, "a/b"), "belongs to --trust gitlab"),
    ],
)
def test_a_trust_policy_that_would_let_in_others_is_refused(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    """A wildcard in a repository's name is everybody's door."""
    done = iam(tmp_path, *arguments)
    assert (done.status, done.out) == (2, "")
    assert message in done.err


def test_what_calls_nothing_has_no_policy(tmp_path: Path) -> None:
    """And a slip of the pen is told."""
    message, hint = commands.told(iam(tmp_path, "build"))
    assert message == "'build' is not a command that calls AWS"
    assert "deploy" in hint


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--session-policy", "--role", "manager"), "--role and --session-policy are for"),
        (("--session-policy", "--trust", "github"), "--session-policy and --trust are for"),
        (("--repository", "acme/jobs"), "--repository is for trust policies"),
        (("run", "--session-policy"), "'run' is not one of the commands that only read"),
    ],
)
def test_no_option_is_ignored_beside_another(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    """What is printed is what was asked for."""
    done = iam(tmp_path, *arguments)
    assert (done.status, done.out) == (2, "")
    assert message in done.err


def test_what_the_manager_role_could_do_from_the_first_has_no_version(tmp_path: Path) -> None:
    """Nobody knows an environment of version v0.0.0."""
    text = iam(tmp_path, "runs", "-o", "text").out
    assert "it has them in all environments" in text
    assert "v0.0.0" not in text


# The tables


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
