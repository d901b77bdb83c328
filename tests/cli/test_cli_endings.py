"""How commands end when a person, the system or a bug ends them."""

import array
import fcntl
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import commands
import pytest
from aws_fake import Fake

PROMPT_S = 10  # far below the half minute for which an answer of AWS is waited for


@contextmanager
def running(
    *command: str, folder: Path, settings: dict[str, str]
) -> Iterator[subprocess.Popen[str]]:
    """Run a command whose stdin stays open."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=commands.environment(folder, settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[str]) -> commands.Done:
    """Return what a process left that was told to end; it must do so soon."""
    status = process.wait(PROMPT_S)
    assert process.stdout is not None
    assert process.stderr is not None
    return commands.Done(status, process.stdout.read(), process.stderr.read())


def until_reading(process: subprocess.Popen[str]) -> None:
    """Return a process the beginning of a document, and wait until it took that from its stdin."""
    assert process.stdin is not None
    process.stdin.write("{")
    process.stdin.flush()
    waiting = array.array("i", [1])
    for _ in range(1000):
        fcntl.ioctl(process.stdin.fileno(), termios.FIONREAD, waiting)
        if waiting[0] == 0:
            return
        time.sleep(0.02)
    pytest.fail("the command does not read its stdin")


INTERRUPTED = commands.Done(130, "", "cjob: interrupted\n")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_reads_ends_at_once(sent: signal.Signals, tmp_path: Path) -> None:
    """Ctrl-C, CI's cancel and a closed terminal end the wait for a document."""
    with running("cjob-render", folder=tmp_path, settings={}) as process:
        until_reading(process)
        process.send_signal(sent)
        assert ended(process) == INTERRUPTED


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_was_ignored_before_the_start_stays_ignored(
    sent: signal.Signals, tmp_path: Path
) -> None:
    """So the terminal's Ctrl-C does not reach `cjob deploy &` in a script, nor its end nohup's."""
    ignoring = ("sh", "-c", f'trap "" {sent.name.removeprefix("SIG")}; exec "$@"', "sh")
    with running(*ignoring, "cjob-render", folder=tmp_path, settings={}) as process:
        until_reading(process)
        process.send_signal(sent)
        assert process.stdin is not None
        process.stdin.write("{}\n")
        process.stdin.close()
        assert process.wait(commands.LIMIT_S) == 2


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "command", [("cjob-target", "-n", "report", "-e", "test"), ("cjob", "deploy", "--all")]
)
def test_a_command_that_waits_for_aws_ends_at_once(
    command: tuple[str, ...], sent: signal.Signals, workspace: Path, aws: Fake
) -> None:
    """No answer is waited for, neither by the command nor by the threads that asked."""
    aws.silent = True
    with running(*command, folder=workspace, settings=aws.settings) as process:
        assert aws.asked.wait(commands.LIMIT_S)
        process.send_signal(sent)
        done = ended(process)
    assert (done.status, done.out) == (130, "")
    assert done.err.endswith("cjob: interrupted\n")
    assert "Traceback" not in done.err


def test_interrupting_again_and_again_is_as_quiet(workspace: Path, aws: Fake) -> None:
    """However fast the next one follows, nobody sees a traceback."""
    aws.silent = True
    command = ("cjob-target", "-n", "report", "-e", "test")
    with running(*command, folder=workspace, settings=aws.settings) as process:
        assert aws.asked.wait(commands.LIMIT_S)
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            time.sleep(0.001)
        done = ended(process)
    assert (done.status, done.out) == (130, "")
    assert done.err in ("", "cjob: interrupted\n")


@pytest.fixture
def broken(tmp_path: Path) -> dict[str, str]:
    """Return settings under which a library that cjob needs raises what nobody expects."""
    libraries, reports = tmp_path / "libraries", tmp_path / "reports"
    libraries.mkdir()
    reports.mkdir()
    (libraries / "yaml.py").write_text('raise RuntimeError("broken\\nfor \\x1b[1mgood")\n')
    return {"PYTHONPATH": str(libraries), "TMPDIR": str(reports)}


def test_a_bug_becomes_a_private_report(
    workspace: Path, tmp_path: Path, broken: dict[str, str]
) -> None:
    """Status 70 and two lines; the traceback is in a file that only its owner may read."""
    command = ("cjob-build", "-n", "report", "-e", "test")
    done = commands.run(*command, folder=workspace, settings=broken)
    assert done.status == 70
    message, hint = commands.told(done)
    assert message == "this is a bug in cjob: RuntimeError: broken\\nfor \\x1b[1mgood"
    (report,) = (tmp_path / "reports").iterdir()
    assert str(report) in hint
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    text = report.read_text()
    assert text.startswith("cjob ")
    assert "Traceback (most recent call last)" in text
    assert "RuntimeError: broken" in text


def test_a_bug_is_an_event_where_json_was_asked_for(
    workspace: Path, broken: dict[str, str]
) -> None:
    """Whoever reads events reads this one too."""
    command = ("cjob-build", "-n", "report", "-e", "test", "--log-format", "json")
    done = commands.run(*command, folder=workspace, settings=broken)
    assert done.status == 70
    (line,) = done.err.splitlines()
    told = json.loads(line)
    assert (told["level"], told["code"], told["status"]) == ("error", "bug", 70)
    assert told["message"].startswith("this is a bug in cjob: ")


def test_a_library_that_is_absent_is_named(workspace: Path, broken: dict[str, str]) -> None:
    """It is no bug but an installation that is not whole."""
    stub = Path(broken["PYTHONPATH"]) / "yaml.py"
    stub.write_text('raise ModuleNotFoundError("No module named yaml", name="yaml")\n')
    done = commands.run(
        "cjob-build", "-n", "report", "-e", "test", folder=workspace, settings=broken
    )
    assert done.status == 2
    message, hint = commands.told(done)
    assert message == "the package 'yaml' is not installed"
    assert "pip install" in hint


# Runs the real one, which says that it is older; it knows no option but -c.
OLDER = """\
#!/bin/sh
[ "$1" = -c ] || exit 64
code=$2
shift 2
exec {python} -c "import sys; sys.version_info = (3, 10, 12)
$code" "$@"
"""


def test_an_older_python_is_told(tmp_path: Path) -> None:
    """It is what `python3` is on many a machine, and a checkout without .venv takes that."""
    shutil.copytree(commands.BIN, tmp_path / "checkout/bin", symlinks=True)
    python = tmp_path / "older/python3"
    python.parent.mkdir()
    python.write_text(OLDER.format(python=sys.executable))
    python.chmod(0o755)
    done = commands.run(
        str(tmp_path / "checkout/bin/cjob-build"),
        *("-n", "report", "-e", "test"),
        folder=tmp_path,
        settings={"PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"},
    )
    assert done.status == 2
    message, hint = commands.told(done)
    assert message == "this is Python 3.10, and cjob needs 3.11 or newer"
    assert "-m venv .venv" in hint


def test_a_checkout_imports_nothing_from_the_working_folder(tmp_path: Path) -> None:
    """Whatever is there has names of its own."""
    (tmp_path / "cjob.py").write_text("raise SystemExit(99)")
    (tmp_path / "json.py").write_text("raise SystemExit(99)")
    done = commands.run("cjob", "schema", "release", folder=tmp_path)
    assert (done.status, done.err) == (0, "")
