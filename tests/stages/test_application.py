"""A StackSet's change is followed through an outage."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from cjob.aws.application import AwsApplication
from cjob.aws.session import Account
from cjob.reporting.errors import ServiceError

ANSWER = """\
<DescribeStackSetOperationResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
<DescribeStackSetOperationResult><StackSetOperation><Status>SUCCEEDED</Status></StackSetOperation>
</DescribeStackSetOperationResult></DescribeStackSetOperationResponse>
"""
DENIED = """\
<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error>
</ErrorResponse>
"""
OUTAGE = 12
"""Calls that get no answer: more than botocore makes of one by itself."""


class Flaky(BaseHTTPRequestHandler):
    """Closes connections for a while, and then answers."""

    answer: ClassVar[tuple[int, str]]
    asked: ClassVar[int]

    def do_POST(self) -> None:
        """Answer, or hang up."""
        Flaky.asked += 1
        if Flaky.asked <= OUTAGE:
            self.close_connection = True
            return
        status, text = self.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def flaky(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Flaky]]:
    """Start the server, which replaces AWS."""
    Flaky.answer, Flaky.asked = (200, ANSWER), 0
    with ThreadingHTTPServer(("127.0.0.1", 0), Flaky) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        for name in ("AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "us-west-2")
        yield Flaky
        server.shutdown()


@pytest.mark.usefixtures("flaky")
def test_a_change_of_the_stack_set_is_followed_through_an_outage() -> None:
    """AWS continues meanwhile; the outage is reported once."""
    told: list[str] = []
    application = AwsApplication(Account(), lambda _: None, lambda one: told.append(one.text))
    assert application.wait_for_operation("acme", "operation") == ""
    assert len(told) == 2
    assert told[0].startswith("AWS does not answer")
    assert told[1] == "AWS answers again"


def test_an_answer_that_will_stay_the_same_ends_the_wait(flaky: type[Flaky]) -> None:
    """Waiting does not help against a missing permission."""
    flaky.answer = (403, DENIED)
    application = AwsApplication(Account(), lambda _: None, lambda _: None)
    with pytest.raises(ServiceError, match="DescribeStackSetOperation"):
        application.wait_for_operation("acme", "operation")
    assert flaky.asked == OUTAGE + 1
