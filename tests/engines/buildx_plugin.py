"""docker's buildx plugin for tests: the machine's own, else the package of the next Debian.

Debian 12 has none; that of 13 runs there, too. It is downloaded by apt, which checks its signature,
into a private folder, once; the machine's own apt settings and packages stay as they are.
"""

import fcntl
import os
import platform
import shutil
import subprocess
from pathlib import Path

import programs
import pytest

PLUGIN = "cli-plugins/docker-buildx"
INSTALLED = tuple(
    Path(folder) / "docker" / PLUGIN
    for folder in ("/usr/libexec", "/usr/lib", "/usr/local/libexec", "/usr/local/lib")
)
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cjob-tests/buildx"
SUITE = "trixie"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
LIMIT_S = 300


def configured(folder: Path) -> dict[str, str]:
    """Make `folder` a docker configuration that has the plugin; give the variable that names it."""
    place = folder / PLUGIN
    place.parent.mkdir(parents=True)
    place.symlink_to(_plugin())
    return {"DOCKER_CONFIG": str(folder)}


def _plugin() -> Path:
    """Return the plugin's file; without one the test is skipped, but not in CI."""
    programs.needs("docker")
    for place in (*INSTALLED, Path.home() / ".docker" / PLUGIN):
        if place.is_file():
            return place
    CACHE.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (CACHE / "docker-buildx").is_file():
            try:
                _download()
            except (OSError, subprocess.SubprocessError) as error:
                _give_up(f"no buildx: {error} {getattr(error, 'stderr', '')}")
    return CACHE / "docker-buildx"


def _give_up(reason: str) -> None:
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


def _download() -> None:
    """Get the package from the mirror that the machine's apt uses, and take the plugin out."""
    codename = platform.freedesktop_os_release()["VERSION_CODENAME"]
    words = ("indextargets", "--format", "$(RELEASE) $(REPO_URI)", "Created-By: Packages")
    sources = dict(line.split()[:2] for line in _said("apt-get", *words).splitlines())
    for name in ("lists/partial", "archives/partial", "package"):
        (CACHE / name).mkdir(parents=True, exist_ok=True)
    (CACHE / "list").write_text(f"deb [signed-by={KEYRING}] {sources[codename]} {SUITE} main\n")
    settings = {
        "Dir::Etc::sourcelist": CACHE / "list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": CACHE / "lists",
        "Dir::Cache": CACHE,
        "Acquire::Languages": "none",
        "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
        "APT::Sandbox::User": "root",
    }
    apt = ["apt-get", *(f"-o{name}={value}" for name, value in settings.items())]
    _said(*apt, "update")
    _said(*apt, "download", "docker-buildx")
    [package] = CACHE.glob("docker-buildx_*.deb")
    _said("dpkg-deb", "--extract", str(package), str(CACHE / "package"))
    [plugin] = (CACHE / "package").rglob(PLUGIN)
    plugin.rename(CACHE / "docker-buildx")
    package.unlink()
    for name in ("lists", "archives", "package"):
        shutil.rmtree(CACHE / name)


def _said(*command: str) -> str:
    done = subprocess.run(
        command, cwd=CACHE, capture_output=True, text=True, timeout=LIMIT_S, check=True
    )
    return done.stdout
