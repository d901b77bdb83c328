"""`cjob sandbox` as people use it, with real servers."""

import dataclasses
import io
import json
import os
import signal
import socket
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sandboxes
from sandboxes import CJOB, cjob_sandbox, group_of, record_of, start

from cjob.sandbox import install, state
from cjob.sandbox.server import access

HANGING = """
import time
def handler(event, context):
    time.sleep(600)
"""


def status(folder: Path) -> dict[str, object]:
    """Return what `status` says, as a program gets it."""
    shown: dict[str, object] = json.loads(cjob_sandbox(folder, "status").stdout)
    return shown


@pytest.fixture
def bystander() -> Iterator[int]:
    """Run a process that is none of cjob's, give its id, and find it alive afterwards."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process.pid
        assert process.poll() is None
        process.kill()


def test_a_start_says_where_it_runs_and_stop_ends_it(folder: Path) -> None:
    """After a stop nothing answers, and the folder holds no record."""
    started = cjob_sandbox(folder, "start")
    pid = record_of(folder).pid
    assert started.returncode == 0
    assert started.stdout == ""
    assert record_of(folder).endpoint in started.stderr
    assert "no Docker daemon answers" in started.stderr
    assert status(folder)["state"] == "running"

    stopped = cjob_sandbox(folder, "stop")

    assert stopped.returncode == 0
    assert state.process_start(pid) == ""
    assert state.read_record(folder) is None
    assert status(folder)["state"] == "stopped"


def test_a_start_is_ready_in_under_three_seconds(folder: Path) -> None:
    """Once it is installed; five are granted here, for machines that do other things besides."""
    began = time.monotonic()
    start(folder)
    assert time.monotonic() - began < 5


def test_a_second_start_says_that_it_runs_and_succeeds(folder: Path) -> None:
    """It leaves the first one as it is."""
    start(folder)
    before = record_of(folder)
    again = cjob_sandbox(folder, "start")
    assert again.returncode == 0
    assert "running already" in again.stderr
    same = ("--app", "demo", "--job", "report", "--port", str(before.port))
    assert cjob_sandbox(folder, "start", *same).returncode == 0
    assert record_of(folder) == before


def test_a_start_that_asks_for_what_does_not_run_is_refused(folder: Path) -> None:
    """Else the next command would look for what isn't there; the first one stays as it is."""
    start(folder)
    before = record_of(folder)
    asked = ("--app", "other", "--env", "test", "--job", "report", "--job", "more", "--port", "1")
    again = cjob_sandbox(folder, "start", *asked)
    assert again.returncode == 2
    assert "without --app other --job more --port 1" in again.stderr
    assert "cjob sandbox stop" in again.stderr
    assert record_of(folder) == before


def test_of_two_starts_at_once_one_wins(folder: Path) -> None:
    """Both succeed, and there is one server."""
    env = sandboxes.environment(folder)
    both = [
        subprocess.Popen([*CJOB, "sandbox", "start"], env=env, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("running already" in text for text in said) == 1


def test_the_folder_is_its_owners_alone(folder: Path) -> None:
    """Nobody else sees what is deployed."""
    start(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_env_is_shell_text_that_points_clients_at_it(folder: Path) -> None:
    """A profile and a session token that were set before are unset."""
    start(folder)
    text = cjob_sandbox(folder, "env").stdout
    shown = subprocess.run(
        ["sh", "-c", f"{text}\nenv"],
        env={"PATH": os.environ["PATH"], "AWS_PROFILE": "work", "AWS_SESSION_TOKEN": "x"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = dict(line.split("=", 1) for line in shown.splitlines() if line.startswith("AWS_"))
    assert found == {
        "AWS_ENDPOINT_URL": record_of(folder).endpoint,
        "AWS_REGION": "us-west-2",
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_ACCESS_KEY_ID": access.USER_KEY,
        "AWS_SECRET_ACCESS_KEY": record_of(folder).keys.user,
    }


def test_env_as_json_has_null_for_what_is_to_be_unset(folder: Path) -> None:
    """A program can tell an unset variable from one to leave alone."""
    start(folder)
    found = json.loads(cjob_sandbox(folder, "env", "-o", "json").stdout)
    assert found["AWS_PROFILE"] is None
    assert found["AWS_ENDPOINT_URL"] == record_of(folder).endpoint


@pytest.mark.parametrize("action", ["env", "reset"])
def test_what_needs_a_running_sandbox_says_how_to_start_one(folder: Path, action: str) -> None:
    """The person has to put it right, so the status is 2."""
    done = cjob_sandbox(folder, action)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "cjob sandbox start" in done.stderr


def test_stop_without_a_sandbox_succeeds(folder: Path) -> None:
    """What was asked for is so already."""
    done = cjob_sandbox(folder, "stop")
    assert done.returncode == 0
    assert "nothing to stop" in done.stderr


def test_reset_empties_it_and_sets_it_up_again(folder: Path) -> None:
    """What a person put there is gone, and what it began with is back."""
    running = start(folder, "--app", "shop", "--env", "dev", "--job", "bill")
    records = running.session().client("ssm", endpoint_url=running.endpoint)
    records.put_parameter(Name="/mine", Value="1", Type="String")

    done = cjob_sandbox(folder, "reset")

    assert done.returncode == 0, done.stderr
    found = records.get_parameters_by_path(Path="/", Recursive=True)["Parameters"]
    assert sorted(parameter["Name"] for parameter in found) == [
        "/copilot/applications/shop",
        "/copilot/applications/shop/components/bill",
        "/copilot/applications/shop/environments/dev",
    ]


def test_a_server_that_died_is_noticed_and_started_anew(folder: Path) -> None:
    """Status names it stale; a start says why it starts again."""
    start(folder)
    os.kill(record_of(folder).pid, signal.SIGKILL)
    while state.process_start(record_of(folder).pid):
        time.sleep(0.02)
    assert status(folder)["state"] == "stale"

    again = cjob_sandbox(folder, "start")

    assert again.returncode == 0
    assert "is gone; starting again" in again.stderr
    assert status(folder)["state"] == "running"


def test_a_process_that_got_the_old_number_is_left_alone(folder: Path, bystander: int) -> None:
    """Its start time tells that it is not the one that was started."""
    start(folder)
    own = record_of(folder)
    state.write_record(folder, dataclasses.replace(own, pid=bystander))
    found = status(folder)
    assert found["state"] == "stale"
    assert "another process has its id now" in str(found["reason"])

    stopped = cjob_sandbox(folder, "stop")

    assert stopped.returncode == 0
    state.write_record(folder, own)  # for the fixture, which stops the server itself


def test_a_foreign_program_on_the_port_is_noticed(folder: Path) -> None:
    """It is not taken for the sandbox, and not touched."""
    start(folder)
    old = record_of(folder)
    cjob_sandbox(folder, "stop")
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        port = foreign.getsockname()[1]
        state.write_record(folder, dataclasses.replace(old, port=port))
        found = status(folder)
        refused = cjob_sandbox(folder, "start", "--port", str(port))
    assert found["state"] == "stale"
    assert f"another program uses port {port}" in str(found["reason"])
    assert refused.returncode == 2
    assert f"port {port}" in refused.stderr


def test_a_server_that_hangs_is_ended_all_the_same(folder: Path) -> None:
    """A stopped process takes no SIGTERM."""
    start(folder)
    pid = record_of(folder).pid
    os.kill(pid, signal.SIGSTOP)
    assert status(folder)["state"] == "silent"
    assert cjob_sandbox(folder, "stop").returncode == 0
    assert state.process_start(pid) == ""


def test_stop_ends_a_function_at_work_and_does_not_wait_for_it(folder: Path) -> None:
    """A custom resource that never answers keeps neither the server nor its function."""
    running = start(folder)
    functions = running.session().client("lambda", endpoint_url=running.endpoint)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("index.py", HANGING)
    functions.create_function(
        FunctionName="hanging",
        Runtime="python3.13",
        Handler="index.handler",
        Role="arn:aws:iam::123456789012:role/demo-test-EnvManagerRole",
        Timeout=900,
        Code={"ZipFile": archive.getvalue()},
    )
    stacks = running.session().client("cloudformation", endpoint_url=running.endpoint)
    function = functions.get_function(FunctionName="hanging")["Configuration"]["FunctionArn"]
    resource = {"Type": "Custom::Slow", "Properties": {"ServiceToken": function}}
    stacks.create_stack(
        StackName="slow", TemplateBody=json.dumps({"Resources": {"Slow": resource}})
    )
    pid = record_of(folder).pid
    while len(group_of(pid)) < 2:
        time.sleep(0.05)

    began = time.monotonic()
    assert cjob_sandbox(folder, "stop").returncode == 0

    while group_of(pid):  # killed, and gone as soon as the system comes to it
        time.sleep(0.05)
        assert time.monotonic() - began < 5
    assert time.monotonic() - began < 5


def test_a_name_that_aws_would_not_take_is_refused(folder: Path) -> None:
    """Before anything is started."""
    done = cjob_sandbox(folder, "start", "--app", "My App")
    assert done.returncode == 2
    assert "'My App'" in done.stderr
    assert state.read_record(folder) is None


@pytest.mark.parametrize("port", ["65536", "99999999", "-1"])
def test_a_port_that_there_is_not_is_refused(folder: Path, port: str) -> None:
    """Before anything is started."""
    done = cjob_sandbox(folder, "start", "--port", port)
    assert done.returncode == 2
    assert f"--port: '{port}' is not a port" in done.stderr
    assert state.read_record(folder) is None


@pytest.mark.parametrize("action", ["stop", "env", "reset", "status"])
def test_a_folder_that_was_never_used_is_not_made(tmp_path: Path, action: str) -> None:
    """Nothing was asked for that needs one."""
    cjob_sandbox(tmp_path / "state" / "sandbox", action)
    assert not list(tmp_path.iterdir())


def test_what_pip_cannot_install_is_said_with_the_place_of_its_log(tmp_path: Path) -> None:
    """Nothing that is half made stays behind."""
    done = cjob_sandbox(
        tmp_path / "sandbox",
        "start",
        PIP_CONFIG_FILE=os.devnull,
        PIP_INDEX_URL="http://127.0.0.1:9/",
        PIP_RETRIES="0",
        PIP_NO_CACHE_DIR="1",
    )
    assert done.returncode == 3
    assert str(tmp_path / "sandbox" / "install.log") in done.stderr
    assert not list((tmp_path / "sandbox").glob("venv*"))


def test_an_installation_that_was_interrupted_is_made_from_the_start(tmp_path: Path) -> None:
    """What it left is thrown away, as is an installation for another list."""
    (tmp_path / "venv-draft" / "half").mkdir(parents=True)
    (tmp_path / "venv-3.9-old").mkdir()
    nothing = tmp_path / "requirements.txt"
    nothing.write_text("# nothing\n")
    said: list[str] = []

    python = install.install(tmp_path, said.append, nothing)

    assert subprocess.run([python, "-c", ""], check=False).returncode == 0
    assert [found.name for found in tmp_path.glob("venv-*")] == [
        install.environment(tmp_path, nothing).name
    ]
    assert install.install(tmp_path, said.append, nothing) == python
    assert [line.rpartition("(")[2] for line in said] == [
        "once; about 40 MB)",
        "1/3)",
        "2/3)",
        "3/3)",
    ]


def test_the_lock_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    """The second one gets in when the first one has left."""
    order: list[str] = []

    def second() -> None:
        with state.locked(tmp_path):
            order.append("second")

    with state.locked(tmp_path):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
