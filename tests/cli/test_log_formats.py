"""Messages for programs: JSON events, and annotations of GitHub Actions."""

import json
from datetime import datetime
from pathlib import Path

import commands
import pytest

from cjob.cli.output import events
from cjob.cli.output.console import Console
from cjob.document.models import Job
from cjob.reporting.errors import BUG, CjobError, DeploymentError, InputError
from cjob.reporting.progress import warning

CI_PAGE = (Path(__file__).parents[2] / "cjob/cli/docs/ci.md").read_text("utf-8")
PLACE = "copilot/report/manifest.yml:12:10"
WRONG = commands.MANIFEST.replace("cpu: 256", "cpu: none")
RENDER = ("cjob-render", "-n", "report", "-e", "test", "--target", "target.json")


@pytest.mark.parametrize(
    ("place", "known"),
    [
        (PLACE, {"path": "copilot/report/manifest.yml", "line": "12", "column": "10"}),
        ("copilot/a/addons/x.yml:3", {"path": "copilot/a/addons/x.yml", "line": "3"}),
        (f"warning: {PLACE}: x", {"path": PLACE[:-6], "line": "12", "column": "10"}),
        ("stdin:1:2", {}),
        ("the deployed template of demo-test-a:4:1", {}),
        ("stack.tags.a", {}),
        ("", {}),
    ],
)
def test_a_place_in_a_file_is_taken_apart(place: str, known: dict[str, str]) -> None:
    """Anything else has no path."""
    assert events.located(place) == known


def every(kind: type[CjobError]) -> list[type[CjobError]]:
    """Return a class of errors and all that are made from it, or from those."""
    return [kind, *(one for below in kind.__subclasses__() for one in every(below))]


@pytest.mark.parametrize("kind", every(CjobError), ids=lambda kind: kind.__name__)
def test_only_a_bug_has_the_code_of_one(kind: type[CjobError]) -> None:
    """And the page about CI has each code."""
    assert (kind.code == "bug") == (kind.status == BUG)
    assert f"`{kind.code}`" in CI_PAGE


def test_an_error_is_an_event_with_time_place_and_code(capfd: pytest.CaptureFixture[str]) -> None:
    """The names are the same for every error."""
    error = InputError("it is wrong", place=PLACE, hint="fix it").belongs_to("report", "test")
    Console("json").error(error)
    (line,) = capfd.readouterr().err.splitlines()
    found = json.loads(line)
    assert datetime.fromisoformat(found.pop("time")).tzinfo is not None
    assert found == {
        "level": "error",
        "message": f"{PLACE}: it is wrong",
        "path": "copilot/report/manifest.yml",
        "line": 12,
        "column": 10,
        "hint": "fix it",
        "code": "invalid-input",
        "status": 2,
        "job": "report",
        "env": "test",
    }


def test_a_warning_is_an_event_with_its_place(capfd: pytest.CaptureFixture[str]) -> None:
    """Of the level that it has."""
    Console("json").progress(warning(f"{PLACE}: it is odd"))
    found = json.loads(capfd.readouterr().err)
    assert (found["level"], found["line"], found["column"]) == ("warning", 12, 10)


def test_github_gets_annotations(capfd: pytest.CaptureFixture[str]) -> None:
    """Errors and warnings at their lines; hints and notes are part of them."""
    console = Console("github")
    console.info("1 change", Job(app="a", env="test", name="report"))
    console.progress(warning(f"{PLACE}: it is 100% odd"))
    console.error(InputError("wrong", place=PLACE, hint="fix it"))
    console.error(DeploymentError("failed", notes=["a log"]))
    where = "file=copilot/report/manifest.yml,line=12,col=10"
    assert capfd.readouterr().err.splitlines() == [
        "1 change",
        f"::warning {where}::warning: {PLACE}: it is 100%25 odd",
        f"::error {where}::{PLACE}: wrong%0Ahint: fix it",
        "::error::failed%0Anote: a log",
    ]


def test_what_others_wrote_is_no_command_of_github(capfd: pytest.CaptureFixture[str]) -> None:
    """A build's log could mask, set or fail anything else."""
    console = Console("github")
    for line in ("::add-mask::x", "  ::error::x", "a ##[error]x"):
        console.info(line)
    told = capfd.readouterr().err.splitlines()
    assert told == ["| ::add-mask::x", "|   ::error::x", "a # #[error]x"]


@pytest.mark.usefixtures("target")
def test_a_path_is_that_of_the_repository(workspace: Path) -> None:
    """The workspace may be in a folder of it, and the command run elsewhere."""
    (workspace / "copilot/report/manifest.yml").write_text(WRONG)
    command = (*RENDER, "--log-format", "github")
    root = {"GITHUB_WORKSPACE": str(workspace.parent)}
    done = commands.run(*command, folder=workspace, settings=root)
    path = f"{workspace.name}/copilot/report/manifest.yml"
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(f"::error file={path},line=7,col=6::copilot/report/"), done.err
    absolute = str(workspace / "target.json")
    inside = (*RENDER[:-1], absolute, "--log-format=github")
    for where, folder in (((), workspace / "copilot/report"), (("-C", "."), workspace)):
        same = commands.run(*inside, *where, folder=folder, settings=root)
        assert same.err == done.err
