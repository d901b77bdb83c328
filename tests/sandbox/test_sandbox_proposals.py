"""Change sets that meet, as CloudFormation has it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from sandboxes import Sandbox, cjob_sandbox

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
    """Give CloudFormation, and leave nothing in it that a test made."""
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
