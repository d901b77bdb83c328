"""The override stage: what it hands to a CDK app, what it takes from it, and how that can fail."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cjob.document.models import Job, Overrides, Release, Source, Stack
from cjob.reporting.errors import InputError
from cjob.stages.override import run_cdk_app
from cjob.workspace.find import Files

FOLDER = "copilot/report/overrides"


@dataclass
class Programs:
    """Stands for the package manager and the CDK; `synthesize` is what the latter does."""

    synthesize: Callable[[Path], None] = lambda _: None
    failing: str = ""
    commands: list[str] = field(default_factory=list)

    def run(
        self,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        say: Callable[[str], None],
    ) -> tuple[int, tuple[str, ...]]:
        """Do what a program would."""
        assert environment["COPILOT_ENVIRONMENT_NAME"] == "test"
        self.commands.append(" ".join(command))
        if self.failing in command:
            return 1, ("much", "noise", "and then", "the cause")
        say("\x1b[31mworking\x07")
        if "synth" in command:
            self.synthesize(folder)
        return 0, ()


def _write_stack(folder: Path) -> None:
    """Make of the template that was handed over what an app would."""
    assert (folder / ".build/in.yml").read_text() == "Resources: {}\n"
    artifact = {"type": "aws:cloudformation:stack", "properties": {"templateFile": "t.json"}}
    (folder / "cdk.out").mkdir(exist_ok=True)
    (folder / "cdk.out/manifest.json").write_text(json.dumps({"artifacts": {"A": artifact}}))
    (folder / "cdk.out/t.json").write_text('{"Resources": {"New": {}}}')


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a workspace with a CDK app and a PATH with npm and yarn."""
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FOLDER / "cdk.json").write_text("{}")
    (tmp_path / "bin").mkdir()
    for name in ("npm", "yarn"):
        (tmp_path / "bin" / name).write_text("#!/bin/sh\n")
        (tmp_path / "bin" / name).chmod(0o755)
    return tmp_path


def _overridden(
    root: Path,
    programs: Programs,
    *,
    cdk: str = FOLDER,
    path: str = "bin",
    start: str = ".",
    said: list[str] | None = None,
) -> str:
    stack = Stack(name="acme-test-report", template="Resources: {}\n", parameters={}, tags={})
    release = Release(
        job=Job(app="acme", env="test", name="report"),
        source=Source(manifest="", overrides=Overrides(cdk=cdk)),
        stack=stack,
    )
    done = run_cdk_app(
        release,
        Files(root=root),
        root / start,
        {"PATH": str(root / path)},
        names=(),
        run=programs.run,
        report=lambda record: (said if said is not None else []).append(record.text),
    )
    assert done.stack is not None
    return done.stack.template


def test_the_template_of_the_app_becomes_the_stacks(root: Path) -> None:
    """It is read from the app's output, whatever the programs say meanwhile."""
    programs, said = Programs(_write_stack), list[str]()
    assert _overridden(root, programs, said=said) == "Resources:\n  New: {}\n"
    assert programs.commands == [
        "npm install",
        "node_modules/.bin/cdk synth --no-version-reporting --quiet --output cdk.out",
    ]
    assert "npm: working\\x07" in said


def test_a_job_without_an_app_starts_nothing(root: Path) -> None:
    """Its template stays as it was."""
    programs = Programs()
    assert _overridden(root, programs, cdk="") == "Resources: {}\n"
    assert programs.commands == []


def test_the_lock_file_near_the_persons_folder_chooses_the_package_manager(root: Path) -> None:
    """The folder that the command runs in counts, and those above it, not the app's."""
    (root / "yarn.lock").write_text("")
    (root / FOLDER / "package-lock.json").write_text("")
    (root / "a/b").mkdir(parents=True)
    programs = Programs(_write_stack)
    _overridden(root, programs, start="a/b")
    assert programs.commands[0] == "yarn install"


def test_a_lock_file_far_away_counts_for_nothing(root: Path) -> None:
    """Five folders are looked at."""
    (root / "yarn.lock").write_text("")
    (root / "a/b/c/d/e").mkdir(parents=True)
    programs = Programs(_write_stack)
    _overridden(root, programs, start="a/b/c/d/e")
    assert programs.commands[0] == "npm install"


def test_without_node_nothing_is_written(root: Path) -> None:
    """The error comes first."""
    with pytest.raises(InputError, match=r"need Node\.js"):
        _overridden(root, Programs(), path="nowhere")
    assert not (root / FOLDER / ".build").exists()


@pytest.mark.parametrize("failing", ["install", "synth"])
def test_a_program_that_fails_is_quoted(root: Path, failing: str) -> None:
    """Its last lines are in the message, and nothing runs after it."""
    programs = Programs(_write_stack, failing=failing)
    with pytest.raises(InputError, match=r"status 1 \| noise \| and then \| the cause") as caught:
        _overridden(root, programs)
    assert failing in programs.commands[-1]
    assert (caught.value.status, caught.value.place) == (2, FOLDER)


def test_an_older_output_is_never_taken_for_the_new_one(root: Path) -> None:
    """An app that writes nothing is an error, although there are files of an earlier run."""
    _overridden(root, Programs(_write_stack))
    with pytest.raises(InputError, match=r"no file .*cdk\.out/manifest\.json"):
        _overridden(root, Programs())


@pytest.mark.parametrize("cdk", ["../outside", "/etc"])
def test_a_folder_outside_of_the_workspace_is_refused(root: Path, cdk: str) -> None:
    """A document may come from elsewhere, and must not choose what runs here."""
    programs = Programs()
    with pytest.raises(InputError, match="not in the workspace"):
        _overridden(root, programs, cdk=cdk)
    assert programs.commands == []


def test_an_app_that_is_not_here_is_asked_for(root: Path) -> None:
    """As when a document is read in another workspace."""
    with pytest.raises(InputError, match="there is no CDK app 'copilot/other/overrides'"):
        _overridden(root, Programs(), cdk="copilot/other/overrides")


def test_a_folder_that_takes_no_files_is_named(root: Path) -> None:
    """Here a file stands where a folder must be."""
    (root / FOLDER / ".build").write_text("")
    with pytest.raises(InputError, match=r"cannot write into '\.build'"):
        _overridden(root, Programs())
