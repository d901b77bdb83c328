"""Whatever happens to a push: it ends, with a status, one sentence and what to do."""

import json
import signal
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import daemons
import effort
import programs
import pushes
import pytest
from calls_proxy import Proxy
from pipelines import Done, Place, document, eventually, on, wait_for
from pushes import Pushing, elapsed, failure

if TYPE_CHECKING:
    import subprocess

SHORT = {"CJOB_PUSH_TIMEOUT": "2"}


@pytest.fixture
def pushing(
    place: Place, proxy: Proxy, dockerd: daemons.Dockerd | None, tmp_path: Path
) -> Iterator[Pushing]:
    """Yield a job that is pushed from the daemon of all tests."""
    programs.needs("dockerd", "docker-registry")
    assert dockerd
    yield from pushes.pushing(place, proxy, dockerd.host, tmp_path / "registry")


@pytest.fixture
def mortal(place: Place, proxy: Proxy, tmp_path: Path) -> Iterator[tuple[Pushing, daemons.Dockerd]]:
    """Yield a job that is built by and pushed from a daemon of its own, which may be killed."""
    own = daemons.start_dockerd(tmp_path / "dockerd", mortal=True)
    for found in pushes.pushing(place, proxy, own.host, tmp_path / "registry"):
        yield found, own
    own.stop()


def ended(running: "subprocess.Popen[str]") -> Done:
    """Return how a push ended."""
    out, err = running.communicate(timeout=90)
    return Done([], running.returncode, stdout=out, stderr=err)


# Who may not get in


def test_a_wrong_password_is_told(pushing: Pushing) -> None:
    """It is no use to try again."""
    pushing.let_in("wrong")
    message, hint = failure(pushing.push(pushing.build()))
    assert message.endswith("failed: unauthorized: authentication required")
    assert "check that your credentials are for its account" in hint


def test_no_password_is_told(pushing: Pushing) -> None:
    """A token that is none."""
    pushing.let_in("")
    message, hint = failure(pushing.push(pushing.build()))
    assert "unauthorized" in message or "no basic auth credentials" in message
    assert "check that your credentials are for its account" in hint


class Expired(BaseHTTPRequestHandler):
    """A registry that takes no token any more, in ECR's words: nothing here lives so long."""

    def do_GET(self) -> None:
        """Refuse whatever is asked for."""
        words = "Your authorization token has expired. Reauthenticate and try again."
        body = json.dumps({"errors": [{"code": "DENIED", "message": words}]}).encode()
        self.send_response(403)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_POST = do_GET  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def test_an_expired_token_is_told(pushing: Pushing) -> None:
    """The next run gets another one."""
    with HTTPServer(("127.0.0.1", 0), Expired) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        pushing.let_in(address=f"127.0.0.1:{server.server_port}")
        message, hint = failure(pushing.push(pushing.build()))
        server.shutdown()
    assert "authorization token has expired" in message
    assert hint == "the registry's token has expired; run the same command again to get a new one"


def test_a_repository_that_is_gone_is_told(place: Place, dockerd: daemons.Dockerd | None) -> None:
    """Its stack still lists it, so that it has to be made again by hand."""
    programs.needs("dockerd")
    assert dockerd
    settings = {**place.settings, "DOCKER_HOST": dockerd.host}
    own = Place(root=place.root, sandbox=place.sandbox, settings=settings)
    own.job("gone", text=pushes.MANIFEST)
    own.write("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n")
    text = own.done("build", *on("gone")).stdout
    own.done("push", "--create-repository", stdin=text)
    repositories = own.sandbox.session().client("ecr", endpoint_url=own.sandbox.endpoint)
    repositories.delete_repository(repositoryName="demo/gone", force=True)
    message, hint = failure(own.run("push", stdin=text))
    assert "name unknown" in message
    assert "aws ecr create-repository" in hint


# A registry that does not answer


def test_a_registry_that_is_down_is_told(pushing: Pushing) -> None:
    """At once: nobody listens there."""
    text = pushing.build()
    pushing.kill()
    message, hint = failure(pushing.push(text))
    assert message.endswith("connect: connection refused")
    assert "check that the container engine can reach the registry" in hint


def test_a_frozen_registry_is_not_waited_for_for_ever(pushing: Pushing) -> None:
    """Silence has a limit, which can be set."""
    text = pushing.build()
    pushing.freeze()
    began = time.monotonic()
    message, hint = failure(pushing.push(text, **SHORT))
    assert elapsed(began) < 20
    assert message.endswith("failed: no answer for 2 seconds")
    assert "CJOB_PUSH_TIMEOUT" in hint


def test_a_registry_that_freezes_meanwhile_is_not_waited_for(pushing: Pushing) -> None:
    """And what it has by then is not sent again."""
    text = pushing.build(large=True)
    running = pushing.start(text, **SHORT)
    pushing.freeze()
    message, _ = failure(ended(running))
    assert message.endswith("failed: no answer for 2 seconds")
    pushing.thaw()
    assert document(pushing.push(text))["images"]["built"]["digest"]


@effort.thorough
def test_a_registry_that_dies_for_good_is_told(pushing: Pushing) -> None:
    """The engine tries five times; each is shown."""
    running = pushing.start(pushing.build(large=True))
    pushing.kill()
    done = ended(running)
    message, hint = failure(done)
    assert done.stderr.count("Retrying in 5 seconds") >= 1
    assert message.endswith("connect: connection refused")
    assert "a new push continues where this one ended" in hint


def test_a_registry_that_comes_back_is_sent_the_rest(pushing: Pushing) -> None:
    """The engine tries again by itself."""
    running = pushing.start(pushing.build(large=True))
    pushing.kill()
    wait_for(running, "Retrying in")
    pushing.restart()
    done = ended(running)
    assert document(done)["images"]["built"]["digest"]
    assert pushing.tags() == {"latest"}


# A daemon that dies


def test_a_daemon_that_dies_while_it_pushes_is_told(
    mortal: tuple[Pushing, daemons.Dockerd],
) -> None:
    """What it was sending is there when it runs again."""
    pushing, dockerd = mortal
    running = pushing.start(pushing.build(large=True))
    pushing.freeze()
    dockerd.kill()
    message, hint = failure(ended(running))
    assert message.endswith("failed: the container engine closed the connection")
    assert "docker info" in hint


def test_a_daemon_that_dies_while_it_builds_is_told(
    mortal: tuple[Pushing, daemons.Dockerd],
) -> None:
    """After the lines that came."""
    pushing, dockerd = mortal
    pushing.build()
    busybox = Path("/bin/busybox")
    (pushing.place.root / "busybox").write_bytes(busybox.read_bytes())
    (pushing.place.root / "busybox").chmod(0o755)
    script = "for i in $(/busybox seq 60); do echo at $((20 + i)); /busybox sleep 1; done"
    run = "RUN " + json.dumps(["/busybox", "sh", "-c", script])
    pushing.place.write("Dockerfile", f"FROM scratch\nCOPY busybox /\n{run}\n")
    running = pushing.place.start("build", *on("built"))
    wait_for(running, "at 2")
    dockerd.kill()
    message, hint = failure(ended(running))
    assert message.endswith("container 'built' failed: the container engine closed the connection")
    assert "run the same command again" in hint
    message, hint = failure(pushing.place.run("build", *on("built")))
    assert f'reaching the container engine at "{dockerd.host}" failed: ' in message
    assert "start Docker" in hint


# Whoever wants it to end


@pytest.mark.parametrize(
    ("number", "sidecar"),
    [(signal.SIGINT, False), (signal.SIGTERM, True)],
    ids=["Ctrl-C", "SIGTERM with two images"],
)
def test_an_interrupted_push_ends_at_once_and_goes_on_later(
    pushing: Pushing, number: signal.Signals, *, sidecar: bool
) -> None:
    """The engine sends nothing more; the next run sends the rest, and the one after it nothing."""
    text = pushing.build(large=True, sidecar=sidecar)
    running = pushing.start(text)
    pushing.freeze()
    began = time.monotonic()
    running.send_signal(number)
    done = ended(running)
    assert elapsed(began) < 2
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.splitlines()[-1] == "cjob: interrupted"
    pushing.thaw()
    eventually(lambda: not pushing.relay.open)
    assert pushing.tags() == set()
    assert document(pushing.push(text))["images"]["built"]["digest"]
    sent = pushing.sent()
    assert sent
    assert document(pushing.push(text))["images"]["built"]["digest"]
    assert pushing.sent() == sent


def test_the_limit_is_a_number_of_seconds(pushing: Pushing) -> None:
    """Any other value is told before anything is done."""
    done = pushing.place.run("build", *on("built"), CJOB_PUSH_TIMEOUT="soon")
    assert done.returncode == 2
    done = pushing.push(pushing.build(), CJOB_PUSH_TIMEOUT="0")
    assert (done.returncode, done.stdout) == (2, "")
    assert "CJOB_PUSH_TIMEOUT: '0' is not a number of seconds" in done.stderr
