"""Checkouts as a pull request could make them: whatever git can carry, and a file that proves it.

Each attack runs the script `pwn`, which leaves `PWNED` beside it when it is started.
"""

import os
import subprocess
from pathlib import Path

MANIFEST = """\
name: report
type: Scheduled Job
image: {build: Dockerfile}
on: {schedule: "@daily"}
cpu: 256
memory: 512
"""


class Trap:
    """A program that nobody should start, outside of the checkout, and whether it ran."""

    def __init__(self, folder: Path) -> None:
        """Write the program into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self.program = folder / "pwn"
        self._proof = folder / "PWNED"
        self.program.write_text(f"#!/bin/sh\ntouch '{self._proof}'\ncat\n")
        self.program.chmod(0o755)

    @property
    def sprung(self) -> bool:
        """Return whether the program was started."""
        return self._proof.exists()


def git(root: Path, *arguments: str) -> str:
    """Run git as somebody, without the settings of who runs the tests."""
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    own = ["-c", "user.name=A", "-c", "user.email=a@localhost", "-c", "core.fsmonitor=false"]
    return subprocess.run(
        ["git", "-C", root, *own, *arguments],
        env={**os.environ, **settings},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


def workspace(root: Path, manifest: str = MANIFEST) -> Path:
    """Write a workspace with one job, which builds its image, and return its folder."""
    files = {
        "copilot/.workspace": "application: acme\n",
        "copilot/report/manifest.yml": manifest,
        "Dockerfile": "FROM scratch\n",
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def committed(root: Path) -> None:
    """Make a folder a checkout with all its files in one commit."""
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "one")


def plant_bare_repository(folder: Path, config: str) -> None:
    """Add files that git takes for a bare repository if it looks there first."""
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "config").write_text(
        f"[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = {folder}\n{config}"
    )
    for name in ("objects", "refs"):
        (folder / name).mkdir()
        (folder / name / ".keep").write_text("")
