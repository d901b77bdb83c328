"""An endpoint that accepts connections and never answers: it is reported, and Ctrl-C ends calls."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from cjob.aws.errors import translating_errors
from cjob.aws.slow_calls import CallCancelledError, CleanupTimeoutError, SlowCallMonitor
from cjob.concurrency import interrupts
from cjob.reporting.errors import Interrupted

Serve = Callable[[Callable[[], None]], str]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Return a function that starts a server, which closes each connection after a call."""
    for name, value in {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}.items():
        monkeypatch.setenv(name, value)
    servers = []

    def start(on_request: Callable[[], None]) -> str:
        class Answering(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                on_request()
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def call(endpoint: str, monitor: SlowCallMonitor, attempts: int) -> None:
    """Make a watched call."""
    client: Any = botocore.session.Session().create_client(
        "ssm",
        region_name="eu-west-1",
        endpoint_url=endpoint,
        config=Config(retries={"mode": "standard", "total_max_attempts": attempts}),
    )
    monitor.watch(client)
    client.get_parameter(Name="a")


def test_a_long_silence_is_reported(serve: Serve) -> None:
    """The line names the call, and is printed while it is waited for."""
    lines: list[str] = []
    reported = threading.Event()

    def report(record: object) -> None:
        lines.append(str(getattr(record, "text", "")))
        reported.set()

    def wait() -> None:
        reported.wait(30)

    endpoint = serve(wait)
    with pytest.raises(BotoCoreError):
        call(endpoint, SlowCallMonitor(report, first_report_s=0.05), 1)
    assert lines[0] == "AWS has not answered ssm GetParameter for 0 s; still waiting"


def test_a_call_that_was_interrupted_is_not_made_again(serve: Serve) -> None:
    """Although it had tries left; calls that begin later have all of theirs."""
    requests: list[int] = []

    def asked() -> None:
        requests.append(1)
        if len(requests) == 1:
            interrupts.record_interrupt()

    endpoint = serve(asked)
    monitor = SlowCallMonitor(lambda _: None)
    with pytest.raises(CallCancelledError):
        call(endpoint, monitor, 8)
    assert len(requests) == 1
    with pytest.raises(BotoCoreError):
        call(endpoint, monitor, 2)
    assert len(requests) == 3


def test_a_call_that_cleans_up_is_not_tried_for_long(serve: Serve) -> None:
    """Only its first try is made, during an outage after an interruption."""
    requests: list[int] = []
    interrupts.record_interrupt()
    with pytest.raises(CleanupTimeoutError):
        call(serve(lambda: requests.append(1)), SlowCallMonitor(lambda _: None, cleanup_s=0), 8)
    assert len(requests) == 1


@pytest.mark.parametrize("is_before", [True, False], ids=["before", "after"])
def test_a_call_of_any_thread_ends_soon_after_an_interruption(
    serve: Serve, *, is_before: bool
) -> None:
    """A call that began before it counts as interrupted; one that cleans up as not answered."""
    asked, never = threading.Event(), threading.Event()
    outcomes: list[Exception] = []
    given_up: list[bool] = []

    def on_request() -> None:
        asked.set()
        if not never.wait(60):
            given_up.append(True)

    def work() -> None:
        try:
            call(endpoint, SlowCallMonitor(lambda _: None, cancel_s=0, cleanup_s=0), 8)
        except BotoCoreError as error:
            outcomes.append(error)

    endpoint = serve(on_request)
    if not is_before:
        interrupts.record_interrupt()
    thread = threading.Thread(target=work)
    thread.start()
    assert asked.wait(60)
    if is_before:
        interrupts.record_interrupt()
    thread.join()
    assert not given_up
    assert [type(one) for one in outcomes] == [
        CallCancelledError if is_before else CleanupTimeoutError
    ]
    never.set()


def test_a_cancelled_call_is_reported_as_an_interruption() -> None:
    """It is neither AWS's fault nor the person's."""
    with pytest.raises(Interrupted) as raised, translating_errors("read stack 'a'"):
        raise CallCancelledError
    assert str(raised.value) == "interrupted while trying to read stack 'a'"
