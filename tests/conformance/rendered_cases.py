"""Templates of conformance cases, rendered by the adapter: a few, or all that there are.

Cases come from the folder that CJOB_CONFORMANCE names, else they are the project's own. All of them
are taken where CJOB_CHECK_ALL is set.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import effort
import own_cases

ADAPTER = Path(__file__).with_name("adapter")
FOLDERS = ("golden", "edges", "random")


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """A case's template and parameters, and its addons (or nothing).

    `changed` tells that the person changed the template, by patches or overrides.
    """

    name: str
    template: str
    parameters: Mapping[str, str]
    addons: str
    changed: bool

    def imports(self) -> set[str]:
        """Return the names of exports that the job's own manifest imports."""
        found = re.findall(r"""!ImportValue\s+(["']?)([^"'\n]+)\1""", self.template)
        return {name for _, name in found}


def rendered(
    folder: Path, count: int, *, may_be_all: bool = False, with_changed: bool = True
) -> tuple[Rendered, ...]:
    """Render so many cases, evenly chosen, in an empty folder; refused ones are left out."""
    cases = [case for case in _cases(folder / "own") if with_changed or not _is_changed(case)]
    if not (may_be_all and effort.ALL):
        cases = effort.spread(cases, count)
    chosen, out = folder / "cases", folder / "out"
    chosen.mkdir()
    for case in cases:
        (chosen / case.name).symlink_to(case)
    command = [sys.executable, str(ADAPTER), "render", str(chosen), str(out)]
    subprocess.run(command, check=True, timeout=300)
    return tuple(
        _read(chosen / result.name, result)
        for result in sorted(out.iterdir())
        if (result / "stack.yml").exists()
    )


def _cases(own: Path) -> list[Path]:
    if "CJOB_CONFORMANCE" not in os.environ:
        return list(own_cases.write(own))
    folder = Path(os.environ["CJOB_CONFORMANCE"]) / "cases"
    found = (case for name in FOLDERS for case in sorted((folder / name).iterdir()))
    return [case.resolve() for case in found if not (case / "expected/rejected").exists()]


def _read(case: Path, result: Path) -> Rendered:
    addons = result / "addons.stack.yml"
    return Rendered(
        name=case.name,
        template=(result / "stack.yml").read_text(),
        parameters=json.loads((result / "params.json").read_text())["Parameters"],
        addons=addons.read_text() if addons.exists() else "",
        changed=_is_changed(case),
    )


def _is_changed(case: Path) -> bool:
    folder = case / "copilot" / json.loads((case / "runtime.json").read_text())["job"]
    manifest = (folder / "manifest.yml").read_text("utf-8-sig")
    return (folder / "overrides").exists() or "taskdef_overrides" in manifest
