"""What a strict sandbox denies: what AWS would, to the caller, the manager role and functions."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore.exceptions
import pytest
import sandboxes
from sandboxes import Sandbox, ask, cjob_sandbox

from cjob.aws.seed import local_session
from cjob.sandbox import state
from cjob.sandbox.server import access

ACCOUNT = "123456789012"
MANAGER = f"arn:aws:iam::{ACCOUNT}:role/demo-test-EnvManagerRole"

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": MANAGER},
        {
            "Effect": "Allow",
            "Action": "ecr:GetAuthorizationToken",
            "Resource": "*",
        },
        {
            "Effect": "Allow",
            "Action": "cloudformation:UpdateStackSet",
            "Resource": "arn:aws:cloudformation:*:*:stackset/demo-infrastructure:*",
        },
        {
            "Effect": "Allow",
            "Action": "ssm:PutParameter",
            "Resource": "arn:aws:ssm:*:*:parameter/copilot/applications/demo/components/*",
        },
    ],
}

EMPTY = "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}\n"


@pytest.fixture(scope="session")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Run a strict sandbox, whose caller has the policy above."""
    folder = tmp_path_factory.mktemp("strict")
    sandboxes.prepare(folder / "sandbox")
    (folder / "policy.json").write_text(json.dumps(POLICY))
    policy = str(folder / "policy.json")
    running = sandboxes.start(folder / "sandbox", "--strict", "--policy", policy)
    yield running
    running.stop()


def client(sandbox: Sandbox, service: str, session: boto3.Session | None = None) -> Any:  # noqa: ANN401 - of any service
    """Return a client of the sandbox's caller, or of another session."""
    own = session or sandbox.session()
    return own.client(service, endpoint_url=sandbox.endpoint)  # type: ignore[call-overload]


@pytest.fixture(scope="session")
def manager(strict: Sandbox) -> boto3.Session:
    """Return a session of the environment's manager role."""
    made = client(strict, "sts").assume_role(RoleArn=MANAGER, RoleSessionName="cjob")
    found = made["Credentials"]
    return boto3.Session(
        found["AccessKeyId"],
        found["SecretAccessKey"],
        found["SessionToken"],
        region_name="us-west-2",
    )


@pytest.fixture(scope="session")
def artifacts(strict: Sandbox) -> dict[str, str]:
    """Return the artifact bucket and key."""
    record = state.read_record(strict.folder)
    assert record
    session = local_session(access.SETUP_KEY, record.keys.setup, record.region)
    stacks = client(strict, "cloudformation", session)
    found = stacks.list_stack_instances(StackSetName="demo-infrastructure")["Summaries"][0]
    outputs = stacks.describe_stacks(StackName=found["StackId"])["Stacks"][0]["Outputs"]
    return {output["OutputKey"]: output["OutputValue"] for output in outputs}


def denial(call: Callable[..., object], **given: object) -> str:
    """Return the message that a call is denied with."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**given)
    error = caught.value.response["Error"]
    assert error["Code"] in ("AccessDenied", "AccessDeniedException", "403", "ValidationError")
    return error["Message"]


def test_the_caller_may_do_what_the_policy_says_alone(strict: Sandbox) -> None:
    """The message names who, what and on which resource, as AWS's does."""
    said = denial(client(strict, "cloudformation").describe_stacks, StackName="demo-test")
    assert f"arn:aws:iam::{ACCOUNT}:user/sandbox is not authorized to perform: " in said
    assert "cloudformation:DescribeStacks on resource: arn:aws:cloudformation:us-west-2:" in said
    assert ":stack/demo-test/" in said


@pytest.mark.parametrize("call", ["list_change_sets", "list_stack_resources"])
def test_the_manager_role_has_no_right_to_list(
    strict: Sandbox, manager: boto3.Session, call: str
) -> None:
    """Copilot's role has Describe* and Get* of CloudFormation."""
    stacks = client(strict, "cloudformation", manager)
    assert stacks.describe_stacks(StackName="demo-test")["Stacks"]
    assert "cloudformation:List" in denial(getattr(stacks, call), StackName="demo-test")


def test_the_manager_role_passes_roles_with_the_environments_tags_alone(
    strict: Sandbox, manager: boto3.Session
) -> None:
    """The application's own roles have other tags."""
    stacks = client(strict, "cloudformation", manager)
    given = {"StackName": "demo-test-x", "ChangeSetName": "x", "ChangeSetType": "CREATE"}
    own, other = (
        f"arn:aws:iam::{ACCOUNT}:role/demo-{r}" for r in ("test-CFNExecutionRole", "adminrole")
    )
    said = denial(stacks.create_change_set, **given, TemplateBody=EMPTY, RoleARN=other)
    assert f"iam:PassRole on resource: {other}" in said
    stacks.create_change_set(**given, TemplateBody=EMPTY, RoleARN=own)
    stacks.delete_stack(StackName="demo-test-x")


def test_the_manager_role_writes_to_the_artifact_bucket_alone(
    strict: Sandbox, manager: boto3.Session, artifacts: dict[str, str]
) -> None:
    """And is told that an object is absent, since it may list."""
    objects = client(strict, "s3", manager)
    bucket = artifacts["PipelineBucket"]
    objects.put_object(Bucket=bucket, Key="manual/x", Body=b"1", ACL="bucket-owner-full-control")
    with pytest.raises(botocore.exceptions.ClientError) as absent:
        objects.head_object(Bucket=bucket, Key="manual/none")
    assert absent.value.response["Error"]["Code"] == "404"
    assert "s3:DeleteObject" in denial(objects.delete_object, Bucket=bucket, Key="manual/x")


def test_the_caller_reads_no_artifact(strict: Sandbox, artifacts: dict[str, str]) -> None:
    """Nor is it told whether there is one."""
    objects = client(strict, "s3")
    for key in ("manual/x", "manual/none"):
        denial(objects.head_object, Bucket=artifacts["PipelineBucket"], Key=key)


def test_a_second_right_of_a_call_is_asked_for(strict: Sandbox) -> None:
    """A role that is passed, and tags of a parameter."""
    stacks = client(strict, "cloudformation")
    role = f"arn:aws:iam::{ACCOUNT}:role/demo-adminrole"
    said = denial(
        stacks.update_stack_set,
        StackSetName="demo-infrastructure",
        TemplateBody=EMPTY,
        AdministrationRoleARN=role,
    )
    assert f"iam:PassRole on resource: {role}" in said
    records = client(strict, "ssm")
    given = {"Name": "/copilot/applications/demo/components/x", "Value": "1", "Type": "String"}
    said = denial(records.put_parameter, **given, Tags=[{"Key": "a", "Value": "b"}])
    assert "ssm:AddTagsToResource" in said
    records.put_parameter(**given)


def test_a_template_that_the_caller_may_not_read_is_not_read(
    strict: Sandbox, manager: boto3.Session, artifacts: dict[str, str]
) -> None:
    """CloudFormation reads it in the caller's name, and says so in its own way."""
    bucket = artifacts["PipelineBucket"]
    client(strict, "s3", manager).put_object(Bucket=bucket, Key="manual/t.yml", Body=EMPTY.encode())
    limited = client(strict, "sts").assume_role(
        RoleArn=MANAGER,
        RoleSessionName="limited",
        Policy=json.dumps(
            {"Statement": {"Effect": "Allow", "Action": "cloudformation:*", "Resource": "*"}}
        ),
    )["Credentials"]
    session = boto3.Session(
        limited["AccessKeyId"],
        limited["SecretAccessKey"],
        limited["SessionToken"],
        region_name="us-west-2",
    )
    said = denial(
        client(strict, "cloudformation", session).create_change_set,
        StackName="demo-test-y",
        ChangeSetName="y",
        ChangeSetType="CREATE",
        TemplateURL=f"https://{bucket}.s3.us-west-2.amazonaws.com/manual/t.yml",
    )
    assert said.startswith("S3 error: Access Denied")


def test_the_registry_denies_a_push_without_the_right(strict: Sandbox) -> None:
    """Having a password is not being allowed."""
    registry = client(strict, "ecr")
    token = registry.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    path = "/v2/demo/report/blobs/uploads/"
    assert ask(strict, "POST", path, Authorization=f"Basic {token}").status == 403


def test_a_version_that_is_none_is_refused(tmp_path: Path) -> None:
    """Before anything is started."""
    done = cjob_sandbox(tmp_path / "sandbox", "start", "--env-version", "8")
    assert done.returncode == 2
    assert "'8' is not a version" in done.stderr


def test_a_sandbox_that_is_not_strict_allows_what_it_knows(sandbox: Sandbox) -> None:
    """The manager role may list there; a role that nobody trusts is not assumed even so."""
    made = client(sandbox, "sts").assume_role(RoleArn=MANAGER, RoleSessionName="cjob")
    found = made["Credentials"]
    keys = (found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
    session = boto3.Session(*keys, region_name="us-west-2")
    stacks = client(sandbox, "cloudformation", session)
    assert stacks.list_change_sets(StackName="demo-test")["Summaries"] == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--policy", "{file}"), "--policy has no effect without --strict"),
        (("--strict", "--policy", "{file}.none"), "cannot be read"),
        (("--strict", "--policy", "{file}"), "no 'Statement'"),
        (("--strict", "--policy", os.devnull), "not valid JSON"),
    ],
)
def test_a_policy_that_is_none_is_refused(
    tmp_path: Path, arguments: tuple[str, ...], expected: str
) -> None:
    """Before anything is started."""
    (tmp_path / "policy.json").write_text("{}")
    given = [argument.format(file=tmp_path / "policy.json") for argument in arguments]
    done = cjob_sandbox(tmp_path / "sandbox", "start", *given)
    assert done.returncode == 2
    assert expected in done.stderr
    assert not (tmp_path / "sandbox").exists()


def test_status_names_no_secret(strict: Sandbox) -> None:
    """It says that permissions are enforced; `env` alone prints a key, the caller's."""
    record = state.read_record(strict.folder)
    assert record
    shown = cjob_sandbox(strict.folder, "status", "-o", "json").stdout
    assert json.loads(shown)["strict"] is True
    secrets = (record.keys.user, record.keys.setup, record.keys.server)
    assert not [secret for secret in secrets if secret in shown]
    told = cjob_sandbox(strict.folder, "env").stdout
    assert [secret in told for secret in secrets] == [True, False, False]
