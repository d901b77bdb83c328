"""Files with accidents in them are rendered, or refused with status 2 and a place to look at."""

import re
from pathlib import Path

import job_folders
import pytest
from hypothesis import HealthCheck, given, settings
from mutations import RANDOM, mutated

from cjob.reporting.errors import INVALID
from cjob.workspace.find import Workspace

# One folder serves all examples of a test: each writes the file that it is about anew.
EXAMPLES = settings(
    deadline=5000, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
FILES = {
    "manifest": ("copilot/report/manifest.yml", job_folders.MANIFEST),
    "table": ("copilot/report/addons/table.yml", job_folders.TABLE),
    "topic": ("copilot/report/addons/topic.yml", job_folders.TOPIC),
    "parameters": ("copilot/report/addons/addons.parameters.yml", job_folders.PARAMETERS),
    "patches": ("copilot/report/overrides/cfn.patches.yml", job_folders.PATCHES),
}

# What is found once the template is built has a field's name for its place.
NAMED_PLACES = re.compile(r"taskdef_overrides\[\d+\]|network\.vpc\.placement")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Return a workspace with a job that uses all there is, and no git to ask for its commit."""
    monkeypatch.setenv("PATH", "")
    return job_folders.write(tmp_path)


def check(workspace: Workspace, file: str, text: str) -> None:
    """Put a text into a file of the job; what is said against it must lead a person there."""
    path, _ = FILES[file]
    (workspace.root / path).write_bytes(text.encode("utf-8", "surrogatepass"))
    for problem in job_folders.refusals(workspace):
        assert problem.status == INVALID
        assert problem.hint, str(problem)
        assert problem.place or NAMED_PLACES.search(problem.message + problem.hint), str(problem)


def test_the_job_without_accidents_is_rendered(workspace: Workspace) -> None:
    """All its parts come together in one stack."""
    assert job_folders.refusals(workspace) == ()


@EXAMPLES
@given(text=mutated([job_folders.MANIFEST]))
def test_manifests_with_accidents(workspace: Workspace, text: str) -> None:
    """Lines dropped, moved, indented, cut and filled with what has a meaning in YAML."""
    check(workspace, "manifest", text)


@EXAMPLES
@given(text=RANDOM)
def test_manifests_that_are_none(workspace: Workspace, text: str) -> None:
    """Any text at all, and the parts of YAML in any order."""
    check(workspace, "manifest", text)


@EXAMPLES
@given(text=RANDOM)
def test_fields_with_any_text_in_them(workspace: Workspace, text: str) -> None:
    """A whole field is replaced."""
    check(workspace, "manifest", job_folders.MANIFEST.replace("publish:", f"x: {text}\npublish:"))


@pytest.mark.parametrize("file", ["table", "topic", "parameters", "patches"])
@EXAMPLES
@given(data_text=mutated(["@"]) | RANDOM)
def test_other_files_that_are_none(workspace: Workspace, file: str, data_text: str) -> None:
    """Addons, their parameters and patches may hold any text."""
    check(workspace, file, data_text)
    check(workspace, file, FILES[file][1])


@EXAMPLES
@given(text=mutated([job_folders.TABLE]))
def test_addons_with_accidents(workspace: Workspace, text: str) -> None:
    """A template of the addons folder."""
    check(workspace, "table", text)


@EXAMPLES
@given(text=mutated([job_folders.PARAMETERS]))
def test_parameters_with_accidents(workspace: Workspace, text: str) -> None:
    """The file that gives values to the addons' parameters."""
    check(workspace, "parameters", text)


@EXAMPLES
@given(text=mutated([job_folders.PATCHES]))
def test_patches_with_accidents(workspace: Workspace, text: str) -> None:
    """The file of YAML patches."""
    check(workspace, "patches", text)
