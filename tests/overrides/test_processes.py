"""Programs that run for cjob: what they see, what is kept of them, and that none outlives it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import cdk_workspace
import pytest

from cjob.concurrency.processes import TAIL, OutputTimeoutError, run

PATH = {"PATH": os.environ["PATH"]}
LIMIT_S = 20

# Stands for npm: it starts a program of its own, as npm does, and neither of them ends.
ENDLESS = """\
#!/bin/sh
sleep 600 &
echo "$$ $!" > "{pids}-$$"
mv "{pids}-$$" "{pids}/$$"
echo started
wait
"""


def test_a_program_sees_no_other_variables_and_no_input(tmp_path: Path) -> None:
    """Both streams are reported as lines, including progress that a terminal would overwrite."""
    said: list[str] = []
    script = 'cat; echo "$SEEN" >&2; printf "1%%\\r2%%\\n\\n"; echo "${HOME-none}"; pwd'
    status, tail = run(["sh", "-c", script], tmp_path, {**PATH, "SEEN": "x"}, said.append)
    assert (status, said) == (0, ["x", "1%", "2%", "none", str(tmp_path.resolve())])
    assert tail == tuple(said)


SEES = """
import os, pathlib, sys
from cjob.concurrency.processes import run_untrusted
kept = {"PATH": os.environ["PATH"], "KEPT": "1"}
run_untrusted(["cat", f"/proc/{os.getpid()}/environ"], pathlib.Path(), kept, sys.stdout.write)
print(os.environ["AWS_SECRET_ACCESS_KEY"])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_an_untrusted_program_does_not_find_the_variables_of_its_parent() -> None:
    """Not in /proc, not even as root; cjob itself still has them."""
    variables = {**PATH, "AWS_SECRET_ACCESS_KEY": "canary-1", "TOKEN": "canary-2", "KEPT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", SEES], env=variables, capture_output=True, text=True, check=True
    )
    seen = done.stdout.removesuffix("canary-1\n")
    assert seen != done.stdout
    assert "canary" not in seen
    assert "KEPT=1" in seen.split("\0") or "Permission denied" in seen


def test_a_failing_program_leaves_its_status_and_last_lines(tmp_path: Path) -> None:
    """The lines before them are reported all the same."""
    said: list[str] = []
    status, tail = run(["sh", "-c", "seq 1000; exit 7"], tmp_path, PATH, said.append)
    assert (status, len(said)) == (7, 1000)
    assert tail == tuple(str(n) for n in range(1001 - TAIL, 1001))


def test_words_reach_a_program_as_they_are(tmp_path: Path) -> None:
    """No shell reads them."""
    said: list[str] = []
    run(["echo", "$HOME", "; exit 3", "*"], tmp_path, PATH, said.append)
    assert said == ["$HOME ; exit 3 *"]


def test_a_program_that_is_not_there_fails(tmp_path: Path) -> None:
    """As it does in a shell."""
    assert run(["node_modules/.bin/cdk"], tmp_path, PATH, lambda _: None)[0] == 127


def test_what_a_program_leaves_running_ends_with_it(tmp_path: Path) -> None:
    """Its status is its own, and nobody waits for what it started."""
    said: list[str] = []
    began = time.monotonic()
    status, _ = run(["sh", "-c", "sleep 600 & echo $!; exit 3"], tmp_path, PATH, said.append)
    assert status == 3
    _wait(lambda: not _runs(int(said[0])))
    assert time.monotonic() - began < LIMIT_S / 4


def test_an_error_while_a_line_is_told_ends_the_program(tmp_path: Path) -> None:
    """Its children end with it."""

    def fail(_line: str) -> None:
        raise BrokenPipeError

    _endless(tmp_path)
    with pytest.raises(BrokenPipeError):
        run(["npm"], tmp_path, {"PATH": f"{tmp_path}/bin:{PATH['PATH']}"}, fail)
    _all_end(tmp_path, 1)


def test_a_program_that_falls_silent_is_ended_with_its_children(tmp_path: Path) -> None:
    """One that writes now and then is not."""
    lines = "for n in 1 2 3 4; do echo $n; sleep 0.2; done"
    assert run(["sh", "-c", lines], tmp_path, PATH, lambda _: None, silence_limit_s=5)[0] == 0
    _endless(tmp_path)
    own = {"PATH": f"{tmp_path}/bin:{PATH['PATH']}"}
    with pytest.raises(OutputTimeoutError):
        run(["npm"], tmp_path, own, lambda _: None, silence_limit_s=0.5)
    _all_end(tmp_path, 1)


@pytest.fixture
def begun(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """Start cjob-render for some jobs whose package managers never end, and wait for these."""
    jobs = [f"job{number}" for number in range(request.param)]
    folder = cdk_workspace.make(tmp_path / "ws", {"cdk.json": "{}"}, jobs)
    _endless(tmp_path)
    path = {"PATH": f"{tmp_path}/bin:{PATH['PATH']}"}
    with cdk_workspace.start(folder, "--all", settings=path) as process:
        _wait(lambda: len(list((tmp_path / "pids").iterdir())) == len(jobs))
        yield process
        process.kill()


@pytest.mark.parametrize("begun", [1, 2], indirect=True)
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)]
)
def test_nothing_outlives_cjob(
    begun: subprocess.Popen[str], tmp_path: Path, number: signal.Signals, status: int
) -> None:
    """Neither after Ctrl-C nor after `kill -9`, with one job or several at once."""
    began = time.monotonic()
    begun.send_signal(number)
    out, _ = begun.communicate(timeout=LIMIT_S)
    assert (begun.returncode, out) == (status, "")
    _all_end(tmp_path, len(list((tmp_path / "pids").iterdir())))
    assert time.monotonic() - began < LIMIT_S / 4


def _endless(folder: Path) -> None:
    for name in ("bin", "pids"):
        (folder / name).mkdir()
    npm = folder / "bin/npm"
    npm.write_text(ENDLESS.format(pids=folder / "pids"))
    npm.chmod(0o755)


def _all_end(folder: Path, programs: int) -> None:
    """Wait until the programs and what they started are gone."""
    numbers = [n for file in (folder / "pids").iterdir() for n in file.read_text().split()]
    assert len(numbers) == 2 * programs
    _wait(lambda: not any(_runs(int(number)) for number in numbers))


def _runs(number: int) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):
        stat = Path(f"/proc/{number}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] != "Z"
    return False


def _wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT_S
    while not until():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)
