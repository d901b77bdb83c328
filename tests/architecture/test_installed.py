"""cjob as it is installed: what the package holds, and what its start costs."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import effort
import modules
import pytest

from cjob.cli import main as cli

RUNS = 15
LIMIT = 3.5
"""Measured are less than 2, and up to 3 on a machine whose caches other programs fill."""

BUILD = "from setuptools import build_meta; print(build_meta.build_{}('dist'))"

MANIFEST = "name: report\ntype: Scheduled Job\nimage: {location: x}\non: {schedule: '@daily'}\n"

MANUALS = "cjob/cli/docs/man"
"""Man pages, which go to the place that `man` reads instead of into the package."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the package from a copy of what git would hand out, with the work in progress."""
    source = tmp_path_factory.mktemp("source")
    shutil.copytree(modules.PACKAGE, source / "cjob", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "LICENSE", "README.md"):
        shutil.copy(modules.ROOT / name, source)
    return _built("wheel", source)


def _built(what: str, source: Path) -> Path:
    """Build the wheel or the sdist of a source tree."""
    done = subprocess.run(
        [sys.executable, "-c", BUILD.format(what)],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return source / "dist" / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the package into an environment of its own; give the folder of its programs."""
    place = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(place / "bin" / "python"), "install"]
    options = ["--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    subprocess.run([*pip, *options, str(wheel)], check=True)
    return place / "bin"


def test_the_package_holds_all_that_it_needs(wheel: Path) -> None:
    """Every file beside the code is in it, and nothing that belongs to the checkout alone."""
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "cjob"],
        cwd=modules.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    with zipfile.ZipFile(wheel) as package:
        names = {name for name in package.namelist() if ".dist-info/" not in name}
    manuals = {name for name in names if ".data/data/share/man/man1/" in name}
    assert len(manuals) == len(list((modules.ROOT / MANUALS).iterdir())) > 1
    code = {name for name in tracked.stdout.splitlines() if not name.startswith(f"{MANUALS}/")}
    assert names - manuals == code
    assert {"cjob/py.typed", "cjob/env_controller/index.py", "cjob/sandbox/regional.yml"} <= names


def test_the_source_distribution_makes_the_same_package(wheel: Path, tmp_path: Path) -> None:
    """Whoever builds from it gets what is built from the checkout; both pass their checkers."""
    source = _built("sdist", wheel.parents[1])
    # Not tarfile: its filters came with 3.11.4, and newer versions warn without one.
    subprocess.run(["tar", "-xf", source, "-C", tmp_path], check=True)
    [tree] = tmp_path.iterdir()
    again = _built("wheel", tree)
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(again) as other:
        assert one.namelist() == other.namelist()
        for name in one.namelist():
            assert one.read(name) == other.read(name), name
    extra = {path.name for path in tree.iterdir()} - {path.name for path in modules.ROOT.iterdir()}
    assert extra <= {"PKG-INFO", "setup.cfg", "cjob.egg-info", "build", "dist"}
    tools = Path(sys.executable).parent
    for tool, *arguments in (
        ("check-wheel-contents", str(wheel)),
        ("twine", "check", "--strict", str(wheel), str(source)),
    ):
        done = subprocess.run(
            [tools / tool, *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def _newer_pythons() -> list[Path]:
    """Find interpreters newer than 3.11, one a version, the newest first; all with --all."""
    found: list[Path] = []
    if pyenv := shutil.which("pyenv"):
        root = subprocess.run([pyenv, "root"], capture_output=True, text=True, check=True).stdout
        kept = (Path(root.strip()) / "versions").glob("3.1[2-9].*/bin/python")
        found += sorted(kept, reverse=True)
    found += [Path(path) for n in range(15, 11, -1) if (path := shutil.which(f"python3.{n}"))]
    working = [
        path
        for path in found
        if not subprocess.run([path, "-c", "0"], capture_output=True, check=False).returncode
    ]
    return working if effort.ALL else working[:1]


@effort.thorough
@pytest.mark.parametrize("python", _newer_pythons(), ids=str)
def test_newer_pythons_install_and_run_it(python: Path, wheel: Path, tmp_path: Path) -> None:
    """With all that it needs, into an environment of its own, and without a warning."""
    place, work = tmp_path / "installed", tmp_path / "work" / "copilot"
    subprocess.run([python, "-m", "venv", place], check=True)
    options = ("--quiet", "--disable-pip-version-check")
    subprocess.run([place / "bin/pip", "install", *options, str(wheel)], check=True)
    (work / "report").mkdir(parents=True)
    (work / ".workspace").write_text("application: demo\n")
    (work / "report/manifest.yml").write_text(MANIFEST)
    done = subprocess.run(
        [place / "bin/cjob", "manifest", "-n", "report", "-e", "test", "-o", "json"],
        cwd=work,
        env={"PATH": os.defpath, "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert '"name": "report"' in done.stdout


# Each needs another part of what is installed beside cjob; with the status that it ends with.
USES = {
    "completion bash": 0,
    "manifest -n report -e test": 0,
    "package -n report -e test --diff": 2,
    "target -n report -e test": 3,
    "build -n built -e test": 3,
}


@effort.thorough
def test_the_oldest_libraries_that_are_allowed_will_do(wheel: Path, tmp_path: Path) -> None:
    """Whoever has them already gets no newer ones, so nothing newer may be counted on."""
    settings = tomllib.loads((modules.ROOT / "pyproject.toml").read_text())
    oldest = [one.replace(">=", "==") for one in settings["project"]["dependencies"]]
    place, job = tmp_path / "installed", tmp_path / "work/copilot"
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    options = ("--quiet", "--disable-pip-version-check", str(wheel))
    subprocess.run([place / "bin/pip", "install", *options, *oldest], check=True)
    for name, image in (("report", "location: x"), ("built", "build: Dockerfile")):
        (job / name).mkdir(parents=True)
        text = MANIFEST.replace("report", name).replace("location: x", image)
        (job / name / "manifest.yml").write_text(text)
    (job / ".workspace").write_text("application: demo\n")
    (job.parent / "Dockerfile").write_text("FROM scratch\n")
    nowhere = {
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_REGION": "eu-west-1",
        "AWS_SECRET_ACCESS_KEY": "b",
        "DOCKER_HOST": "unix:///nowhere",
        "HOME": str(tmp_path),
        "PATH": os.defpath,
    }
    for line, status in USES.items():
        done = subprocess.run(
            [place / "bin/cjob", *line.split()],
            cwd=job.parent,
            env=nowhere,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, f"{line}: {done.stderr}"


def test_every_command_is_a_program(programs: Path) -> None:
    """The same names as in bin/ are on PATH after an installation."""
    checkout = {path.name for path in (modules.ROOT / "bin").glob("cjob*")}
    assert {path.name for path in programs.glob("cjob*")} == checkout


def test_an_installed_command_knows_its_name(programs: Path, tmp_path: Path) -> None:
    """`cjob-render` is `cjob render`, away from any checkout."""
    one, two = (
        subprocess.run(
            [str(programs / name), *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        for name, *arguments in (("cjob-render", "--help"), ("cjob", "render", "-h"))
    )
    assert one.stdout == two.stdout
    assert one.stdout.startswith("usage: cjob render ")


HELP = [("--help",), ("help",), *((command, "--help") for command in cli.COMMANDS)]


@pytest.mark.parametrize("arguments", effort.sample(HELP, 4, len(HELP)), ids=" ".join)
def test_help_starts_almost_as_fast_as_the_interpreter(
    arguments: tuple[str, ...], programs: Path
) -> None:
    """Help takes little more processor time than an empty program.

    The least of several runs in turn is compared: other work on the machine only adds to it.
    """
    bare, with_help = [], []
    for _ in range(RUNS):
        bare.append(_processor_s(programs / "python", "-c", "pass"))
        with_help.append(_processor_s(programs / "cjob", *arguments))
    assert min(with_help) < LIMIT * min(bare)


def _processor_s(program: Path, *arguments: str) -> float:
    """Run a program and return the seconds of processor time that it took."""
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    command = [str(program), *arguments]
    process = os.posix_spawn(command[0], command, {"PATH": os.defpath}, file_actions=quiet)
    _, status, used = os.wait4(process, 0)
    assert status == 0
    return used.ru_utime + used.ru_stime
