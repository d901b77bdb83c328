"""The workspace: found from below, and what it says of its jobs."""

from pathlib import Path

import pytest

from cjob.reporting.errors import InputError
from cjob.workspace import find


def made(root: Path, summary: str | None = "application: acme\n") -> Path:
    """Make a workspace with an application."""
    (root / "copilot").mkdir(parents=True)
    if summary is not None:
        (root / "copilot/.workspace").write_text(summary)
    return root


def job(root: Path, name: str, text: str) -> None:
    """Return the workspace a manifest."""
    (root / "copilot" / name).mkdir()
    (root / "copilot" / name / "manifest.yml").write_text(text)


@pytest.mark.parametrize("below", ["", "a", "a/b/c/d", "copilot", "copilot/report"])
def test_the_workspace_is_found_from_folders_below_it(tmp_path: Path, below: str) -> None:
    """Four levels down, and from inside of copilot/."""
    root = made(tmp_path / "root")
    (root / below).mkdir(parents=True, exist_ok=True)
    assert find.find(root / below) == find.Workspace(root=root, app="acme")


def test_five_levels_down_it_is_not_found(tmp_path: Path) -> None:
    """The message says where it was looked for."""
    start = made(tmp_path / "root") / "a/b/c/d/e"
    start.mkdir(parents=True)
    with pytest.raises(InputError, match=r"no folder 'copilot' in .*/a/b/c/d/e' or the 4 folders"):
        find.find(start)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """As -C may give one."""
    with pytest.raises(InputError, match=r"there is no folder .*/nowhere"):
        find.find(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("summary", "app"),
    [
        ("application: acme\npath: x\n", "acme"),
        ("# ours\r\napplication: 'acme' # the one\r\n", "acme"),
        ('"application": acme\n', ""),
        ("", ""),
    ],
)
def test_the_summary_names_the_application(tmp_path: Path, summary: str, app: str) -> None:
    """Where it names none, -a can."""
    assert find.find(made(tmp_path, summary)).app == app


def test_a_workspace_without_summary_belongs_to_no_application(tmp_path: Path) -> None:
    """It says how to put that right."""
    with pytest.raises(InputError, match="belongs to no application") as caught:
        find.find(made(tmp_path, None))
    assert caught.value.place == "copilot/.workspace"
    assert "application: NAME" in caught.value.hint


def test_jobs_are_the_folders_with_a_scheduled_jobs_manifest(tmp_path: Path) -> None:
    """Sorted; services, and folders without a manifest, are none."""
    root = made(tmp_path)
    job(root, "tidy", "name: tidy\ntype: 'Scheduled Job' # daily\n")
    job(root, "report", "type: Scheduled Job\r\nname: report\r\n")
    job(root, "api", "name: api\ntype: Load Balanced Web Service\n")
    job(root, "odd", "name: odd\nnested:\n  type: Scheduled Job\n")
    (root / "copilot/environments").mkdir()
    assert find.find(root).jobs() == ("report", "tidy")


def test_a_manifest_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Rather than left out, since nobody would miss it."""
    root = made(tmp_path)
    (root / "copilot/report/manifest.yml").mkdir(parents=True)
    with pytest.raises(InputError, match="cannot read") as caught:
        find.find(root).jobs()
    assert caught.value.place == "copilot/report/manifest.yml"


def test_text_is_read_without_its_byte_order_mark(tmp_path: Path) -> None:
    """As some editors write it."""
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfname: report\n")
    assert find.Files(root=tmp_path).read_text(tmp_path / "a") == "name: report\n"


def test_text_that_is_not_utf8_has_its_line_named(tmp_path: Path) -> None:
    """The first one that is wrong."""
    (tmp_path / "a.yml").write_bytes(b"one\ntwo\n\xff\n")
    with pytest.raises(InputError, match="not UTF-8") as caught:
        find.Files(root=tmp_path).read_text(tmp_path / "a.yml")
    assert caught.value.place == "a.yml:3"


def test_a_file_that_is_far_too_large_is_refused(tmp_path: Path) -> None:
    """Somebody mistook another file for it."""
    (tmp_path / "a.yml").write_bytes(b"a" * (find.MAX_SIZE + 1))
    with pytest.raises(InputError, match="more than"):
        find.Files(root=tmp_path).read_text(tmp_path / "a.yml")
