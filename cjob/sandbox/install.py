"""The sandbox's own virtual environment, made once from a list of pinned and digested packages.

ministack pins an older botocore, so it can't share cjob's environment. A new one is made under a
name of its own and renamed when it is complete; its final name holds the list's digest, so that
another list makes another environment. Only the private folder is written to; pip, with the
settings that the person has for it, is what talks to a package index.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from cjob.reporting.errors import ServiceError

REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def environment(folder: Path, requirements: Path = REQUIREMENTS) -> Path:
    """Return the place of the environment for a list and this Python."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    return folder / f"venv-{version}-{digest}"


def install(folder: Path, say: Callable[[str], None], requirements: Path = REQUIREMENTS) -> Path:
    """Return the environment's Python, after making the environment where there is none yet.

    The caller holds the folder's lock. Raises ServiceError, with the place of pip's log, when
    it can't be made.
    """
    ready = environment(folder, requirements)
    if not ready.exists():
        say("installing the sandbox (once; about 40 MB)")
        draft = folder / "venv-draft"
        shutil.rmtree(draft, ignore_errors=True)
        log = folder / "install.log"
        _make(draft, requirements, log, say)
        draft.rename(ready)
        _remove_others(folder, ready)
    return ready / "bin" / "python"


def _make(draft: Path, requirements: Path, log: Path, say: Callable[[str], None]) -> None:
    """Make the environment in `draft`; what the commands print goes to `log`.

    They run in the private folder and isolated: where a person stands is often a checkout, whose
    modules are not to be imported.
    """
    python = [str(draft / "bin" / "python"), "-I"]
    pip = [*python, "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    steps = (
        ("creating a virtual environment", [sys.executable, "-I", "-m", "venv", str(draft)]),
        (
            "downloading packages",
            [*pip, "--require-hashes", "--only-binary=:all:", "--no-deps", "-r", str(requirements)],
        ),
        # Compiled now, so that the first start is no slower than the others.
        ("compiling them", [*python, "-m", "compileall", "-q", "-j", "0", str(draft / "lib")]),
    )
    own = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    with log.open("w") as out:
        for number, (what, step) in enumerate(steps, 1):
            say(f"installing the sandbox: {what} ({number}/{len(steps)})")
            done = subprocess.run(  # noqa: S603 - our own commands
                step,
                cwd=draft.parent,
                env=own,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                check=False,
            )
            if done.returncode != 0:
                shutil.rmtree(draft, ignore_errors=True)
                raise ServiceError(
                    "the sandbox can't be installed: " + _last_line(log),
                    hint=f"pip needs a package index that it can reach; see {log}",
                )


def _last_line(log: Path) -> str:
    """Return the line of a log that says most: the last error, or else the last line."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["no reason given"])[-1]


def _remove_others(folder: Path, ready: Path) -> None:
    """Remove environments that were made for other lists."""
    for other in folder.glob("venv-*"):
        if other != ready:
            shutil.rmtree(other, ignore_errors=True)
