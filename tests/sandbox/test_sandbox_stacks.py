"""Stacks such as a deploy makes them, on what ministack has and what the sandbox adds to it."""

import io
import json
import time
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
import pytest
import yaml
from sandboxes import Sandbox, cjob_sandbox

from cjob.document import names

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

# A function that answers for a custom resource, as Lambda calls it: it asks for features of the
# environment as the env controller does, and gives the environment's outputs.
CONTROLLER = """
import json
import urllib.request

import boto3


def handler(event, context):
    wanted = event["ResourceProperties"]
    answer = {"Status": "SUCCESS", "Data": {}, "Reason": "", "PhysicalResourceId": "controller"}
    try:
        if event["RequestType"] == "Create":
            answer["Data"] = update(boto3.client("cloudformation"), wanted)
    except Exception as error:
        answer |= {"Status": "FAILED", "Reason": str(error)}
    answer |= {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    body = json.dumps(answer).encode()
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], body, method="PUT"))


def update(stacks, wanted):
    name = wanted["EnvStack"]
    before = stacks.describe_stacks(StackName=name)["Stacks"][0]
    parameters = [
        {**p, "ParameterValue": "report"} if p["ParameterKey"] in wanted["Parameters"] else p
        for p in before["Parameters"]
    ]
    outputs = {o["OutputKey"]: o["OutputValue"] for o in before["Outputs"]}
    stacks.update_stack(
        StackName=name,
        UsePreviousTemplate=True,
        Parameters=parameters,
        RoleARN=outputs["CFNExecutionRoleARN"],
        Capabilities=before["Capabilities"],
    )
    stacks.get_waiter("stack_update_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    after = stacks.describe_stacks(StackName=name)["Stacks"][0]
    return {o["OutputKey"]: o["OutputValue"] for o in after["Outputs"]}
"""

ADDONS = """
Parameters:
  App: {Type: String}
Resources:
  Topic: {Type: AWS::SNS::Topic}
Outputs:
  TopicArn: {Value: !Ref Topic}
"""

JOB = """
Metadata:
  Version: v1.34.1
Parameters:
  Bucket: {Type: String}
  AddonsTemplateURL: {Type: String}
Conditions:
  HasAddons: !Not [!Equals [!Ref AddonsTemplateURL, '']]
  Never: !Equals [a, b]
Resources:
  AddonsStack:
    Type: AWS::CloudFormation::Stack
    Condition: HasAddons
    Properties:
      TemplateURL: !Ref AddonsTemplateURL
      Parameters: {App: demo}
  ControllerRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - {Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: lambda.amazonaws.com}}
  ControllerFunction:
    Type: AWS::Lambda::Function
    Properties:
      Code: {S3Bucket: !Ref Bucket, S3Key: controller.zip}
      Runtime: python3.13
      Handler: index.handler
      Timeout: 900
      Role: !GetAtt ControllerRole.Arn
  Controller:
    Type: Custom::EnvControllerFunction
    Properties:
      ServiceToken: !GetAtt ControllerFunction.Arn
      EnvStack: demo-test
      Parameters: [EFSWorkloads, NATWorkloads]
      Aliases: !If [Never, x, !Ref AWS::NoValue]
  AccessPoint:
    Type: AWS::EFS::AccessPoint
    Properties:
      FileSystemId: !GetAtt Controller.ManagedFileSystemID
      PosixUser: {Uid: 1000, Gid: 1000}
  Topic:
    Type: AWS::SNS::Topic
  TopicPolicy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Topic]
      PolicyDocument:
        Statement:
          - {Effect: Allow, Action: 'sns:Subscribe', Principal: '*', Resource: !Ref Topic}
Outputs:
  FileSystem: {Value: !GetAtt Controller.ManagedFileSystemID}
  AddonsTopic: {Value: !GetAtt AddonsStack.Outputs.TopicArn}
"""

TASK = """
Resources:
  TaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: nested-keys
      RequiresCompatibilities: [FARGATE]
      EphemeralStorage: {SizeInGiB: 30}
      RuntimePlatform: {CpuArchitecture: ARM64, OperatingSystemFamily: LINUX}
      Volumes:
        - Name: shared
          EFSVolumeConfiguration:
            FilesystemId: fs-1
            AuthorizationConfig: {AccessPointId: fsap-1, IAM: ENABLED}
      ContainerDefinitions:
        - Name: main
          Image: example
          DockerLabels: {Keep.As: It is}
          Secrets: [{Name: TOKEN, ValueFrom: /token}]
          DependsOn: [{ContainerName: other, Condition: START}]
          EnvironmentFiles: [{Type: s3, Value: 'arn:aws:s3:::bucket/a.env'}]
        - Name: other
          Image: example
"""


@dataclass(frozen=True)
class Manager:
    """The manager role's clients, and the artifact bucket."""

    stacks: "CloudFormationClient"
    bucket: str
    execution_role: str

    def deploy(self, stack: str, url: str, parameters: Mapping[str, str]) -> "StackTypeDef":
        """Create a stack through a change set, as a deploy does, and give how it ended."""
        made = self.stacks.create_change_set(
            StackName=stack,
            ChangeSetName=f"copilot-{uuid.uuid4()}",
            ChangeSetType="CREATE",
            TemplateURL=url,
            IncludeNestedStacks=True,
            RoleARN=self.execution_role,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
        )["Id"]
        self.stacks.get_waiter("change_set_create_complete").wait(
            ChangeSetName=made, WaiterConfig={"Delay": 1}
        )
        self.stacks.execute_change_set(ChangeSetName=made)
        return self.ended(stack)

    def ended(self, stack: str) -> "StackTypeDef":
        """Wait until a stack is at rest, and give how it ended."""
        while True:
            found = self.stacks.describe_stacks(StackName=stack)["Stacks"][0]
            if not found["StackStatus"].endswith("_IN_PROGRESS"):
                return found
            time.sleep(0.05)


@pytest.fixture(scope="module", autouse=True)
def _left_as_found(sandbox: Sandbox) -> Iterator[None]:
    """Leave the shared sandbox without these stacks."""
    yield
    assert cjob_sandbox(sandbox.folder, "reset").returncode == 0


@pytest.fixture
def manager(sandbox: Sandbox) -> Manager:
    """Act as the environment's manager role, with what a job needs in the bucket."""
    own = sandbox.session()
    role = "arn:aws:iam::123456789012:role/demo-test-EnvManagerRole"
    given = own.client("sts", endpoint_url=sandbox.endpoint).assume_role(
        RoleArn=role, RoleSessionName="test"
    )["Credentials"]
    assumed = boto3.Session(
        given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], own.region_name
    )
    objects = assumed.client("s3", endpoint_url=sandbox.endpoint)
    stacks = assumed.client("cloudformation", endpoint_url=sandbox.endpoint)
    summaries = stacks.list_stack_instances(StackSetName="demo-infrastructure")["Summaries"]
    regional = stacks.describe_stacks(StackName=summaries[0]["StackId"])["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in regional["Outputs"]}
    bucket = outputs["PipelineBucket"]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("index.py", CONTROLLER)
    contents = {
        "controller.zip": archive.getvalue(),
        "addons.yml": ADDONS.encode(),
        "job.yml": JOB.encode(),
        "task.yml": TASK.encode(),
    }
    for key, body in contents.items():
        objects.put_object(Bucket=bucket, Key=key, Body=body, ACL="bucket-owner-full-control")
    return Manager(stacks, bucket, role.replace("EnvManagerRole", "CFNExecutionRole"))


def test_a_job_with_addons_and_features_of_the_environment(manager: Manager) -> None:
    """The function from the bucket runs, and updates the environment before the job goes on."""
    url = names.object_url("us-west-2", manager.bucket, "job.yml")
    addons = names.object_url("us-west-2", manager.bucket, "addons.yml")
    parameters = {"Bucket": manager.bucket, "AddonsTemplateURL": addons}

    stack = manager.deploy("demo-test-report", url, parameters)

    assert stack["StackStatus"] == "CREATE_COMPLETE"
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    environment = manager.stacks.describe_stacks(StackName="demo-test")["Stacks"][0]
    after = {output["OutputKey"]: output["OutputValue"] for output in environment["Outputs"]}
    assert environment["StackStatus"] == "UPDATE_COMPLETE"
    assert after["ManagedFileSystemID"] == outputs["FileSystem"]
    assert after["EnabledFeatures"] == ",,report,report,,"
    assert after["PrivateRouteTableIDs"].count("rtb-") == 2
    assert outputs["AddonsTopic"].startswith("arn:aws:sns:us-west-2:")
    summary = manager.stacks.get_template_summary(StackName="demo-test-report")
    assert json.loads(summary["Metadata"]) == {"Version": "v1.34.1"}


NESTED = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          Effect: Allow
          Action: sts:AssumeRole
          Principal: {{Service: lambda.amazonaws.com}}
  Setting:
    Type: AWS::SSM::Parameter
    Properties: {{Type: String, Value: !GetAtt Role.Arn, Description: {value}}}
"""

OUTER = """
Resources:
  Inner:
    Type: AWS::CloudFormation::Stack
    Properties: {{TemplateURL: '{url}'}}
"""


def test_a_nested_stack_is_updated_with_the_attributes_of_what_stays(
    sandbox: Sandbox, manager: Manager
) -> None:
    """A role that did not change keeps its ARN."""
    objects = sandbox.session().client("s3", endpoint_url=sandbox.endpoint)
    for value, call in (
        ("one", manager.stacks.create_stack),
        ("two", manager.stacks.update_stack),
    ):
        key = f"{value}.yml"
        text = NESTED.format(value=value).encode()
        objects.put_object(Bucket=manager.bucket, Key=key, Body=text)
        url = names.object_url("us-west-2", manager.bucket, key)
        call(
            StackName="demo-test-nested",
            TemplateBody=OUTER.format(url=url),
            RoleARN=manager.execution_role,
            Capabilities=["CAPABILITY_IAM"],
        )
        status = manager.ended("demo-test-nested")["StackStatus"]
        assert status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")


def test_a_task_definition_keeps_all_that_is_nested_in_it(
    sandbox: Sandbox, manager: Manager
) -> None:
    """With the keys of ECS's own interface; keys that people choose stay as they are."""
    url = names.object_url("us-west-2", manager.bucket, "task.yml")
    stack = manager.deploy("nested-keys", url, {})
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    tasks = sandbox.session().client("ecs", endpoint_url=sandbox.endpoint)
    found = tasks.describe_task_definition(taskDefinition="nested-keys")["taskDefinition"]
    main = found["containerDefinitions"][0]
    volume = found["volumes"][0]["efsVolumeConfiguration"]
    assert main["secrets"] == [{"name": "TOKEN", "valueFrom": "/token"}]
    assert main["dependsOn"] == [{"containerName": "other", "condition": "START"}]
    assert main["environmentFiles"] == [{"type": "s3", "value": "arn:aws:s3:::bucket/a.env"}]
    assert main["dockerLabels"] == {"Keep.As": "It is"}
    assert volume["fileSystemId"] == "fs-1"
    assert volume["authorizationConfig"] == {"accessPointId": "fsap-1", "iam": "ENABLED"}
    assert found["ephemeralStorage"] == {"sizeInGiB": 30}
    assert found["runtimePlatform"]["cpuArchitecture"] == "ARM64"


def test_features_that_nobody_asks_for_are_taken_away_again(manager: Manager) -> None:
    """The gateways, their addresses and the file system are deleted with their last user."""
    name = "demo-test"

    def update(**values: str) -> "StackTypeDef":
        before = manager.stacks.describe_stacks(StackName=name)["Stacks"][0]
        manager.stacks.update_stack(
            StackName=name,
            UsePreviousTemplate=True,
            Parameters=[
                {"ParameterKey": p["ParameterKey"], "ParameterValue": values[p["ParameterKey"]]}
                if p["ParameterKey"] in values
                else {"ParameterKey": p["ParameterKey"], "UsePreviousValue": True}
                for p in before["Parameters"]
            ],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        while True:
            found = manager.stacks.describe_stacks(StackName=name)["Stacks"][0]
            if not found["StackStatus"].endswith("_IN_PROGRESS"):
                return found
            time.sleep(0.05)

    update(NATWorkloads="report,some", EFSWorkloads="report,some")
    after = update(NATWorkloads="", EFSWorkloads="")
    kept = manager.stacks.list_stack_resources(StackName=name)["StackResourceSummaries"]
    assert after["StackStatus"] == "UPDATE_COMPLETE"
    assert "ManagedFileSystemID" not in {output["OutputKey"] for output in after["Outputs"]}
    assert not {resource["ResourceType"] for resource in kept} & {
        "AWS::EC2::NatGateway",
        "AWS::EC2::EIP",
        "AWS::EFS::FileSystem",
    }


def test_a_template_in_the_request_has_its_metadata_too(manager: Manager) -> None:
    """Values below CloudFormation's tags don't keep it from being read."""
    body = (
        yaml.safe_dump({"Metadata": {"Version": "v1"}, "Resources": {}})
        + "Outputs: {Any: {Value: !Ref AWS::Region}}\n"
    )
    summary = manager.stacks.get_template_summary(TemplateBody=body)
    assert json.loads(summary["Metadata"]) == {"Version": "v1"}
