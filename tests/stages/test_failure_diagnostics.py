"""What is asked of AWS to explain a failure, and what of the answers is told.

Answers are given in AWS's place, by botocore's own stand-in, which holds them against its models:
no sandbox has logs of a function that timed out, or services whose tasks can't start.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.stub import ANY, Stubber

from cjob.aws.failure_diagnostics import FailureDiagnostics
from cjob.reporting.errors import ServiceError
from cjob.stages.deployment.events import Event

STACK_ID = "arn:aws:cloudformation:us-west-2:123456789012:stack/demo-test-report/1"
CLUSTER = "arn:aws:ecs:us-west-2:123456789012:cluster/demo"
TASK = "arn:aws:ecs:us-west-2:123456789012:task/demo/0a1b"

Answer = tuple[str, str, Mapping[str, Any], Mapping[str, Any] | str]


def explained(failure: Event, *answers: Answer) -> list[str]:
    """Explain a failure; each answer has a service, a call, what is asked, and what is said.

    A text in the place of what is said is the code of an error.
    """
    clients = {name: _client(name) for name in ("cloudformation", "logs", "ecs")}
    stubs = {name: Stubber(client) for name, client in clients.items()}
    for name, call, asked, said in answers:
        if isinstance(said, str):
            stubs[name].add_client_error(call, said, expected_params=asked)
        else:
            stubs[name].add_response(call, said, asked)
    for stub in stubs.values():
        stub.activate()
    diagnostics = FailureDiagnostics(
        clients["cloudformation"], lambda: clients["logs"], lambda: clients["ecs"]
    )
    lines = list(diagnostics.explain(failure))
    for stub in stubs.values():
        stub.assert_no_pending_responses()
    return lines


def _client(service: str) -> Any:  # noqa: ANN401 - of whichever service
    session = botocore.session.Session()
    return session.create_client(
        service, region_name="us-west-2", aws_access_key_id="a", aws_secret_access_key="b"
    )


def of(kind: str, logical_id: str, reason: str = "") -> Event:
    """Return the failure of a resource of some type."""
    return Event(
        logical_id=logical_id,
        type=kind,
        status="CREATE_FAILED",
        reason=reason,
        stack_id=STACK_ID,
        at=10_000,
    )


def found(logical_id: str, physical_id: str) -> Answer:
    """Return the answer that tells what a resource is in AWS."""
    detail = {
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": physical_id,
        "ResourceType": "x",
        "LastUpdatedTimestamp": 0,
        "ResourceStatus": "CREATE_COMPLETE",
    }
    asked = {"StackName": STACK_ID, "LogicalResourceId": logical_id}
    return ("cloudformation", "describe_stack_resource", asked, {"StackResourceDetail": detail})


def log(group: str, *lines: str) -> Iterator[Answer]:
    """Yield the answers that have the lines of a log in its newest span, and nothing before."""
    events = [{"message": line} for line in lines]
    for number, (start, end) in enumerate(SPANS):
        asked = {"logGroupName": group, "startTime": start, "endTime": end - 1}
        yield ("logs", "filter_log_events", asked, {"events": [] if number else events})


# From ten seconds after the failure to a quarter of an hour before it, each four times longer.
SPANS = [
    (9_980_000, 10_010_000),
    (9_860_000, 9_980_000),
    (9_380_000, 9_860_000),
    (9_100_000, 9_380_000),
]

CONTROLLER = "Custom::EnvControllerFunction"
GROUP = "/aws/lambda/one"


def test_a_controller_that_never_answered_is_explained_by_its_log() -> None:
    """Its reason has nothing of it; the function beside it has the log's name."""
    reason = "CloudFormation did not receive a response from your Custom Resource."
    lines = explained(
        of(CONTROLLER, "EnvControllerAction", reason),
        found("EnvControllerFunction", "one"),
        *log(
            GROUP,
            "START RequestId: 1 Version: $LATEST\n",
            '{"step": "request", "stack": "demo-test"}\n',
            '{"step": "failure", "reason": "the update failed", "trace": "Traceback"}\n',
            "2024-05-01T10:00:00Z 1 Task timed out after 900.00 seconds\n",
            "REPORT RequestId: 1 Duration: 900000 ms\n",
        ),
    )
    assert lines == [
        f"its log: {GROUP}",
        "it says: the update failed",
        "it says: 2024-05-01T10:00:00Z 1 Task timed out after 900.00 seconds",
    ]


def test_a_log_that_a_reason_names_is_read_whoever_names_it() -> None:
    """What the reason says already is not told twice."""
    reason = "TypeError: x is null (Log: /aws/lambda/one/2024/05/01/[$LATEST]0a)"
    lines = explained(
        of("Custom::Theirs", "Theirs", reason), *log(GROUP, "TypeError: x is null", "Error: y")
    )
    assert lines == [f"its log: {GROUP}", "it says: Error: y"]


def test_a_log_s_own_form_is_told_without_passwords() -> None:
    """Lambda writes JSON where that is asked for; an address may well have a password in it."""
    deep = "[" * 100_000 + "error"
    lines = explained(
        of("Custom::Theirs", "Theirs", f"see {GROUP}"),
        *log(GROUP, '{"level": "ERROR", "message": "postgres://app:hunter2@db/x"}', deep),
    )
    assert lines[1] == 'it says: {"level": "ERROR", "message": "postgres://app:(hidden)@db/x"}'
    assert len(lines[2]) < 1000


def test_a_service_is_explained_by_its_stopped_tasks() -> None:
    """By the task's reason, and by those of its containers."""
    stopped = {
        "taskArn": TASK,
        "stoppedReason": "Essential container in task exited",
        "containers": [
            {"name": "web", "exitCode": 3},
            {"name": "log", "reason": "CannotPullContainerError: no such image"},
            {"name": "fine"},
        ],
    }
    asked = {"cluster": "demo", "serviceName": "web", "desiredStatus": "STOPPED"}
    lines = explained(
        of("AWS::ECS::Service", "Service", "did not stabilize"),
        found("Service", "arn:aws:ecs:us-west-2:123456789012:service/demo/web"),
        ("ecs", "list_tasks", asked, {"taskArns": [TASK]}),
        ("ecs", "describe_tasks", {"cluster": "demo", "tasks": [TASK]}, {"tasks": [stopped]}),
    )
    reasons = "web: exit code 3; log: CannotPullContainerError: no such image"
    assert lines == [f"task 0a1b stopped: Essential container in task exited; {reasons}"]


class Endless:
    """A log that has more pages than anybody can read, each with a line a millisecond."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - a client of whichever service
        """Answer in the place of CloudWatch, from the oldest line on."""
        self.asked: list[dict[str, Any]] = []
        self.client = client
        client.meta.events.register("provide-client-params.logs.FilterLogEvents", self._note)
        client.meta.events.register("before-call.logs.FilterLogEvents", self._answer)

    def _note(self, params: dict[str, Any], **_: object) -> None:
        self.asked.append(params)

    def _answer(self, **_: object) -> Any:  # noqa: ANN401 - what botocore's parser gives
        start = self.asked[-1]["startTime"] + int(self.asked[-1].get("nextToken", 0))
        events = [{"message": f"error at {start + n}", "timestamp": start + n} for n in range(10)]
        token = int(self.asked[-1].get("nextToken", 0)) + 10
        more = {"nextToken": str(token)} if start + 10 <= self.asked[-1]["endTime"] else {}
        response = AWSResponse("https://logs", 200, HTTPHeaders(), None)
        return response, {"events": events, **more}


def test_an_endless_log_is_read_for_a_few_pages_the_newest_first() -> None:
    """A person waits for the error that it is to explain."""
    log = Endless(_client("logs"))
    diagnostics = FailureDiagnostics(_client("cloudformation"), lambda: log.client, lambda: None)  # type: ignore[arg-type,return-value]
    lines = diagnostics.explain(of("Custom::Theirs", "Theirs", f"failed, see {GROUP}"))
    assert len(log.asked) <= 12
    assert len(lines) == 4
    times = [int(line.rpartition(" ")[2]) for line in lines[1:]]
    assert times == sorted(times)
    assert times[0] > 10_009_000


@pytest.mark.parametrize("error", [KeyError("x"), ServiceError("signed out"), RuntimeError("x")])
def test_whatever_goes_wrong_in_an_explanation_is_left_out(error: Exception) -> None:
    """It would take the place of the error that is to be explained."""

    def fail() -> Any:  # noqa: ANN401 - never returns
        raise error

    diagnostics = FailureDiagnostics(_client("cloudformation"), fail, fail)
    lines = diagnostics.explain(of("Custom::Theirs", "Theirs", f"failed, see {GROUP}"))
    assert lines == [f"its log: {GROUP}"]


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_what_is_denied_or_gone_is_left_out(code: str) -> None:
    """The name of the log is known all the same."""
    asked = {"logGroupName": ANY, "startTime": ANY, "endTime": ANY}
    lines = explained(
        of("Custom::Theirs", "Theirs", f"failed, see {GROUP}"),
        ("logs", "filter_log_events", asked, code),
    )
    assert lines == [f"its log: {GROUP}"]


def test_any_other_resource_says_all_in_its_reason() -> None:
    """Nothing is asked for it."""
    assert explained(of("AWS::IAM::Role", "Role", "no such policy")) == []
