"""The application that a sandbox begins with, read as a deploy reads it."""

import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from sandboxes import Sandbox, cjob_sandbox

from cjob.aws import manager_role
from cjob.aws.seed import environment_template, regional_template, seed
from cjob.document import versions
from cjob.reporting.errors import ServiceError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

ACCOUNT = "123456789012"


@pytest.fixture
def stacks(sandbox: Sandbox) -> "CloudFormationClient":
    """Return CloudFormation as the sandbox's user has it."""
    return sandbox.session().client("cloudformation", endpoint_url=sandbox.endpoint)


def outputs(stack: "StackTypeDef") -> dict[str, str]:
    """Return a stack's outputs by their keys."""
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def test_the_records_are_found_where_copilot_keeps_them(sandbox: Sandbox) -> None:
    """An application, an environment with its roles, and a record for each job."""
    records = sandbox.session().client("ssm", endpoint_url=sandbox.endpoint)
    found = records.get_parameters_by_path(Path="/copilot", Recursive=True)["Parameters"]
    root = "/copilot/applications/demo"
    assert {parameter["Name"]: json.loads(parameter["Value"]) for parameter in found} == {
        root: {
            "name": "demo",
            "account": ACCOUNT,
            "domain": "",
            "domainHostedZoneID": "",
            "version": "1.0",
        },
        f"{root}/environments/test": {
            "app": "demo",
            "name": "test",
            "region": "us-west-2",
            "accountID": ACCOUNT,
            "registryURL": "",
            "executionRoleARN": f"arn:aws:iam::{ACCOUNT}:role/demo-test-CFNExecutionRole",
            "managerRoleARN": f"arn:aws:iam::{ACCOUNT}:role/demo-test-EnvManagerRole",
        },
        f"{root}/components/report": {"app": "demo", "name": "report", "type": "Scheduled Job"},
        f"{root}/components/tidy-up": {"app": "demo", "name": "tidy-up", "type": "Scheduled Job"},
    }


def test_the_stack_set_leads_to_the_bucket_the_key_and_the_repositories(
    sandbox: Sandbox, stacks: "CloudFormationClient"
) -> None:
    """Its one instance is the regional stack; the repositories it names exist."""
    summaries = stacks.list_stack_instances(
        StackSetName="demo-infrastructure",
        StackInstanceAccount=ACCOUNT,
        StackInstanceRegion="us-west-2",
    )["Summaries"]
    assert len(summaries) == 1
    found = outputs(stacks.describe_stacks(StackName=summaries[0]["StackId"])["Stacks"][0])
    assert found["KMSKeyARN"].startswith(f"arn:aws:kms:us-west-2:{ACCOUNT}:key/")
    assert found["ECRReporeport"] == f"arn:aws:ecr:us-west-2:{ACCOUNT}:repository/demo/report"
    objects = sandbox.session().client("s3", endpoint_url=sandbox.endpoint)
    assert objects.head_bucket(Bucket=found["PipelineBucket"])
    images = sandbox.session().client("ecr", endpoint_url=sandbox.endpoint)
    repositories = images.describe_repositories()["repositories"]
    assert {repository["repositoryArn"] for repository in repositories} == {
        found["ECRReporeport"],
        found["ECRRepotidyDASHup"],
    }


def test_a_region_without_an_instance_has_none(stacks: "CloudFormationClient") -> None:
    """As on AWS it is an empty answer, and no error."""
    found = stacks.list_stack_instances(
        StackSetName="demo-infrastructure", StackInstanceRegion="eu-west-1"
    )
    assert found["Summaries"] == []


def test_a_stack_set_that_does_not_exist_is_named(stacks: "CloudFormationClient") -> None:
    """With AWS's own code."""
    with pytest.raises(stacks.exceptions.StackSetNotFoundException, match="nope"):
        stacks.list_stack_instances(StackSetName="nope")


def test_the_environment_exports_what_job_stacks_import(stacks: "CloudFormationClient") -> None:
    """Each export is named for the application, the environment and the output."""
    exports = {export["Name"] for export in stacks.list_exports()["Exports"]}
    assert exports >= {
        f"demo-test-{name}"
        for name in ("ClusterId", "EnvironmentSecurityGroup", "PublicSubnets", "PrivateSubnets")
    }


def test_the_environment_has_its_version_tags_and_feature_parameters(
    stacks: "CloudFormationClient",
) -> None:
    """A feature is there when its parameter is; none is in use yet."""
    summary = stacks.get_template_summary(StackName="demo-test")
    stack = stacks.describe_stacks(StackName="demo-test")["Stacks"][0]
    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in stack["Parameters"]}
    assert json.loads(summary["Metadata"])["Version"] == "v1.33.2"
    assert stack["Tags"] == [
        {"Key": "copilot-application", "Value": "demo"},
        {"Key": "copilot-environment", "Value": "test"},
    ]
    assert parameters["NATWorkloads"] == parameters["EFSWorkloads"] == ""
    assert parameters["ServiceDiscoveryEndpoint"] == "test.demo.local"
    assert "ManagedFileSystemID" not in outputs(stack)


def test_the_manager_role_can_be_assumed(sandbox: Sandbox) -> None:
    """It acts in the same account."""
    tokens = sandbox.session().client("sts", endpoint_url=sandbox.endpoint)
    given = tokens.assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/demo-test-EnvManagerRole", RoleSessionName="test"
    )
    assert given["AssumedRoleUser"]["Arn"] == (
        f"arn:aws:sts::{ACCOUNT}:assumed-role/demo-test-EnvManagerRole/test"
    )


def test_an_application_is_not_set_up_over_another(sandbox: Sandbox) -> None:
    """What CloudFormation says of it is passed on."""
    with pytest.raises(ServiceError, match="already exists"):
        seed(sandbox.session(), "demo", ["test"], ["report"], endpoint=sandbox.endpoint)


def test_a_second_application_stands_beside_the_first(sandbox: Sandbox) -> None:
    """Whoever tests something may have one of their own, without another sandbox."""
    seed(sandbox.session(), "other", ["prod"], [], endpoint=sandbox.endpoint)
    stacks = sandbox.session().client("cloudformation", endpoint_url=sandbox.endpoint)
    stack = stacks.describe_stacks(StackName="other-prod")["Stacks"][0]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert cjob_sandbox(sandbox.folder, "reset").returncode == 0


def test_a_stack_set_takes_one_change_at_a_time(sandbox: Sandbox) -> None:
    """As on AWS: an operation's name is used once, and the role has to be named again."""
    seed(sandbox.session(), "other", ["prod"], [], endpoint=sandbox.endpoint)
    stacks = sandbox.session().client("cloudformation", endpoint_url=sandbox.endpoint)
    found = stacks.describe_stack_set(StackSetName="other-infrastructure")["StackSet"]
    wanted: Any = {
        "StackSetName": "other-infrastructure",
        "TemplateBody": found["TemplateBody"].replace(
            "Outputs:\n", "Outputs:\n  Added: {Value: 1}\n"
        ),
        "AdministrationRoleARN": found["AdministrationRoleARN"],
    }
    assert stacks.update_stack_set(OperationId="2", **wanted)["OperationId"] == "2"
    with pytest.raises(stacks.exceptions.OperationInProgressException):
        stacks.update_stack_set(OperationId="3", **wanted)
    with pytest.raises(stacks.exceptions.OperationIdAlreadyExistsException):
        stacks.update_stack_set(OperationId="2", **wanted)
    with pytest.raises(stacks.exceptions.ClientError, match="administration role"):
        stacks.update_stack_set(StackSetName="other-infrastructure", UsePreviousTemplate=True)
    ends = time.monotonic() + 30
    while (status := operation(stacks, "2")) == "RUNNING":
        assert time.monotonic() < ends
        time.sleep(0.05)
    assert status == "SUCCEEDED"
    instance = stacks.list_stack_instances(StackSetName="other-infrastructure")["Summaries"][0]
    stack = stacks.describe_stacks(StackName=instance["StackId"])["Stacks"][0]
    assert ("Added", "1") in {(o["OutputKey"], o["OutputValue"]) for o in stack["Outputs"]}
    assert cjob_sandbox(sandbox.folder, "reset").returncode == 0


def operation(stacks: "CloudFormationClient", name: str) -> str:
    """Return the status of an operation on the second application."""
    found = stacks.describe_stack_set_operation(
        StackSetName="other-infrastructure", OperationId=name
    )
    return found["StackSetOperation"]["Status"]


def test_the_regional_template_lists_its_jobs() -> None:
    """Copilot's own job init reads the list before it adds to it."""
    template = regional_template("demo", ACCOUNT, ["tidy-up"])
    assert template["Metadata"] == {
        "TemplateVersion": "v1.2.0",
        "Version": 1,
        "Workloads": [{"Name": "tidy-up", "WithECR": True}],
        "Accounts": [ACCOUNT],
    }


def test_the_manager_role_of_an_older_version_lacks_what_was_added_later() -> None:
    """Each right is one that some release of Copilot gave."""
    artifacts = {"PipelineBucket": "b", "KMSKeyARN": "arn:aws:kms:us-west-2:123456789012:key/k"}
    newest, old = (environment_template(artifacts, version) for version in ("", "v1.7.0"))
    assert "arn:aws:s3:::b/*" in newest
    assert "\n  Version: v1.7.0\n" in old
    actions = {one for one in re.findall(r'"([\w-]+:[\w*]+)"', newest) if manager_role.since(one)}
    assert {"s3:PutObject", "kms:GenerateDataKey", "iam:PassRole"} <= actions
    gone = {one for one in actions if f'"{one}"' not in old}
    assert gone == {one for one in actions if versions.newer(manager_role.since(one), "v1.7.0")}
