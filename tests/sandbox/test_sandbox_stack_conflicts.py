"""Change sets that meet, as CloudFormation has it."""

import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from sandboxes import Sandbox, cjob_sandbox, group_of, record_of

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.literals import ChangeSetTypeType
    from mypy_boto3_cloudformation.type_defs import CreateChangeSetOutputTypeDef

TOPIC = "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}\n"
QUEUE = "Resources: {Queue: {Type: 'AWS::SQS::Queue'}}\n"
WAITS = """\
Resources:
  Handle: {Type: 'AWS::CloudFormation::WaitConditionHandle'}
  Signal:
    Type: AWS::CloudFormation::WaitCondition
    Properties: {Handle: !Ref Handle, Timeout: '60', Count: 1}
"""


@pytest.fixture
def stacks(sandbox: Sandbox) -> Iterator["CloudFormationClient"]:
    """Yield CloudFormation, and leave nothing in it that a test made."""
    yield sandbox.session().client("cloudformation", endpoint_url=sandbox.endpoint)
    assert cjob_sandbox(sandbox.folder, "reset").returncode == 0


def propose(
    stacks: "CloudFormationClient",
    stack: str,
    name: str,
    template: str = TOPIC,
    kind: "ChangeSetTypeType" = "CREATE",
) -> "CreateChangeSetOutputTypeDef":
    """Make a change set."""
    return stacks.create_change_set(
        StackName=stack, ChangeSetName=name, ChangeSetType=kind, TemplateBody=template
    )


def test_first_proposals_are_for_one_stack(stacks: "CloudFormationClient") -> None:
    """The one that is executed makes it, and the others are gone."""
    first = propose(stacks, "joined", "first", TOPIC)
    second = propose(stacks, "joined", "second", QUEUE)
    assert second["StackId"] == first["StackId"]
    assert len(stacks.list_change_sets(StackName="joined")["Summaries"]) == 2
    stacks.execute_change_set(ChangeSetName=first["Id"])
    stacks.get_waiter("stack_create_complete").wait(StackName="joined", WaiterConfig={"Delay": 1})
    with pytest.raises(stacks.exceptions.ChangeSetNotFoundException):
        stacks.execute_change_set(ChangeSetName=second["Id"])
    assert "Topic" in str(stacks.get_template(StackName="joined")["TemplateBody"])


def test_a_proposed_stack_is_deleted_with_its_proposals(stacks: "CloudFormationClient") -> None:
    """At once; what is proposed by that name afterwards is another one, and stays."""
    first = propose(stacks, "deleted", "first")
    stacks.delete_stack(StackName=first["StackId"])
    second = propose(stacks, "deleted", "second")
    assert second["StackId"] != first["StackId"]
    with pytest.raises(stacks.exceptions.ChangeSetNotFoundException):
        stacks.describe_change_set(ChangeSetName=first["Id"])
    stacks.delete_stack(StackName=first["StackId"])
    status = stacks.describe_stacks(StackName="deleted")["Stacks"][0]["StackStatus"]
    assert status == "REVIEW_IN_PROGRESS"


def test_a_stack_at_work_takes_no_proposal(stacks: "CloudFormationClient") -> None:
    """It is refused, as an update would be."""
    made = propose(stacks, "busy", "first", WAITS)
    stacks.execute_change_set(ChangeSetName=made["Id"])
    with pytest.raises(stacks.exceptions.ClientError, match="CREATE_IN_PROGRESS state"):
        propose(stacks, "busy", "second", kind="UPDATE")


def ended(stacks: "CloudFormationClient", stack: str) -> str:
    """Wait until a stack is at rest, and return its status."""
    status = "_IN_PROGRESS"
    while status.endswith("_IN_PROGRESS"):
        status = stacks.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    return status


def test_a_template_is_answered_in_ascii(stacks: "CloudFormationClient") -> None:
    """CloudFormation gives ? for every other character; what is made of it is right."""
    text = "Description: für\n" + TOPIC.replace("Topic'}", "Topic', Metadata: {a: ☃}}")
    stack = stacks.create_stack(StackName="mangled", TemplateBody=text)["StackId"]
    assert ended(stacks, stack) == "CREATE_COMPLETE"
    body = str(stacks.get_template(StackName=stack)["TemplateBody"])
    assert body == text.replace("ü", "?").replace("☃", "?")


ANSWERS = """
import json
import urllib.request


def handler(event, context):
    answer = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    status = "FAILED" if event["RequestType"] == "Create" else "SUCCESS"
    answer |= {"Status": status, "Reason": "a\\x00\\x1b[31mb\\uffff", "PhysicalResourceId": "x"}
    body = json.dumps(answer).encode()
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], body, method="PUT"))
"""

CUSTOM = """\
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - {Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: lambda.amazonaws.com}}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code: {ZipFile: %s}
  Custom: {Type: 'Custom::It', Properties: {ServiceToken: !GetAtt Function.Arn}}
"""


def test_a_reason_with_control_characters_can_be_read(
    sandbox: Sandbox, stacks: "CloudFormationClient"
) -> None:
    """XML has no way to write them; the function's process ends when it is called no more."""
    stack = stacks.create_stack(
        StackName="custom",
        TemplateBody=CUSTOM % json.dumps(ANSWERS),
        Capabilities=["CAPABILITY_IAM"],
    )["StackId"]
    assert ended(stacks, stack) == "ROLLBACK_COMPLETE"
    events = stacks.describe_stack_events(StackName=stack)["StackEvents"]
    assert "a??[31mb?" in [event.get("ResourceStatusReason") for event in events]
    server = record_of(sandbox.folder).pid
    while len(group_of(server)) > 1:
        time.sleep(0.1)


SLOW = ANSWERS.replace("FAILED", "SUCCESS").replace(
    "answer = {key", "time.sleep(2)\n    answer = {key"
)
AFTER = CUSTOM + "  After: {Type: 'AWS::SNS::Topic', DependsOn: Custom}\n"


def test_a_stack_that_is_deleted_while_it_is_created_does_not_come_back(
    sandbox: Sandbox, stacks: "CloudFormationClient"
) -> None:
    """What it was waiting for ends later, and changes nothing any more."""
    stack = stacks.create_stack(
        StackName="withdrawn",
        TemplateBody=AFTER % json.dumps(f"import time\n{SLOW}"),
        Capabilities=["CAPABILITY_IAM"],
    )["StackId"]

    def happened() -> list[tuple[str, str]]:
        events = stacks.describe_stack_events(StackName=stack)["StackEvents"]
        return [(e["LogicalResourceId"], e["ResourceStatus"]) for e in reversed(events)]

    while ("Custom", "CREATE_IN_PROGRESS") not in happened():
        time.sleep(0.05)
    stacks.delete_stack(StackName="withdrawn")
    assert ended(stacks, stack) == "DELETE_COMPLETE"
    server = record_of(sandbox.folder).pid
    while len(group_of(server)) > 1:  # until the function has answered, and its process is gone
        time.sleep(0.1)
    assert happened()[-1] == ("withdrawn", "DELETE_COMPLETE")
    assert ("withdrawn", "CREATE_COMPLETE") not in happened()
    with pytest.raises(stacks.exceptions.ClientError, match="does not exist"):
        stacks.describe_stacks(StackName="withdrawn")


def test_nor_does_one_that_waits_for_a_signal(stacks: "CloudFormationClient") -> None:
    """The wait goes on in its thread, and what it would do at its end is dropped."""
    template = WAITS.replace("'60'", "'2'")
    stack = stacks.create_stack(StackName="waited", TemplateBody=template)["StackId"]

    def events() -> list[str]:
        found = stacks.describe_stack_events(StackName=stack)["StackEvents"]
        return [f"{e['LogicalResourceId']} {e['ResourceStatus']}" for e in reversed(found)]

    while "Signal CREATE_IN_PROGRESS" not in events():
        time.sleep(0.05)
    stacks.delete_stack(StackName="waited")
    assert ended(stacks, stack) == "DELETE_COMPLETE"
    time.sleep(3)  # past the end of the wait: nothing is to happen that could be awaited
    assert events()[-1] == "waited DELETE_COMPLETE"
