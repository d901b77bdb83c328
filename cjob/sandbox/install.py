"""The sandbox's own virtual environment, created once from pinned packages with hashes.

ministack pins an older botocore, so it can't share cjob's environment. A new environment is created
with a temporary name and renamed when it is complete. The final name contains the digest of the
list of packages, so another list creates another environment. Only the private folder is written
to; pip uses the user's own settings.
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
    """Return the path of the environment for a list and this Python."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    return folder / f"venv-{version}-{digest}"


def install(folder: Path, report: Callable[[str], None], requirements: Path = REQUIREMENTS) -> Path:
    """Return the environment's Python; create the environment if there is none yet.

    The caller holds the folder's lock. Raise ServiceError, with the path of pip's log, if the
    environment cannot be created.
    """
    ready = environment(folder, requirements)
    if not ready.exists():
        report("installing the sandbox (once; about 40 MB)")
        draft = folder / "venv-draft"
        shutil.rmtree(draft, ignore_errors=True)
        log = folder / "install.log"
        _make(draft, requirements, log, report)
        draft.rename(ready)
        _remove_others(folder, ready)
    return ready / "bin" / "python"


def _make(draft: Path, requirements: Path, log: Path, report: Callable[[str], None]) -> None:
    """Create the environment in `draft`; write the output of the commands to `log`.

    They run isolated and in the private folder, because the current folder is often a checkout,
    whose modules must not be imported.
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
        ("compiling packages", [*python, "-m", "compileall", "-q", "-j", "0", str(draft / "lib")]),
    )
    own = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    with log.open("w") as out:
        for number, (what, step) in enumerate(steps, 1):
            report(f"installing the sandbox: {what} ({number}/{len(steps)})")
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
                    "cannot install the sandbox: " + _last_line(log),
                    hint=f"pip needs access to a package index; see {log}",
                )


def _last_line(log: Path) -> str:
    """Return the last error in a log, or else its last line."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["no reason given"])[-1]


def _remove_others(folder: Path, ready: Path) -> None:
    """Remove environments that were created for other lists."""
    for other in folder.glob("venv-*"):
        if other != ready:
            shutil.rmtree(other, ignore_errors=True)
