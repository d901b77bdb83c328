"""The git checkout that a workspace lies in: its commit, and whether its files differ from that.

Starts git, for reading only.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from cjob.release import Revision

LIMIT_S = 20
UNTRACKED = "?? "


def revision(
    root: Path, environment: Mapping[str, str], warn: Callable[[str], None]
) -> Revision | None:
    """Give the commit that the workspace stands at; None where it is not in a git checkout.

    A tree of which git can't say whether it differs counts as one that does.
    """
    folders = (root, *root.parents)
    if "GIT_DIR" not in environment and not any((one / ".git").exists() for one in folders):
        return None  # git would say the same, and take longer than the rest
    try:
        commit = _git(root, "rev-parse", "--quiet", "--verify", "--short", "HEAD")
    except _GitError as error:
        if error.reason:
            warn(f"git does not tell the commit, so no image is tagged with it: {error.reason}")
        return None
    try:
        return Revision(commit=commit, dirty=_differs(root))
    except _GitError as error:
        warn(f"git does not tell whether files differ from the commit, so they do: {error.reason}")
        return Revision(commit=commit, dirty=True)


def _differs(root: Path) -> bool:
    """Say whether files differ from the commit, or are new to git.

    A new file that is empty is passed over: the shell makes one for what this very pipe is to
    write (`cjob-build … > plan.json`), and it would make every tree differ.
    """
    entries = [one for one in _git(root, "status", "--porcelain", "-z").split("\0") if one]
    if not all(entry.startswith(UNTRACKED) for entry in entries):
        return True
    top = Path(_git(root, "rev-parse", "--show-toplevel")) if entries else root
    return not all(_is_empty(top / entry.removeprefix(UNTRACKED)) for entry in entries)


def _is_empty(path: Path) -> bool:
    return path.is_file() and path.stat().st_size == 0


class _GitError(Exception):
    """Git did not answer; the reason is its first line, empty where all it says is no."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _git(root: Path, *arguments: str) -> str:
    import subprocess  # noqa: PLC0415 - only in a checkout

    try:
        done = subprocess.run(  # noqa: S603 - fixed words, no shell
            ["git", "-C", str(root), *arguments],  # noqa: S607 - git is found as people find it
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LIMIT_S,
            check=False,
        )
    except OSError as error:
        raise _GitError(f"git cannot be run: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise _GitError(f"it took more than {LIMIT_S} s") from None
    if done.returncode:
        raise _GitError(done.stderr.strip().partition("\n")[0])
    return done.stdout.strip()
