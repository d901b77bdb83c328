"""The zip with the env controller's code."""

import hashlib
import io
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import cjob.env_controller
from cjob.env_controller.archive import archive, digest, pack

PACKAGE = Path(cjob.env_controller.__file__).parent


def test_the_archive_holds_the_code_and_nothing_else() -> None:
    """Lambda finds `index.handler`: one member, with the source's own bytes."""
    with zipfile.ZipFile(io.BytesIO(archive())) as file:
        assert file.namelist() == ["index.py"]
        assert (PACKAGE / "index.py").read_bytes() == file.read("index.py")


def test_the_digest_is_that_of_the_code() -> None:
    """The key in the bucket is made from it, and is another one for other code."""
    code = (PACKAGE / "index.py").read_bytes()
    assert hashlib.sha256(code).hexdigest() == digest()


def test_the_member_is_stored_with_a_fixed_date_and_mode() -> None:
    """Whatever could differ between machines and versions of zlib is fixed."""
    with zipfile.ZipFile(io.BytesIO(archive())) as file:
        member = file.getinfo("index.py")
    assert (
        member.compress_type,
        member.create_system,
        member.date_time,
        member.external_attr >> 16,
        member.extra,
    ) == (zipfile.ZIP_STORED, 3, (1980, 1, 1, 0, 0, 0), 0o100644, b"")


def test_every_version_of_python_packs_the_same_bytes() -> None:
    """The digest of a known text is written down here, for whichever Python runs this."""
    packed = hashlib.sha256(pack(b"def handler(event, context): ...\n")).hexdigest()
    assert packed == "d47a77628c2d5ee373f5e391078e5c427ddcae0ad95809fa15b86ed87cc467ce"


def pythons() -> list[str]:
    """Find the Pythons of this machine that cjob runs on, and that run here."""
    own = map(str, Path.home().glob(".pyenv/versions/*/bin"))
    path = os.pathsep.join([*own, os.environ["PATH"]])
    found = (shutil.which(f"python3.{minor}", path=path) for minor in range(11, 20))
    return sorted({sys.executable, *filter(runs, filter(None, found))})


def runs(python: str) -> bool:
    """Check that a Python starts: on PATH may be a version manager's stub without one."""
    return not subprocess.run([python, "-c", "0"], capture_output=True, check=False).returncode


@pytest.mark.parametrize("python", pythons())
def test_another_checkout_gives_the_same_bytes(python: str, tmp_path: Path) -> None:
    """A copy with other dates, modes and place, under another time zone and umask, and Python."""
    copy = tmp_path / "elsewhere" / "env_controller"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    os.utime(copy / "index.py", (1, 1))
    (copy / "index.py").chmod(0o600)
    code = "import sys, archive; sys.stdout.buffer.write(archive.archive())"
    ran = subprocess.run(
        [python, "-c", code],
        env={"PYTHONPATH": str(copy), "TZ": "Pacific/Auckland"},
        capture_output=True,
        check=True,
        umask=0o777,
    )
    assert archive() == ran.stdout


def test_the_code_runs_without_cjob(tmp_path: Path) -> None:
    """In Lambda there is only the archive: its module imports with the standard library alone."""
    with zipfile.ZipFile(io.BytesIO(archive())) as file:
        file.extractall(tmp_path)
    code = "import sys; sys.path.insert(0, '.'); import index; print(callable(index.handler))"
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        check=True,
        text=True,
    )
    assert ran.stdout == "True\n"
