"""Who may import whom, and what may be touched from where: read from the text of every module."""

import ast

import modules
import pytest

ANYBODY = {"cjob", "reporting"}
"""What every part may import: the version, errors and other reports."""

RECORDS = {"cjob.document.names", "cjob.document.records", "cjob.document.versions"}
"""Modules that every part may import: plain records, and names made from others."""

MAY_IMPORT = {
    # Facts and plain data.
    "cjob": set(),
    "reporting": {"concurrency"},
    "document": set(),
    "yamlio": set(),
    # Pure: text to a job, a job to a template, two templates to a comparison.
    "runs": set(),
    "manifest": {"runs", "yamlio"},
    "template": {"document", "manifest", "yamlio"},
    "diff": {"document", "runs", "template", "yamlio"},
    # What is refused before anything is sent.
    "checks": {"diff", "document", "manifest", "template", "yamlio"},
    # What stages use.
    "concurrency": set(),
    "env_controller": set(),
    "workspace": {"document", "template"},
    "stages": {
        "checks",
        "concurrency",
        "context",
        "diff",
        "document",
        "engines",
        "env_controller",
        "manifest",
        "runs",
        "template",
        "workspace",
    },
    # The adapters behind the stages' protocols, and the one module that knows them all.
    "aws": {"concurrency", "document", "engines", "runs", "sandbox", "stages", "yamlio"},
    "engines": {"concurrency"},
    "sandbox": set(),
    "context": {"aws", "concurrency", "document", "engines", "workspace"},
    # What is made of the stages.
    "pipeline": {"stages"},
    "cli": {
        "aws",
        "concurrency",
        "context",
        "diff",
        "document",
        "engines",
        "manifest",
        "pipeline",
        "runs",
        "sandbox",
        "stages",
        "workspace",
        "yamlio",
        "template",
    },
}

PURE = (
    "cjob.checks",
    "cjob.diff",
    "cjob.document",
    "cjob.manifest",
    "cjob.runs",
    "cjob.template",
    "cjob.yamlio",
)
TOUCHING = {
    "boto3",
    "botocore",
    "docker",
    "http",
    "os",
    "pathlib",
    "random",
    "requests",
    "shutil",
    "socket",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
    "urllib.request",
    "urllib3",
}

# The sandbox's server runs in an installation of its own, and may use what that has.
LIBRARIES = {
    "boto3": ("cjob.aws", "cjob.env_controller"),
    "cfn_flip": ("cjob.cli",),
    "dictdiffer": ("cjob.diff",),
    "botocore": ("cjob.aws", "cjob.env_controller"),
    "docker": ("cjob.engines", "cjob.sandbox.server"),
    "rich": ("cjob.cli",),
    "shtab": ("cjob.cli",),
    "ministack": ("cjob.sandbox.server",),
    "hypercorn": ("cjob.sandbox.server",),
}


def part(module: str) -> str:
    """Return the part of cjob that a module belongs to: the package or module below `cjob`."""
    return module.split(".")[1] if "." in module else module


def _parts(module: str) -> set[str]:
    """Return the parts of cjob that a module imports from, but for records."""
    names = {i.name for i in modules.imports(module)} & modules.files().keys()
    return {part(name) for name in names - RECORDS}


def within(module: str, places: tuple[str, ...]) -> bool:
    """Return whether a module is one of these, or lies in one of them."""
    return any(module == place or module.startswith(place + ".") for place in places)


@pytest.mark.parametrize("module", modules.files())
def test_a_module_imports_only_what_its_part_may(module: str) -> None:
    """A new edge between parts is a decision, to be made in the table above."""
    own = part(module)
    assert own in MAY_IMPORT, f"say in MAY_IMPORT what {own!r} may import"
    assert _parts(module) <= MAY_IMPORT[own] | ANYBODY | {own}


def test_the_table_allows_no_more_than_is_used() -> None:
    """What no module needs any more is no longer allowed."""
    used: dict[str, set[str]] = {own: set() for own in MAY_IMPORT}
    for module in modules.files():
        used[part(module)] |= _parts(module) - ANYBODY - {part(module)}
    assert used == MAY_IMPORT


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_is_imported_only_at_its_rim(library: str) -> None:
    """What a stage is handed can be replaced, since nobody else knows what is behind it."""
    importing = {
        module
        for module in modules.files()
        if any(within(wanted.name, (library,)) for wanted in modules.imports(module))
    }
    assert {module for module in importing if not within(module, LIBRARIES[library])} == set()


@pytest.mark.parametrize("module", [m for m in modules.files() if within(m, PURE)])
def test_a_pure_module_reaches_nothing_that_touches_the_world(module: str) -> None:
    """Neither it nor any module of cjob that it leads to, however late it is imported."""
    found = {name for name in modules.reached(module) if within(name, tuple(TOUCHING))}
    assert found == set()


@pytest.mark.parametrize("module", modules.files())
def test_no_module_is_longer_than_a_person_keeps_in_mind(module: str) -> None:
    """A module has at most 400 lines."""
    assert len(modules.files()[module].read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("module", modules.files())
def test_no_function_is_longer_than_a_screen(module: str) -> None:
    """A function has at most 50 lines, with its docstring."""
    long = {
        node.name: (node.end_lineno or 0) - node.lineno + 1
        for node in ast.walk(modules.tree(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: lines for name, lines in long.items() if lines > 50} == {}


@pytest.mark.parametrize("module", modules.files())
def test_a_module_says_what_it_is(module: str) -> None:
    """Its first paragraph is what a newcomer reads."""
    assert ast.get_docstring(modules.tree(module))
