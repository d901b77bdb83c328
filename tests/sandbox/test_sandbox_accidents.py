"""What a sandbox leaves to the next start, and what accidents leave behind: nothing."""

import contextlib
import json
import os
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sandboxes
from sandboxes import CJOB, cjob_sandbox, record_of, start

from cjob.sandbox import state
from cjob.sandbox.server import __main__ as server


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    """Neither its rights nor what is in it changes."""
    folder = tmp_path / "project"
    (folder / "tasks").mkdir(parents=True)
    (folder / "tasks" / "mine").write_text("x")
    folder.chmod(0o755)
    for action in ("start", "stop", "reset"):
        done = cjob_sandbox(folder, action)
        assert done.returncode == 2
        assert "is not a sandbox's folder" in done.stderr
    assert folder.stat().st_mode & 0o777 == 0o755
    assert [str(p.relative_to(folder)) for p in folder.rglob("*")] == ["tasks", "tasks/mine"]


def test_a_restart_keeps_the_port_and_the_key(folder: Path) -> None:
    """What a shell was told stays right; a port that is taken by now is left to whoever has it."""
    before = start(folder).env
    cjob_sandbox(folder, "stop")
    assert start(folder).env == before
    cjob_sandbox(folder, "stop")
    with socket.create_server(("127.0.0.1", int(before["AWS_ENDPOINT_URL"].rpartition(":")[2]))):
        assert start(folder).env["AWS_ENDPOINT_URL"] != before["AWS_ENDPOINT_URL"]


def test_env_takes_its_settings_back(folder: Path) -> None:
    """Whether the sandbox runs or not."""
    given = {"AWS_ENDPOINT_URL": "x", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    text = cjob_sandbox(folder, "env", "--unset").stdout
    shown = subprocess.run(
        ["sh", "-c", f"{text}\nenv"],
        env={"PATH": os.environ["PATH"], **given},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "AWS_" not in shown
    assert set(json.loads(cjob_sandbox(folder, "env", "--unset", "-o", "json").stdout)) >= set(
        given
    )


def test_several_environments_are_set_up(folder: Path) -> None:
    """Each has its stack and roles; the first is as good as the second."""
    running = start(folder, "--env", "test", "--env", "prod")
    found = running.session().client("sts", endpoint_url=running.endpoint)
    for env in ("test", "prod"):
        role = f"arn:aws:iam::123456789012:role/demo-{env}-EnvManagerRole"
        assert found.assume_role(RoleArn=role, RoleSessionName="cjob")["Credentials"]
    again = cjob_sandbox(folder, "start", "--env", "prod")
    assert (again.returncode, "running already" in again.stderr) == (0, True)
    assert "without --env other" in cjob_sandbox(folder, "start", "--env", "other").stderr


def test_modules_of_the_current_folder_are_not_imported(tmp_path: Path) -> None:
    """A checkout may hold a `pip` or a `queue` of its own, which are anybody's."""
    checkout = tmp_path / "checkout"
    for name in ("pip", "venv", "queue", "server", "json", "compileall", "ensurepip", "encodings"):
        (checkout / name).mkdir(parents=True)
        for file in ("__init__.py", "__main__.py"):
            (checkout / name / file).write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("none==1 --hash=sha256:" + "0" * 64 + "\n")
    code = f"""
from pathlib import Path
from cjob.reporting.errors import ServiceError
from cjob.sandbox import install, state
folder = Path({str(tmp_path / "sandbox")!r})
state.make_private(folder)
try:
    install.install(folder, print, Path({str(requirements)!r}))
except ServiceError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", code],
        cwd=checkout,
        env={**os.environ, "PIP_NO_INDEX": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "cannot install the sandbox" in done.stdout
    assert not (tmp_path / "ran").exists()


def gone(pid: int) -> None:
    """Wait until a process is gone."""
    while state.process_start(pid):
        time.sleep(0.05)


@pytest.mark.parametrize("record", ["", "{", "[]", '{"pid": 1}', '{"pid": "x"}', None])
def test_a_record_that_is_damaged_names_no_server(tmp_path: Path, record: str | None) -> None:
    """One of another process does not either."""
    path = tmp_path / "sandbox.json"
    if record is not None:
        path.write_text(record)
    assert not server.names_me(path)
    path.write_text(json.dumps({"pid": os.getpid()}))
    assert server.names_me(path)


@pytest.mark.parametrize("damage", ["{", None])
def test_a_server_whose_record_is_damaged_ends(folder: Path, damage: str | None) -> None:
    """Nothing would find it any more; the next start makes a new one."""
    start(folder)
    pid = record_of(folder).pid
    if damage is None:
        (folder / "sandbox.json").unlink()
    else:
        (folder / "sandbox.json").write_text(damage)
    gone(pid)
    assert cjob_sandbox(folder, "start").returncode == 0


def test_a_start_that_was_killed_is_made_again(folder: Path) -> None:
    """A server that was not set up is not taken for one that was."""
    with subprocess.Popen(
        [*CJOB, "sandbox", "start"], env=sandboxes.environment(folder), stderr=subprocess.DEVNULL
    ) as starting:
        while not (found := state.read_record(folder)):
            time.sleep(0.01)
        starting.kill()
    again = cjob_sandbox(folder, "start")
    assert again.returncode == 0
    assert "an earlier start was interrupted" in again.stderr
    assert state.process_start(found.pid) == ""
    running = sandboxes.found(folder)
    records = running.session().client("ssm", endpoint_url=running.endpoint)
    assert records.get_parameter(Name="/copilot/applications/demo/environments/test")


def test_a_folder_that_takes_no_more_leaves_no_server(folder: Path) -> None:
    """As on a full disk; here no file may have any content."""

    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    done = subprocess.run(
        [*CJOB, "sandbox", "start"],
        env=sandboxes.environment(folder),
        preexec_fn=no_room,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 3
    assert "is not writable" in done.stderr
    assert servers_of(folder) == []


def servers_of(folder: Path) -> list[str]:
    """Return the processes that serve a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if f"--folder\0{folder}\0".encode() in path.read_bytes():
                found.append(path.parent.name)
    return found
