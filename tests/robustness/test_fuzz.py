"""Documents, workspaces and live templates that nobody wrote, through cjob's own entry points.

Offline, in one process. To run it for long: `CJOB_FUZZ=20000 pytest tests/robustness/test_fuzz.py`.
"""

import copy
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import effort
import job_folders
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import FRAGMENTS, RANDOM, mutated

from cjob.checks import data_loss, deployable
from cjob.cli import main as cli
from cjob.cli.commands import diff as diff_command
from cjob.diff.stacks import compare, template_version
from cjob.document import codec
from cjob.document.models import required
from cjob.document.records import replace
from cjob.document.snapshot import StackSnapshot
from cjob.reporting.errors import BUG, CjobError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLES = settings(
    deadline=None,
    max_examples=int(os.environ.get("CJOB_FUZZ", "150" if effort.THOROUGH else "15")),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    print_blob=True,
)
TEXTS = {
    "manifest": job_folders.MANIFEST,
    "table": job_folders.TABLE,
    "parameters": job_folders.PARAMETERS,
    "patches": job_folders.PATCHES,
}

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(FRAGMENTS),
    st.text(max_size=20),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@st.composite
def edited(draw: st.DrawFn, document: Any) -> Any:  # noqa: ANN401 - JSON of any kind
    """Return a document in which a few values were replaced, removed, renamed or added."""
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 4))):
        parent: Any = {"document": document}
        key: Any = "document"
        while isinstance(parent[key], (dict, list)) and parent[key] and draw(st.integers(0, 3)):
            parent = parent[key]
            keys = list(parent) if isinstance(parent, dict) else list(range(len(parent)))
            key = draw(st.sampled_from(keys))
        kind = draw(st.sampled_from(("replace", "text", "remove", "add")))
        if kind == "remove" and "document" not in parent:
            del parent[key]
        elif kind == "add" and isinstance(parent, dict) and "document" not in parent:
            parent[draw(st.sampled_from(FRAGMENTS) | st.text(max_size=8))] = draw(VALUES)
        elif kind == "text" and isinstance(parent[key], str):
            parent[key] = draw(mutated([parent[key]]))
        else:
            parent[key] = draw(VALUES)
        document = parent.get("document", document) if isinstance(parent, dict) else document
    return document


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a workspace with a job that uses all there is, and its target."""
    for name, value in {**job_folders.VARIABLES, "PATH": ""}.items():
        monkeypatch.setenv(name, value)
    workspace = job_folders.write(tmp_path)
    release = job_folders.rendered(workspace)
    live = StackSnapshot(status="UPDATE_COMPLETE", stack_id="arn:stack", template="Resources: {}\n")
    planned = replace(release, diff=compare(release, live))
    (tmp_path / "target.json").write_text(codec.dump([replace(release, source=None, stack=None)]))
    (tmp_path / "plan.json").write_text(codec.dump([planned]))
    return tmp_path


def run(*arguments: str) -> None:
    """Run a command: it ends, or refuses with a status and a hint."""
    try:
        cli.dispatch(list(arguments))
    except CjobError as error:
        check(error)


def check(error: CjobError) -> None:
    """Fail for an error that nobody could do anything about."""
    problems: Sequence[CjobError] = error.problems if isinstance(error, InputError) else (error,)
    for problem in problems:
        assert problem.status != BUG, str(problem)
        assert problem.hint, str(problem)


def read(file: Path) -> None:
    """Show, render and check what a file of documents says."""
    for form in ("text", "json", "markdown"):
        run("show", "-o", form, str(file))
    run("render", str(file))
    try:
        for release in codec.parse(file.read_text(errors="replace"), str(file), "see cjob help"):
            with suppress(InputError):
                deployable.check(release)
    except CjobError as error:
        check(error)


def test_what_nobody_edited_is_read(workspace: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """So that accidents are what is refused below."""
    for form in ("text", "markdown"):
        assert cli.dispatch(["show", "-o", form, str(workspace / "plan.json")]) == 0
    assert cli.dispatch(["render", str(workspace / "plan.json")]) == 0
    head = ["-C", str(workspace), "-n", "report", "-e", "test"]
    assert cli.dispatch(["render", *head, "--target", str(workspace / "target.json")]) == 0
    assert "acme-test-report" in capfd.readouterr().out


@EXAMPLES
@given(data=st.data())
def test_documents_that_were_edited(workspace: Path, data: st.DataObject) -> None:
    """Values of another kind, keys that are absent or new, texts with accidents."""
    plan = json.loads((workspace / "plan.json").read_text())
    file = workspace / "edited.json"
    file.write_bytes(json.dumps(data.draw(edited(plan))).encode("utf-8", "surrogatepass"))
    read(file)


@EXAMPLES
@given(data=st.data())
def test_documents_that_are_none(workspace: Path, data: st.DataObject) -> None:
    """Texts that are no JSON any more, or never were."""
    text = (workspace / "plan.json").read_text()
    file = workspace / "edited.json"
    drawn = data.draw(mutated([text, text[: len(text) // 2]]) | RANDOM)
    file.write_bytes(drawn.encode("utf-8", "surrogatepass"))
    read(file)


@EXAMPLES
@given(data=st.data())
def test_workspaces_with_accidents_in_several_files(workspace: Path, data: st.DataObject) -> None:
    """Manifest, addons, their parameters and patches, together."""
    chosen = data.draw(st.sets(st.sampled_from(sorted(TEXTS)), min_size=1))
    texts = {name: data.draw(mutated([TEXTS[name]]) | RANDOM) for name in sorted(chosen)}
    job_folders.write(
        workspace, **{name: text.encode("utf-8", "surrogatepass") for name, text in texts.items()}
    )
    head = ("-C", str(workspace), "-n", "report", "-e", "test")
    run("render", *head, "--target", str(workspace / "target.json"))
    run("manifest", *head)
    run("list", "jobs", "-C", str(workspace))


@EXAMPLES
@given(data=st.data())
def test_live_stacks_of_any_kind(workspace: Path, data: st.DataObject) -> None:
    """The new template is compared with any text, and what would be lost is looked for."""
    [release] = codec.parse((workspace / "plan.json").read_text(), "plan.json", "")
    stack = required(release.stack, "stack")
    texts = [stack.template, stack.addons or "", "Name: ? f?r dich: a\n", job_folders.TABLE]
    text = mutated(texts) | RANDOM
    pairs = st.dictionaries(st.sampled_from([*stack.parameters, "Other"]), st.text(max_size=9))
    live = StackSnapshot(
        status=data.draw(st.sampled_from(("UPDATE_COMPLETE", "ROLLBACK_COMPLETE", ""))),
        stack_id="arn:stack",
        template=data.draw(text),
        addons=data.draw(text),
        parameters=data.draw(pairs),
        tags=data.draw(pairs),
    )
    try:
        compared = replace(release, diff=compare(release, live))
        diff_command.markdown([compared])
        codec.parse(codec.dump([compared]), "compared", "")
        template_version(live.template)
        found = data_loss.losses(live, stack)
        assert isinstance(data_loss.unread(live, stack), tuple)
        data_loss.doubts(found, ())
        data_loss.check_data_loss(found, (), stack.name)
    except CjobError as error:
        check(error)
