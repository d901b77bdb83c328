"""What is not AWS is an outage: a proxy, a captive portal, a connection that breaks."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import botocore.session
import pytest

from cjob.aws import errors
from cjob.aws.errors import translating_errors
from cjob.aws.rate_limit import RateLimiter
from cjob.aws.responses import CheckedParserFactory, NotAwsError
from cjob.aws.retry_budget import RetryBudget
from cjob.aws.session import Account
from cjob.reporting.errors import CjobError, InputError, ServiceError

BODIES = {
    "html": b"<!DOCTYPE html><html><body>Please sign in</body></html>",
    "empty": b"",
    "a word": b"OK",
    "xml of others": b"<feed><entry/></feed>",
    "cut short": b'<DescribeStacksResponse><DescribeStacksResult><Stacks>{"Parameter": {"Na',
    "a list": b"[]",
}

ROLE = "arn:aws:iam::123456789012:role/r"


# Its cache of the services' models serves all tests; reading one takes longer than its test.
MODELS = botocore.session.Session().get_component("data_loader")


def checked(service: str) -> Any:  # noqa: ANN401 - any client
    """Return a client that may call all, unlike those of an account, and reads as they do."""
    session = botocore.session.Session()
    session.register_component("data_loader", MODELS)
    session.register_component("response_parser_factory", CheckedParserFactory())
    return session.create_client(service, region_name="eu-west-1")


CALLS: dict[str, Callable[[Account], Any]] = {
    "ssm": lambda account: account.client("ssm").get_parameter(Name="a"),
    "stacks": lambda _: checked("cloudformation").describe_stacks(),
    "subnets": lambda _: checked("ec2").describe_subnets(),
    "object": lambda _: checked("s3").head_object(Bucket="abc", Key="d"),
    "role": lambda account: account.client(
        "cloudformation", role=ROLE, attempts=1
    ).describe_stacks(),
}


@contextmanager
def answering(body: bytes, status: int = 200, *, missing: int = 0) -> Iterator[str]:
    """Answer every request with the same bytes; `missing` ones are announced but not sent."""

    class Answering(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) + missing))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
            self.close_connection = True

        do_GET = do_POST = do_HEAD = do_PUT = _answer  # noqa: N815 - their names are given

        def log_message(self, *_: object) -> None:
            """Print no log of requests."""

    server = HTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what a call needs; whatever the machine has is not used."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }.items():
        monkeypatch.setenv(name, value)


def failure(monkeypatch: pytest.MonkeyPatch, endpoint: str, call: str = "ssm") -> CjobError:
    """Make a call to an endpoint, and return its error."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    with pytest.raises(CjobError) as caught, translating_errors("read it"):
        CALLS[call](Account())
    return caught.value


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("body", BODIES)
def test_an_answer_that_is_not_awss_is_an_outage(
    monkeypatch: pytest.MonkeyPatch, call: str, body: str
) -> None:
    """Status 3, and what answered; not a bug, and not an object that is there."""
    with answering(BODIES[body]) as endpoint:
        error = failure(monkeypatch, endpoint, call)
    assert isinstance(error, ServiceError)
    assert "AWS did not answer" in error.message


def test_an_answer_that_breaks_off_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    """With less than was announced."""
    with answering(b'{"Parameter": {}}', missing=9) as endpoint:
        error = failure(monkeypatch, endpoint)
    assert isinstance(error, ServiceError)
    assert "AWS did not answer" in error.message


@pytest.mark.parametrize("code", ["InvalidSignatureException", "SignatureDoesNotMatch"])
def test_a_wrong_signature_points_at_the_clock(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """And at the key."""
    with answering(b'{"__type": "%s", "message": "not yet current"}' % code.encode(), 400) as url:
        error = failure(monkeypatch, url)
    assert "date -u" in error.hint
    assert "AWS_SECRET_ACCESS_KEY" in error.hint


def test_a_missing_bundle_of_certificates_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the variable that is wrong."""
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere/ca.pem")
    error = failure(monkeypatch, "https://127.0.0.1:9")
    assert error.hint.startswith("AWS_CA_BUNDLE names '/nowhere/ca.pem'")


def test_a_proxy_before_a_local_endpoint_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what keeps it away."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    error = failure(monkeypatch, "http://127.0.0.1:10")
    assert error.hint.startswith("HTTP_PROXY applies to http://127.0.0.1:10, too: export NO_PROXY=")


def test_a_setting_with_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its variable."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "abc")
    error = failure(monkeypatch, "http://127.0.0.1:9")
    assert isinstance(error, InputError)
    assert error.hint.startswith("correct AWS_MAX_ATTEMPTS, which is 'abc'")


def test_a_false_answer_is_waited_for_like_any_outage() -> None:
    """Whatever waits for a deployment goes on, and says so."""
    lines: list[str] = []
    patience = RetryBudget(RateLimiter(lambda _: None), lambda record: lines.append(record.text))
    error = NotAwsError(error="status 200, <html>")
    assert isinstance(error, errors.CONNECTION_ERRORS)
    assert patience.allows(error)
    assert lines != []
