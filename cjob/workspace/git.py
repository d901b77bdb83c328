"""Reads the git checkout of a workspace: its commit, and whether its files differ from it.

Starts git, which only reads. A checkout may contain a stranger's pull request, so git runs without
any setting of the repository that could start a program.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from cjob.document.models import Revision
from cjob.workspace.find import top_folder

LIMIT_S = 20
UNTRACKED = "?? "

# Committed files can look like a bare repository with a configuration of its author.
# fsmonitor, hooks and lazy fetches start programs; the index is not refreshed either.
SAFE = (
    *("-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}", "--no-optional-locks"),
)
SAFE_ENVIRONMENT = {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}

# Written by `git lfs install --local`, which actions/checkout also runs.
KNOWN_FILTERS = frozenset({"git-lfs clean -- %f", "git-lfs filter-process"})
OWN_SCOPES = frozenset({"local", "worktree"})
FILTERS = r"^filter\..*\.(clean|process)$"


def revision(
    root: Path, environment: Mapping[str, str], warn: Callable[[str], None]
) -> Revision | None:
    """Return the commit of the workspace, or None if it is not in a git checkout.

    The files count as changed if git can't tell; `warn` gets a line about any problem.
    """
    top = root if "GIT_DIR" in environment else top_folder(root)
    if top is None:
        return None
    try:
        commit = _git(top, "rev-parse", "--quiet", "--verify", "--short", "HEAD")
    except _GitError as error:
        if error.reason:
            warn(f"git can't read the commit, so no image is tagged with it: {error.reason}")
        return None
    try:
        return Revision(commit=commit, dirty=_differs(top))
    except _GitError as error:
        warn(
            f"git can't compare the files with the commit, so they count as changed: {error.reason}"
        )
        return Revision(commit=commit, dirty=True)


def _differs(root: Path) -> bool:
    """Check whether files differ from the commit, or are not in it.

    New files that are empty do not count: the shell creates one for the output of a pipe
    (`cjob-build … > plan.json`), so the files would always differ.
    """
    status = ("status", "--porcelain", "-z", "--no-renames")
    output = _git(root, *status, settings=tuple(_disabled_filters(root)))
    entries = [one for one in output.split("\0") if one]
    if not all(entry.startswith(UNTRACKED) for entry in entries):
        return True
    top = Path(_git(root, "rev-parse", "--show-toplevel")) if entries else root
    return not all(_is_empty(top / entry.removeprefix(UNTRACKED)) for entry in entries)


def _disabled_filters(root: Path) -> Iterator[tuple[str, str]]:
    """Yield settings that disable filters which are configured only in the repository itself.

    A committed `.gitattributes` chooses their files, and `include.path` may name a committed file.
    Filters of the user's own configuration stay enabled.
    """
    words = ("config", "--null", "--show-scope", "--get-regexp", FILTERS)
    listed = iter(_git(root, *words, allowed=(0, 1)).split("\0"))
    for scope, setting in zip(listed, listed, strict=False):
        key, _, command = setting.partition("\n")
        if scope in OWN_SCOPES and command not in KNOWN_FILTERS:
            name = key.rpartition(".")[0]
            yield from ((f"{name}.clean", ""), (f"{name}.process", ""))
            yield f"{name}.required", "false"


def _is_empty(path: Path) -> bool:
    return path.is_file() and path.stat().st_size == 0


class _GitError(Exception):
    """Git failed; the reason is the first line of its message, and may be empty."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _git(
    root: Path,
    *arguments: str,
    settings: tuple[tuple[str, str], ...] = (),
    allowed: tuple[int, ...] = (0,),
) -> str:
    import subprocess  # noqa: PLC0415 - 7 ms, and only checkouts need it

    try:
        done = subprocess.run(  # noqa: S603 - fixed words, no shell
            ["git", *SAFE, "-C", str(root), *arguments],  # noqa: S607 - found on PATH
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LIMIT_S,
            check=False,
            env={**os.environ, **SAFE_ENVIRONMENT, **_configuration(settings)},
        )
    except OSError as error:
        raise _GitError(f"cannot run git: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise _GitError(f"it took more than {LIMIT_S} s") from None
    if done.returncode not in allowed:
        raise _GitError(done.stderr.strip().partition("\n")[0])
    return done.stdout.strip()


def _configuration(settings: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Return settings as variables for git; `-c NAME=VALUE` does not allow every name."""
    if not settings:
        return {}
    given = os.environ.get("GIT_CONFIG_COUNT", "")
    first = int(given) if given.isdecimal() else 0
    variables = {"GIT_CONFIG_COUNT": str(first + len(settings))}
    for number, (key, value) in enumerate(settings, first):
        variables[f"GIT_CONFIG_KEY_{number}"] = key
        variables[f"GIT_CONFIG_VALUE_{number}"] = value
    return variables
