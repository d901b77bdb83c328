"""cjob's modules and what they import, read from their text: nothing is run."""

import ast
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "cjob"


@dataclass(frozen=True)
class Import:
    """An imported module, and whether that happens as soon as the importing one is imported."""

    name: str
    at_once: bool


def name_of(path: Path) -> str:
    """Return a module's dotted name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def files() -> dict[str, Path]:
    """Return the file of every module of cjob."""
    return {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def tree(module: str) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(files()[module].read_text(encoding="utf-8"))


@cache
def imports(module: str) -> frozenset[Import]:
    """Return all that a module imports when it runs; what is there for types alone is left out."""
    return frozenset(_found(tree(module), module, at_once=True))


@cache
def reached(module: str) -> frozenset[str]:
    """Return all modules that are imported along with one, inside cjob and out, lazily or not."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        for wanted in imports(waiting.pop()):
            if wanted.name not in seen:
                seen.add(wanted.name)
                if wanted.name in files():
                    waiting.append(wanted.name)
    return frozenset(seen)


def _found(node: ast.AST, module: str, *, at_once: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        yield from (Import(alias.name, at_once) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        source = importlib.util.resolve_name(
            "." * node.level + (node.module or ""), _package(module)
        )
        for alias in node.names:
            inner = f"{source}.{alias.name}"
            yield Import(inner if inner in files() else source, at_once)
    elif not (isinstance(node, ast.If) and _is_for_types(node.test)):
        still = at_once and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for child in ast.iter_child_nodes(node):
            yield from _found(child, module, at_once=still)


def _package(module: str) -> str:
    return module if files()[module].name == "__init__.py" else module.rpartition(".")[0]


def _is_for_types(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"
