"""Files that a command writes: only those, whatever the folder holds, and all of them or none."""

import errno
import os
from pathlib import Path

import pytest

from cjob.cli.output.files import check_folder, write_all
from cjob.reporting.errors import InputError
from cjob.workspace.find import Files

TEXTS = {"a.stack.yml": "a\n", "a.params.yml": "b\n", "b.stack.yml": "c\n"}


def content(folder: Path) -> dict[str, str]:
    """Return the texts of a folder's files, hidden ones included."""
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def test_links_at_the_files_own_names_are_replaced(tmp_path: Path) -> None:
    """Not followed."""
    out, secret = tmp_path / "out", tmp_path / "secret"
    out.mkdir()
    secret.write_text("kept")
    for name in TEXTS:
        (out / name).symlink_to(secret)
    write_all(str(out), TEXTS)
    assert content(out) == TEXTS
    assert secret.read_text() == "kept"


def test_no_name_can_be_guessed(tmp_path: Path) -> None:
    """What is written before it is moved lies in a private folder of a random name."""
    secret = tmp_path / "secret"
    secret.write_text("kept")
    for name in TEXTS:
        (tmp_path / f".{name}.cjob-new").symlink_to(secret)
    write_all(str(tmp_path), TEXTS)
    assert secret.read_text() == "kept"


def test_a_pipe_is_replaced_and_not_waited_for(tmp_path: Path) -> None:
    """Nor at the name that earlier versions wrote first."""
    for name in TEXTS:
        os.mkfifo(tmp_path / name)
        os.mkfifo(tmp_path / f".{name}.cjob-new")
    write_all(str(tmp_path), TEXTS)
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == set(TEXTS)


@pytest.mark.parametrize("before", [{}, {"a.stack.yml": "old"}, dict.fromkeys(TEXTS, "old")])
def test_a_move_that_fails_halfway_leaves_all_as_it_was(
    tmp_path: Path, before: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a folder turns up at its name, or the disk has gone."""
    for name, text in before.items():
        (tmp_path / name).write_text(text)
    replace, moved = Path.replace, []

    def moving(self: Path, target: Path) -> Path:
        moved.append(target)
        if len(moved) == len(TEXTS):
            raise OSError(errno.EROFS, "Read-only file system")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", moving)
    with pytest.raises(InputError, match=r"cannot write to .*: Read-only file system"):
        write_all(str(tmp_path), TEXTS)
    assert content(tmp_path) == before
    assert not list(tmp_path.glob(".cjob-*"))


def test_a_folder_at_a_files_name_is_found_before_anything_is_moved(tmp_path: Path) -> None:
    """The message names it."""
    (tmp_path / "b.stack.yml").mkdir()
    with pytest.raises(InputError, match=r"b\.stack\.yml is a folder"):
        write_all(str(tmp_path), TEXTS)
    assert content(tmp_path) == {}


@pytest.mark.parametrize("folder", ["infra", "infra/inner", "up/infra"])
def test_a_folder_of_the_repository_may_not_lead_elsewhere(tmp_path: Path, folder: str) -> None:
    """A pull request could plant the link; a folder outside is the person's own choice."""
    repository = Files(root=tmp_path / "repo")
    (tmp_path / "repo/up").mkdir(parents=True)
    (tmp_path / "secret").mkdir()
    (repository.root / "infra").symlink_to(tmp_path / "secret")
    (repository.root / "up/infra").symlink_to("../../secret")
    with pytest.raises(InputError, match="outside of the repository"):
        check_folder(str(repository.root / folder), repository)
    check_folder(str(tmp_path / "secret"), repository)
    check_folder(str(repository.root / folder), Files(root=repository.root, allow_outside=True))
