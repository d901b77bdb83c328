"""What the sandbox refuses as AWS does: names, lengths, schedules and sizes that do not exist."""

from typing import TYPE_CHECKING, Any

import botocore.exceptions
import pytest
from botocore.config import Config
from sandboxes import Sandbox

from cjob.sandbox.server import limits

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    "schedule",
    [
        "rate(1 minute)",
        "rate(2 minutes)",
        "rate(12 hours)",
        "rate(1 day)",
        "cron(0 0 * * ? *)",
        "cron(0/5 */2 ? * MON-FRI *)",
        "cron(0 0 1 1 ? 2030-2035/2)",
        "cron(0 8 ? * 2#1 *)",
    ],
)
def test_a_schedule_that_eventbridge_has_exists(schedule: str) -> None:
    """A rate's unit is in the singular for one."""
    assert limits.schedule_exists(schedule)


@pytest.mark.parametrize(
    "schedule",
    [
        "rate(1 minutes)",
        "rate(2 minute)",
        "rate(0 minutes)",
        "rate(5 weeks)",
        "rate(5minutes)",
        "cron(*/60 * * * ? *)",
        "cron(0 */24 * * ? *)",
        "cron(0 0 */0 * ? *)",
        "cron(0 0 1 1 ? 1969)",
        "cron(0 0 * * ?)",
        "@daily",
    ],
)
def test_a_schedule_that_eventbridge_does_not_have_is_refused(schedule: str) -> None:
    """Steps that do not fit their field are none."""
    assert not limits.schedule_exists(schedule)


@pytest.mark.parametrize(
    ("cpu", "memory", "exists"),
    [
        ("256", "512", True),
        ("256", "4096", False),
        ("300", "512", False),
        ("1024", "3072", True),
        ("8192", "16384", True),
        ("8192", "17408", False),
        ("16384", "122880", True),
        ("1 vCPU", "2 GB", True),
    ],
)
def test_fargate_has_certain_sizes(cpu: str, memory: str, *, exists: bool) -> None:
    """By its own table."""
    assert (list(limits.of_size(cpu, memory)) == []) is exists


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"family": "a b"}, "Family contains invalid characters"),
        ({"ContainerDefinitions": [{"Name": "a.b"}]}, "Container name contains invalid characters"),
        ({"volumes": [{"name": "../x"}]}, "Volume name contains invalid characters"),
        ({"containerDefinitions": [{"name": "a", "privileged": True}]}, "Fargate only supports"),
        ({"cpu": 300}, "No Fargate configuration exists for given values: 300 CPU"),
    ],
)
def test_a_task_definition_has_names_and_a_size_of_ecs(change: dict[str, Any], said: str) -> None:
    """Whether it comes from a template or in a call."""
    right = {"family": "f", "requiresCompatibilities": ["FARGATE"], "cpu": 256, "memory": 512}
    given = {key[:1].lower() + key[1:]: value for key, value in (right | change).items()}
    assert list(limits.of_task(right)) == []
    assert next(limits.of_task(given)).startswith(said)


SHAPES = {
    "In": {"type": "structure", "members": {"Name": {"shape": "Name"}, "tags": {"shape": "Tags"}}},
    "Name": {"type": "string", "min": 2, "max": 4, "pattern": "[a-z]+"},
    "Tags": {"type": "list", "member": {"shape": "Tag"}},
    "Tag": {"type": "structure", "members": {"Key": {"shape": "Key"}}},
    "Key": {"type": "string", "pattern": r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+"},
    "Odd": {"type": "string", "pattern": "(?<never"},
}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"Name": "abc"}, []),
        ({"name": "a"}, ["greater than or equal to 2"]),
        ({"name": "abcde"}, ["less than or equal to 4"]),
        ({"name": "AB"}, ["pattern: [a-z]+"]),
        ({"name": 1, "other": "x"}, []),
        ({"Tags": [{"Key": "größe é=1"}]}, []),
        ({"Tags": [{"Key": "a"}, {"Key": "a{}"}]}, ["'tags.2.member.Key' failed"]),
    ],
)
def test_values_are_held_against_the_model(given: dict[str, Any], said: list[str]) -> None:
    """Members are found in either spelling, and what the model does not know is left alone."""
    found = list(limits.in_model(SHAPES, "In", given, ""))
    assert len(found) == len(said)
    assert all(text in one for text, one in zip(said, found, strict=True))
    assert list(limits.in_model(SHAPES, "Odd", "x", "a")) == []


TEMPLATE = """\
Resources:
  Rule:
    Type: AWS::Events::Rule
    Properties: {ScheduleExpression: 'rate(1 minutes)'}
"""


@pytest.mark.parametrize(
    ("service", "call", "given", "code"),
    [
        ("events", "put_rule", {"Name": "a b"}, "ValidationException"),
        ("ecr", "create_repository", {"repositoryName": "demo/Mine"}, "InvalidParameterException"),
        (
            "cloudformation",
            "create_change_set",
            {"StackName": "mine", "ChangeSetName": "a_b", "TemplateBody": TEMPLATE},
            "ValidationError",
        ),
        (
            "iam",
            "create_role",
            {"RoleName": "a" * 65, "AssumeRolePolicyDocument": "{}"},
            "ValidationError",
        ),
    ],
)
def test_a_call_that_aws_refuses_is_refused(
    sandbox: Sandbox, service: str, call: str, given: dict[str, str], code: str
) -> None:
    """In the form of its service."""
    unchecked = Config(parameter_validation=False)
    client: Any = sandbox.session().client(  # type: ignore[call-overload]
        service, endpoint_url=sandbox.endpoint, config=unchecked
    )
    made: Callable[..., object] = getattr(client, call)
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        made(**given)
    assert caught.value.response["Error"]["Code"] == code


def test_a_resource_that_aws_refuses_fails_its_stack(sandbox: Sandbox) -> None:
    """With the service's words."""
    stacks = sandbox.session().client("cloudformation", endpoint_url=sandbox.endpoint)
    stack = stacks.create_stack(StackName="limits", TemplateBody=TEMPLATE)["StackId"]
    status = "_IN_PROGRESS"
    while status.endswith("_IN_PROGRESS"):
        status = stacks.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    assert status == "ROLLBACK_COMPLETE"
    events = stacks.describe_stack_events(StackName=stack)["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events]
    stacks.delete_stack(StackName=stack)
    assert "Parameter ScheduleExpression is not valid." in reasons
