"""Progress as a table: what a terminal shows of it, read off an emulated one."""

import os
import pty
import sys
from collections.abc import Sequence
from pathlib import Path

import pyte
import pytest

from cjob.reporting.progress import Progress, State

WIDTH, HEIGHT = 80, 12

PROGRAM = """
import sys, termios
from cjob.cli.output.console import Console
from cjob.reporting.progress import Progress, State
from cjob.document.models import Job
termios.tcsetwinsize(2, ({height}, {width}))
console = Console()
with console.watching([Job(app="a", env="test", name=name) for name in {jobs!r}]):
    for record in {records!r}:
        console.progress(record)
    console.info("a note")
"""


def screen(records: Sequence[Progress], jobs: Sequence[str] = ("report",), **env: str) -> list[str]:
    """Return the lines of a terminal on which a run told these records."""
    program = PROGRAM.format(height=HEIGHT, width=WIDTH, jobs=jobs, records=list(records))
    root = str(Path(__file__).resolve().parents[2])
    settings = {"PATH": os.environ["PATH"], "PYTHONPATH": root, "TERM": "xterm", "LANG": "C.UTF-8"}
    child, terminal = pty.fork()
    if child == 0:
        os.execve(sys.executable, [sys.executable, "-c", program], settings | env)  # noqa: S606 - it is this test's
    shown = pyte.Screen(WIDTH, HEIGHT * 3)
    stream = pyte.ByteStream(shown)
    while block := _read(terminal):
        stream.feed(block)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, shown.display
    return [line.rstrip() for line in shown.display if line.strip()]


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux tells that the other side is closed
        return b""


def of(subject: str, status: str, reason: str = "", job: str = "report") -> Progress:
    """Return an event of a resource."""
    ends: dict[str, State] = {"S": "running", "E": "done", "D": "failed"}
    return Progress(
        text=f"{subject}: {status}",
        job=job,
        env="test",
        phase="deploy",
        subject=subject,
        status=status,
        reason=reason,
        state=ends[status[-1]],
    )


def test_each_resource_has_a_row_with_its_state_and_seconds() -> None:
    """Its last state; a failure has its reason, whole, however long it is."""
    reason = "the schedule of this rule is none that EventBridge knows, so it cannot be made"
    rows = screen(
        [
            of("Rule", "CREATE_IN_PROGRESS"),
            of("Role", "CREATE_IN_PROGRESS"),
            of("Role", "CREATE_COMPLETE"),
            of("Rule", "CREATE_FAILED", reason),
        ]
    )
    assert [row.split() for row in rows if "Role" in row] == [
        ["✔", "Role", "create", "complete", "0", "s"]
    ]
    first = next(number for number, row in enumerate(rows) if row.startswith("✘ Rule"))
    assert rows[first].endswith("0 s")
    told = " ".join(row.strip() for row in rows[first + 1 :])
    assert told.startswith(reason)
    assert all(len(row) <= WIDTH for row in rows)


def test_rows_that_are_done_make_room() -> None:
    """Those that ended first go first; how many there were is said."""
    names = [f"Resource{number}" for number in range(20)]
    rows = screen(
        [
            of("Slow", "CREATE_IN_PROGRESS"),
            *(of(name, "CREATE_IN_PROGRESS") for name in names),
            *(of(name, "CREATE_COMPLETE") for name in names),
        ]
    )
    assert any(row.startswith("• Slow") for row in rows)
    assert any("Resource19" in row for row in rows)
    assert not any("Resource0 " in row for row in rows)
    assert any(row.strip() == "12 more are done" for row in rows), rows


def test_notes_stand_above_the_table_and_stay() -> None:
    """As lines of their own."""
    note = Progress(text="proposing changes to stack x", job="report", env="test")
    rows = screen([note, of("Rule", "CREATE_COMPLETE"), note])
    assert rows[:3] == [note.text, note.text, "a note"]
    assert rows[3].startswith("✔ Rule")


def test_several_jobs_are_told_apart() -> None:
    """Each row and line begins with its job."""
    rows = screen(
        [of("Rule", "CREATE_COMPLETE", job=job) for job in ("report", "tidy")], ("report", "tidy")
    )
    assert [row.split()[1:3] for row in rows if "Rule" in row] == [
        ["report:", "Rule"],
        ["tidy:", "Rule"],
    ]


def test_the_log_of_a_build_that_failed_is_shown_whole() -> None:
    """In the row there is only its last line."""

    def step(number: int, state: State = "running") -> Progress:
        text = f"report: step {number}"
        return Progress(text=text, job="report", phase="build", subject="report", state=state)

    rows = screen([step(1), step(2), step(3, "failed")])
    assert rows[:2] == ["report: step 1", "report: step 2"]
    assert any(row.startswith("✘ build report") and "step 3" in row for row in rows)


@pytest.mark.parametrize("settings", [{"TERM": "dumb"}, {"CI": "true"}, {"CI": "1"}])
def test_a_terminal_that_cannot_draw_gets_lines(settings: dict[str, str]) -> None:
    """So does a reader of screens, who asks for it by TERM=dumb."""
    rows = screen([of("Rule", "CREATE_IN_PROGRESS"), of("Rule", "CREATE_COMPLETE")], **settings)
    assert rows == ["Rule: CREATE_IN_PROGRESS", "Rule: CREATE_COMPLETE", "a note"]


def test_under_make_each_line_has_its_job() -> None:
    """Several commands may be at work at once, and each would draw over what others wrote."""
    assert (
        screen([of("Rule", "CREATE_COMPLETE")], MAKELEVEL="1")[0] == "report: Rule: CREATE_COMPLETE"
    )


def test_a_locale_without_the_marks_gets_plain_ones() -> None:
    """Nothing is lost by it."""
    rows = screen(
        [of("Rule", "CREATE_COMPLETE")], LANG="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0"
    )
    assert any(row.startswith("+ Rule") for row in rows), rows
