"""What is read of a stack, with answers that are checked against CloudFormation's model."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore.stub import Stubber
from stage_samples import NAME, STACK_ID, TARGET, stack

from cjob.aws.stacks import AwsStacks
from cjob.document import names
from cjob.document.snapshot import Placeholder
from cjob.stages.deployment.change_sets import Request, StackChangedError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

    from cjob.aws.session import Account

NESTED = "arn:aws:cloudformation:eu-central-1:123456789012:stack/acme-A-1/2"
OWN = names.creation_change_set(NAME)


class OneClient:
    """An account that has one client."""

    def __init__(self, client: "CloudFormationClient") -> None:
        """Take the client."""
        self._client = client

    def client(self, *_: object, **__: object) -> "CloudFormationClient":
        """Return it for everything."""
        return self._client


@pytest.fixture
def stub() -> Iterator[Stubber]:
    """Return a client of CloudFormation whose answers a test gives."""
    client = boto3.client(
        "cloudformation", "eu-central-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


def stacks(stub: Stubber) -> AwsStacks:
    """Return the adapter, which waits for nothing."""
    account = cast("Account", OneClient(cast("CloudFormationClient", stub.client)))
    return AwsStacks(account, lambda _: None, lambda _: None)


def resource(name: str, status: str, **more: str) -> dict[str, Any]:
    """Return a resource as DescribeStackResources has it."""
    return {
        "LogicalResourceId": name,
        "ResourceType": "AWS::IAM::Role",
        "ResourceStatus": status,
        "Timestamp": datetime.now(UTC),
        **more,
    }


def test_what_failed_is_found_by_a_call_that_the_role_may_make(stub: Stubber) -> None:
    """What was only cancelled can't be skipped; what is in a nested stack has that one's name."""
    nested = {"ResourceType": "AWS::CloudFormation::Stack", "PhysicalResourceId": NESTED}
    cancelled = {"ResourceStatusReason": "Resource update cancelled"}
    found = [
        resource("Done", "UPDATE_COMPLETE"),
        resource("Cancelled", "UPDATE_FAILED", **cancelled),
        resource("Rule", "UPDATE_FAILED", ResourceStatusReason="no such rule"),
        resource("AddonsStack", "UPDATE_FAILED", **nested),
    ]
    inside = [resource("Table", "UPDATE_FAILED")]
    call = "describe_stack_resources"
    stub.add_response(call, {"StackResources": found}, {"StackName": STACK_ID})
    stub.add_response(call, {"StackResources": inside}, {"StackName": NESTED})
    assert stacks(stub).failed_resources(TARGET, STACK_ID, nested=True) == (
        "Rule",
        "acme-A-1.Table",
    )


def test_a_deletion_keeps_resources_of_the_stack_itself_only(stub: Stubber) -> None:
    """Of a nested stack that one's own logical id, which is all that DeleteStack takes."""
    nested = {"ResourceType": "AWS::CloudFormation::Stack", "PhysicalResourceId": NESTED}
    found = [resource("AddonsStack", "DELETE_FAILED", **nested), resource("Rule", "DELETE_FAILED")]
    call = "describe_stack_resources"
    stub.add_response(call, {"StackResources": found}, {"StackName": STACK_ID})
    assert stacks(stub).failed_resources(TARGET, STACK_ID, nested=False) == ("AddonsStack", "Rule")


class Fixed:
    """An account whose clients answer one call each, in any order."""

    def __init__(self, answers: dict[str, Any]) -> None:
        """Take an answer for each call, or an error's code."""
        self._answers = answers

    def client(self, *_: object, **__: object) -> "CloudFormationClient":
        """Return a client that has every answer at hand, since they are asked for at once."""
        client = boto3.client(
            "cloudformation", "eu-central-1", aws_access_key_id="a", aws_secret_access_key="b"
        )
        for name, answer in self._answers.items():
            client.meta.events.register(f"before-call.cloudformation.{name}", _answering(answer))
        return client


def _answering(answer: Any) -> Any:  # noqa: ANN401 - a handler of botocore's
    http = type("Response", (), {"status_code": 200 if isinstance(answer, dict) else 400})()
    error = {"Error": {"Code": answer, "Message": "no"}, "ResponseMetadata": {}}
    return lambda **_: (http, answer if isinstance(answer, dict) else error)


def placeholder(**answers: Any) -> Placeholder | None:  # noqa: ANN401 - answers of any call
    """Read an empty stack that is a minute old, with other answers where a test gives them."""
    since = datetime.now(UTC) - timedelta(minutes=1)
    found = {"StackId": STACK_ID, "CreationTime": since, "StackStatus": "REVIEW_IN_PROGRESS"}
    event = {"ResourceStatus": "REVIEW_IN_PROGRESS", "PhysicalResourceId": STACK_ID}
    account = Fixed(
        {
            "DescribeStacks": {"Stacks": [{**found, **answers.get("stack", {})}]},
            "DescribeStackEvents": {"StackEvents": [{**event, **answers.get("event", {})}]},
            "DescribeStackResources": {"StackResources": answers.get("resources", [])},
            "DescribeChangeSet": answers.get("change_set", "ChangeSetNotFound"),
        }
    )
    adapter = AwsStacks(cast("Account", account), lambda _: None, lambda _: None)
    return adapter.placeholder(TARGET, NAME, STACK_ID)


def test_an_empty_stack_of_somebody_else_has_its_age_alone() -> None:
    """CloudFormation shows no token of the call that made it."""
    found = placeholder()
    assert found is not None
    assert (found.token, found.change_set, found.has_resources) == ("", "", False)
    assert 60 <= found.age_s < 90
    assert found.created_at.endswith("UTC") or "UTC (" in found.created_at


@pytest.mark.parametrize(
    "answer",
    [
        {"change_set": {"ChangeSetId": f"arn:aws:x:y:z:changeSet/{OWN}/1", "Status": "FAILED"}},
        {"stack": {"ChangeSetId": f"arn:aws:x:y:z:changeSet/{OWN}/1"}},
        {"event": {"ClientRequestToken": f"cjob-ci-{'0' * 32}"}},
    ],
    ids=["described", "named with the stack", "token"],
)
def test_an_empty_stack_of_cjob_is_known_by_change_set_or_token(answer: dict[str, Any]) -> None:
    """Whichever of them CloudFormation shows."""
    found = placeholder(**answer)
    assert found is not None
    assert (found.change_set, found.token) in {(OWN, ""), ("", f"cjob-ci-{'0' * 32}")}


@pytest.mark.parametrize("status", ["CREATE_IN_PROGRESS", "DELETE_COMPLETE"])
def test_a_stack_that_is_no_longer_under_review_is_not_empty(status: str) -> None:
    """It is looked at again."""
    assert placeholder(stack={"StackStatus": status}) is None


def test_a_change_set_of_another_run_is_neither_executed_nor_deleted(stub: Stubber) -> None:
    """It has the same name, since it creates the same stack, but another token."""
    theirs = {
        "StackId": STACK_ID,
        "ChangeSetId": f"arn:aws:cloudformation:x:1:changeSet/{OWN}/1",
        "Status": "CREATE_COMPLETE",
        "ExecutionStatus": "AVAILABLE",
        "Description": "cjob-somebody-1",
    }
    request = Request(name=OWN, token="2" * 32, stack=stack(), template_url="x", create=True)
    asked = {"StackName": NAME, "ChangeSetName": OWN}
    stub.add_client_error("create_change_set", "AlreadyExistsException")
    stub.add_response("describe_change_set", theirs, asked)
    stub.add_response("describe_change_set", theirs, asked)
    with pytest.raises(StackChangedError):
        stacks(stub).propose(TARGET, request)
    assert stacks(stub).discard(TARGET, request) == ""
