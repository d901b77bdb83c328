"""Programs that some tests run and a machine may lack: a skip there, and a failure in CI."""

import os
import shutil
from collections import Counter
from collections.abc import Iterable

import pytest

# The packages of Debian; a program that is not listed has its package's name.
PACKAGES = {
    "containerd": "docker.io",
    "dockerd": "docker.io",
    "runc": "docker.io",
    "htpasswd": "apache2-utils",
    "busybox": "busybox-static",
    "groff": "groff-base",
    "node": "nodejs",
}
MISSING = "not installed: "


def needs(*programs: str) -> None:
    """Skip the test if a program is missing; fail instead in CI."""
    missing = [program for program in programs if not shutil.which(program)]
    if missing and not os.environ.get("CI"):
        pytest.skip(f"{MISSING}{', '.join(missing)}")
    assert not missing, f"{MISSING}{', '.join(missing)}"


def advice(reasons: Iterable[str]) -> list[str]:
    """Return lines that count the skipped tests by reason, and say how to install programs."""
    lines = [
        f"{count:5d} skipped: {reason}"
        for reason, count in Counter(reason.removeprefix("Skipped: ") for reason in reasons).items()
    ]
    missing = [line.partition(MISSING)[2] for line in lines if MISSING in line]
    packages = {PACKAGES.get(name, name) for names in missing for name in names.split(", ")}
    if packages:
        lines.append(f"to run them on Debian: apt-get install {' '.join(sorted(packages))}")
    return lines
