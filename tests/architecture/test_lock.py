"""The lock file of development and CI: it holds what pyproject.toml asks for, with hashes."""

import re
import tomllib

import modules
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = tomllib.loads((modules.ROOT / "pyproject.toml").read_text())["project"]
LOCK = (modules.ROOT / "requirements-dev.txt").read_text()


def test_every_requirement_is_pinned_to_a_version_that_fits() -> None:
    """After a change in pyproject.toml, bin/lock was run."""
    pins = dict(re.findall(r"^([\w.-]+)==([\w.]+)", LOCK, re.MULTILINE))
    for text in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]):
        wanted = Requirement(text)
        pinned = pins.get(canonicalize_name(wanted.name), "none")
        assert wanted.specifier.contains(pinned), f"{text} is pinned to {pinned}"


def test_every_pin_has_hashes() -> None:
    """Pip refuses the whole file otherwise, but only when it is installed anew."""
    bare = re.sub(r"^\s*#.*\n", "", LOCK, flags=re.MULTILINE)
    pins = re.split(r"^(?=\w)", bare, flags=re.MULTILINE)[1:]
    assert len(pins) > len(PROJECT["dependencies"])
    for pin in pins:
        assert "--hash=sha256:" in pin, pin.splitlines()[0]
