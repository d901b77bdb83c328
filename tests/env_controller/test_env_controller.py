"""The Lambda behind a stack's custom resource."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any, cast

import pytest
from environment_stack_fake import ROLE, EnvironmentStack, refusal

from cjob.env_controller import index

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient


@dataclass
class Mailbox:
    """What was put at the ResponseURL; the first `failing` requests get status 500."""

    url: str
    failing: int = 0
    answers: list[dict[str, Any]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    content_types: list[str | None] = field(default_factory=list)

    @property
    def answer(self) -> dict[str, Any]:
        """The one answer that there has to be."""
        (only,) = self.answers
        return only


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """Serve a ResponseURL over real HTTP."""

    class Put(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if box.failing:
                box.failing -= 1
                self.send_error(500)
                return
            box.answers.append(json.loads(body))
            box.sizes.append(len(body))
            box.content_types.append(self.headers["Content-Type"])
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = HTTPServer(("127.0.0.1", 0), Put)
    box = Mailbox(f"http://127.0.0.1:{server.server_port}/answer?signature=x%2Fy")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield box
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Context:
    """The context that Lambda passes to a function."""

    seconds: float = 900
    log_group_name: str = "/aws/lambda/acme-test-report-EnvControllerFunction"
    log_stream_name: str = "2026/11/22/[$LATEST]abc"

    def get_remaining_time_in_millis(self) -> int:
        """Return the remaining time."""
        return int(self.seconds * 1000)


def event(kind: str = "Create", /, **changed: object) -> dict[str, Any]:
    """Return an event as CloudFormation sends it; properties are given by their names."""
    properties = {
        "ServiceToken": "arn:aws:lambda:us-west-2:123456789012:function:f",
        "Workload": "report",
        "EnvStack": "acme-test",
        "Parameters": [],
        "EnvVersion": "v1.33.2",
    }
    return {
        "RequestType": kind,
        "RequestId": "c6a2",
        "StackId": "arn:aws:cloudformation:us-west-2:123456789012:stack/acme-test-report/1",
        "LogicalResourceId": "EnvControllerAction",
        "ResourceType": "Custom::EnvControllerFunction",
        "ResourceProperties": {**properties, **changed},
    }


def serve(
    stack: EnvironmentStack,
    box: Mailbox,
    request: dict[str, Any],
    context: Context | None = None,
    sleep: Callable[[float], None] = lambda _: None,
) -> dict[str, Any]:
    """Serve one event and give the answer that came by HTTP."""
    client = cast("CloudFormationClient", stack)
    index.serve(
        {**request, "ResponseURL": box.url},
        context or Context(),
        connect=lambda: client,
        sleep=sleep,
    )
    return box.answer


# Which parameters change


@pytest.mark.parametrize(
    ("wanted", "before", "after"),
    [
        ((), {"NATWorkloads": "", "EFSWorkloads": "api"}, {}),
        (("NATWorkloads",), {"NATWorkloads": "report"}, {}),
        (("NATWorkloads",), {"NATWorkloads": ""}, {"NATWorkloads": "report"}),
        (("NATWorkloads",), {"NATWorkloads": "api,web"}, {"NATWorkloads": "api,web,report"}),
        ((), {"NATWorkloads": "api,report,web"}, {"NATWorkloads": "api,web"}),
        ((), {"NATWorkloads": ",report,,report,api"}, {"NATWorkloads": "api"}),
        ((), {"NATWorkloads": "reports,my-report"}, {}),
        (
            ("EFSWorkloads",),
            {"NATWorkloads": "report", "EFSWorkloads": "api", "Workload": "report"},
            {"NATWorkloads": "", "EFSWorkloads": "api,report"},
        ),
    ],
)
def test_the_lists_gain_and_lose_the_workload(
    wanted: tuple[str, ...], before: dict[str, str], after: dict[str, str]
) -> None:
    """Names keep their order, a new one comes last, empty and double ones go with a change."""
    request = index.Request(stack="acme-test", workload="report", wanted=wanted, aliases=())
    assert after == index.changes(request, before)


@pytest.mark.parametrize(
    ("aliases", "before", "after"),
    [
        ((), "", {}),
        ((), '{"api":["a.example"]}', {}),
        (("a.example",), '{"report":["a.example"]}', {}),
        (("b.example",), "", {"Aliases": '{"report":["b.example"]}'}),
        ((), '{"report":["a.example"]}', {"Aliases": ""}),
        ((), '{"report":["a"],"api":["b"]}', {"Aliases": '{"api":["b"]}'}),
    ],
)
def test_aliases_are_kept_as_an_object_that_vanishes_when_empty(
    aliases: tuple[str, ...], before: str, after: dict[str, str]
) -> None:
    """A workload without aliases has no key; without any workload the string is empty."""
    request = index.Request(stack="acme-test", workload="report", wanted=(), aliases=aliases)
    assert after == index.changes(request, {"Aliases": before})


def test_a_missing_parameter_of_the_environment_is_named() -> None:
    """Nothing is updated, and the reason names the missing parameter."""
    wanted = ("EFSWorkloads", "NATWorkloads")
    request = index.Request(stack="acme-test", workload="report", wanted=wanted, aliases=())
    with pytest.raises(index.ControllerError, match="no parameter EFSWorkloads: upgrade"):
        index.changes(request, {"NATWorkloads": ""})


def test_a_deletion_wants_nothing_of_the_environment() -> None:
    """Its properties still name what the job had."""
    request = index.read_request(event("Delete", Parameters=["NATWorkloads"], Aliases=["a"]))
    assert (request.wanted, request.aliases) == ((), ())


def test_aliases_in_the_list_of_parameters_are_passed_over() -> None:
    """Only the names of lists count there."""
    request = index.read_request(event(Parameters=["Aliases", "EFSWorkloads"]))
    assert request.wanted == ("EFSWorkloads",)


# The environment's stack


def test_nothing_to_change_sends_no_update(mailbox: Mailbox) -> None:
    """The answer has the outputs as they are, two of them left out."""
    outputs = {"VpcId": "vpc-1", "EnabledFeatures": ",,", "LastForceDeployID": "7"}
    stack = EnvironmentStack(NATWorkloads="", outputs=outputs)
    answer = serve(stack, mailbox, event())
    assert answer["Status"] == "SUCCESS"
    assert answer["Data"] == {"CFNExecutionRoleARN": ROLE, "VpcId": "vpc-1"}
    assert stack.updates == []


def test_a_new_job_is_added_and_the_new_outputs_are_answered(mailbox: Mailbox) -> None:
    """The update keeps every other parameter: a NoEcho one is only known as asterisks."""
    stack = EnvironmentStack(EFSWorkloads="api", NATWorkloads="")
    stack.before_update.append(lambda: stack.outputs.update(ManagedFileSystemID="fs-1"))
    answer = serve(stack, mailbox, event(Parameters=["EFSWorkloads"]))
    assert answer["Data"]["ManagedFileSystemID"] == "fs-1"
    assert stack.updates == [
        {
            "StackName": "acme-test",
            "UsePreviousTemplate": True,
            "Parameters": [
                {"ParameterKey": "AppName", "UsePreviousValue": True},
                {"ParameterKey": "EnvironmentName", "UsePreviousValue": True},
                {"ParameterKey": "EFSWorkloads", "ParameterValue": "api,report"},
                {"ParameterKey": "NATWorkloads", "UsePreviousValue": True},
            ],
            "RoleARN": ROLE,
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        }
    ]


def test_an_environment_that_was_never_updated_takes_its_first_job(mailbox: Mailbox) -> None:
    """A stack fresh from its creation is as good as an updated one."""
    stack = EnvironmentStack(status="CREATE_COMPLETE", NATWorkloads="")
    throttled = refusal("UpdateStack", "Throttling", "Rate exceeded")
    stack.before_update.append(lambda: stack.refusals.append(throttled))
    answer = serve(stack, mailbox, event(Parameters=["NATWorkloads"]))
    assert (answer["Status"], stack.parameters["NATWorkloads"]) == ("SUCCESS", "report")


def test_a_deleted_job_leaves_every_list(mailbox: Mailbox) -> None:
    """The others stay."""
    stack = EnvironmentStack(NATWorkloads="api,report", EFSWorkloads="report")
    answer = serve(stack, mailbox, event("Delete", Parameters=["NATWorkloads"]))
    assert (
        answer["Status"],
        stack.parameters["NATWorkloads"],
        stack.parameters["EFSWorkloads"],
    ) == ("SUCCESS", "api", "")


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"])
def test_an_update_of_another_job_is_awaited_and_merged(mailbox: Mailbox, status: str) -> None:
    """Refused for a running update or its clean-up, it reads again what that update has brought."""
    stack = EnvironmentStack(NATWorkloads="api")
    other = {**stack.parameters, "NATWorkloads": "api,web"}
    stack.before_update.append(lambda: stack.start(other, status=status))
    answer = serve(stack, mailbox, event(Parameters=["NATWorkloads"]))
    assert (answer["Status"], stack.parameters["NATWorkloads"]) == ("SUCCESS", "api,web,report")


def test_outputs_are_read_once_the_update_that_makes_them_has_ended(mailbox: Mailbox) -> None:
    """A run that was cut off may have begun it: the name is in, the file system not there yet."""
    stack = EnvironmentStack(EFSWorkloads="")
    stack.start({**stack.parameters, "EFSWorkloads": "report"})
    answer = serve(stack, mailbox, event(Parameters=["EFSWorkloads"]))
    assert (answer["Status"], stack.status, stack.updates) == ("SUCCESS", "UPDATE_COMPLETE", [])


def test_a_name_that_a_stale_writer_took_out_is_put_in_again(mailbox: Mailbox) -> None:
    """Between the end of its update and the last reading, another one wrote what it read before."""
    stack = EnvironmentStack(NATWorkloads="")

    def sleep(_: float) -> None:
        if len(stack.updates) == 1 and stack.status == "UPDATE_COMPLETE" and not overwritten:
            overwritten.append(True)
            stack.parameters["NATWorkloads"] = "web"

    overwritten: list[bool] = []
    serve(stack, mailbox, event(Parameters=["NATWorkloads"]), sleep=sleep)
    assert stack.parameters["NATWorkloads"] == "web,report"


@pytest.mark.parametrize("mine", [True, False])
def test_an_update_that_is_rolled_back_fails_the_request(mailbox: Mailbox, *, mine: bool) -> None:
    """Its own update or the one that it waited for: the reason names the stack and its status."""
    stack = EnvironmentStack(NATWorkloads="")
    stack.next_end = "UPDATE_ROLLBACK_COMPLETE"
    if not mine:
        other = {**stack.parameters, "NATWorkloads": "web"}
        stack.before_update.append(lambda: stack.start(other))
    answer = serve(stack, mailbox, event(Parameters=["NATWorkloads"]))
    assert answer["Status"] == "FAILED"
    assert "acme-test failed and left it UPDATE_ROLLBACK_COMPLETE" in answer["Reason"]
    assert stack.parameters["NATWorkloads"] == ""


def test_an_environment_that_was_rolled_back_before_can_be_updated(mailbox: Mailbox) -> None:
    """Only an update that is awaited counts, not one of the past."""
    stack = EnvironmentStack(status="UPDATE_ROLLBACK_COMPLETE", NATWorkloads="")
    assert serve(stack, mailbox, event(Parameters=["NATWorkloads"]))["Status"] == "SUCCESS"


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS"])
def test_a_stack_in_another_state_refuses_for_good(mailbox: Mailbox, status: str) -> None:
    """CloudFormation's own words are the reason, with the place of the log."""
    stack = EnvironmentStack(status=status, NATWorkloads="")
    answer = serve(stack, mailbox, event(Parameters=["NATWorkloads"]))
    assert answer["Status"] == "FAILED"
    assert f"is in {status} state and can not be updated." in answer["Reason"]
    assert "EnvControllerFunction 2026/11/22/[$LATEST]abc)" in answer["Reason"]


def test_throttling_is_waited_for(mailbox: Mailbox) -> None:
    """Many jobs at once are throttled, which fails none of them."""
    stack = EnvironmentStack(NATWorkloads="")
    stack.refusals = [refusal("DescribeStacks", "Throttling", "Rate exceeded")] * 3
    pauses: list[float] = []
    answer = serve(stack, mailbox, event(Parameters=["NATWorkloads"]), sleep=pauses.append)
    assert answer["Status"] == "SUCCESS"
    assert all(2 <= pause <= 5 for pause in pauses)
    assert len(set(pauses)) == len(pauses) >= 4


@pytest.mark.parametrize("kind", ["Create", "Update", "Delete"])
def test_an_environment_that_is_gone_fails_the_request(mailbox: Mailbox, kind: str) -> None:
    """Also when the job is deleted."""
    stack = EnvironmentStack()
    stack.exists = False
    answer = serve(stack, mailbox, event(kind))
    assert answer["Status"] == "FAILED"
    assert "Stack with id acme-test does not exist" in answer["Reason"]


def test_the_answer_comes_before_the_time_is_up(mailbox: Mailbox) -> None:
    """Half a minute of the Lambda's time is kept for it."""
    stack = EnvironmentStack(NATWorkloads="")
    stack.before_update.append(lambda: stack.start(stack.parameters, rounds=10**6))
    slept: list[float] = []
    context = Context(seconds=index.RESERVE_S)
    answer = serve(stack, mailbox, event(Parameters=["NATWorkloads"]), context, slept.append)
    assert answer["Status"] == "FAILED"
    assert "took too long" in answer["Reason"]
    assert slept == []


# The answer


def test_the_answer_says_whose_it_is(mailbox: Mailbox) -> None:
    """Ids are the event's, the content type is empty as the address is signed for that."""
    answer = serve(EnvironmentStack(), mailbox, event())
    assert answer == {
        "Status": "SUCCESS",
        "Reason": "",
        "PhysicalResourceId": "envcontoller/acme-test/report",
        "StackId": "arn:aws:cloudformation:us-west-2:123456789012:stack/acme-test-report/1",
        "RequestId": "c6a2",
        "LogicalResourceId": "EnvControllerAction",
        "Data": {"CFNExecutionRoleARN": ROLE},
    }
    assert mailbox.content_types == [""]


def test_the_physical_id_of_the_event_is_kept(mailbox: Mailbox) -> None:
    """Another one would make CloudFormation delete the resource that it just updated."""
    request = {**event("Update"), "PhysicalResourceId": "envcontoller/old/name"}
    assert (
        serve(EnvironmentStack(), mailbox, request)["PhysicalResourceId"] == "envcontoller/old/name"
    )


def test_outputs_that_do_not_fit_are_left_out_but_the_one_that_jobs_read(mailbox: Mailbox) -> None:
    """CloudFormation reads 4096 bytes; the shortest outputs come after the file system's id."""
    many = {f"Output{number:03}": "ü" * (10 + number) for number in range(100)}
    outputs = {**many, "ManagedFileSystemID": "fs-" + "1" * 200}
    answer = serve(EnvironmentStack(outputs=outputs), mailbox, event())
    assert answer["Status"] == "SUCCESS"
    assert outputs["ManagedFileSystemID"] == answer["Data"]["ManagedFileSystemID"]
    assert "Output000" in answer["Data"]
    assert "Output099" not in answer["Data"]
    assert 4000 < mailbox.sizes[0] <= 4096


def test_a_long_reason_is_cut(mailbox: Mailbox) -> None:
    """The place of the log is still at its end."""
    stack = EnvironmentStack()
    stack.refusals = [refusal("DescribeStacks", "AccessDenied", "é" * 10_000)]
    answer = serve(stack, mailbox, event())
    assert answer["Reason"].endswith("[$LATEST]abc)")
    assert mailbox.sizes[0] <= 4096


@pytest.mark.parametrize(
    ("malformed", "reason"),
    [
        ({"RequestType": "Replace"}, "unsupported request type 'Replace'"),
        ({"RequestType": None}, "unsupported request type None"),
        ({"ResourceProperties": None}, "no ResourceProperties"),
        ({"ResourceProperties": []}, "no ResourceProperties"),
        ({"ResourceProperties": {}}, "property EnvStack must be a string, and is None"),
        (event(Workload=["x"]), "property Workload must be a string, and is ['x']"),
        (event(Workload="a,b"), "property Workload is not a name: 'a,b'"),
        (event(Workload="a\nb"), "property Workload is not a name"),
        (event(Workload="a" * 10_000), "property Workload is not a name"),
        (event(Parameters="NATWorkloads"), "property Parameters must be a list of strings"),
        (event(Parameters=[{}]), "property Parameters must be a list of strings"),
    ],
)
def test_a_malformed_event_is_answered(
    mailbox: Mailbox, malformed: dict[str, Any], reason: str
) -> None:
    """Without an answer CloudFormation would wait for an hour."""
    answer = serve(EnvironmentStack(), mailbox, {**event(), **malformed})
    assert answer["Status"] == "FAILED"
    assert reason in answer["Reason"]


def test_an_answer_to_a_name_of_any_length_is_one_that_cloudformation_reads(
    mailbox: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its id, its reason and the log are cut."""
    asked = event(Workload="a\x00," * 10_000, EnvStack="b" * 10_000)
    answer = serve(EnvironmentStack(), mailbox, asked)
    assert mailbox.sizes[-1] <= index.ANSWER_LIMIT
    assert "\x00" not in answer["Reason"]
    assert max(map(len, capsys.readouterr().out.splitlines())) < 10_000


def test_deleting_a_name_that_was_refused_succeeds(mailbox: Mailbox) -> None:
    """Else the rollback of what it failed would fail, too."""
    stack = EnvironmentStack(NATWorkloads="a,b,report")
    answer = serve(stack, mailbox, event("Delete", Workload="a,b"))
    assert (answer["Status"], stack.updates) == ("SUCCESS", [])


def test_an_event_with_nothing_but_an_address_is_answered(mailbox: Mailbox) -> None:
    """Whatever else is missing is left empty."""
    answer = serve(EnvironmentStack(), mailbox, {})
    assert (
        answer["Status"],
        answer["StackId"],
        answer["PhysicalResourceId"],
    ) == ("FAILED", "", "envcontoller//")


def test_a_bug_is_answered_with_its_kind(mailbox: Mailbox) -> None:
    """Anything that goes wrong ends in an answer, such as text that is not JSON."""
    answer = serve(EnvironmentStack(Aliases="{"), mailbox, event())
    assert answer["Status"] == "FAILED"
    assert answer["Reason"].startswith("JSONDecodeError: ")


def test_a_client_that_cannot_be_made_is_answered(mailbox: Mailbox) -> None:
    """Even a runtime without boto3 answers."""

    def connect() -> "CloudFormationClient":
        raise ImportError("No module named 'boto3'")

    request = {**event(), "ResponseURL": mailbox.url}
    index.serve(request, Context(), connect=connect)
    assert "ImportError: No module named 'boto3'" in mailbox.answer["Reason"]


def test_the_handler_answers_where_aws_cannot_be_reached(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Called as by Lambda, with a real client, and an address without a server."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{unused.getsockname()[1]}")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        index.handler({**event(), "ResponseURL": mailbox.url}, Context())
    assert mailbox.answer["Reason"].startswith("EndpointConnectionError: ")


def test_sending_the_answer_is_tried_again(mailbox: Mailbox) -> None:
    """S3 may stumble once or twice."""
    mailbox.failing = 2
    assert serve(EnvironmentStack(), mailbox, event())["Status"] == "SUCCESS"


def test_an_answer_that_cannot_be_sent_is_an_error(mailbox: Mailbox) -> None:
    """So Lambda brings the same event again, which is safe."""
    mailbox.failing = 3
    with pytest.raises(OSError, match="500"):
        serve(EnvironmentStack(), mailbox, event())


def test_an_event_without_an_address_is_only_logged(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is sent, and no file is touched if the address is a path."""
    client = cast("CloudFormationClient", EnvironmentStack())
    index.serve({**event(), "ResponseURL": "file:///tmp/x"}, Context(), connect=lambda: client)
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["step"], last["sent"]) == ("answer", False)


def test_each_step_is_one_line_of_json(
    mailbox: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log contains what was decided and done, but never the signed address."""
    serve(EnvironmentStack(NATWorkloads=""), mailbox, event(Parameters=["NATWorkloads"]))
    printed = capsys.readouterr().out
    steps = [json.loads(line)["step"] for line in printed.splitlines()]
    assert steps == ["request", "decide", "update", "decide", "answer"]
    assert "signature" not in printed
