"""The words of messages, pages and docstrings: plain English and the field's terms.

words.toml lists what not to write, and what to write instead.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import modules
import pytest

WORDS = tomllib.loads((Path(__file__).parent / "words.toml").read_text("utf-8"))
PHRASES = {re.compile(key, re.IGNORECASE): better for key, better in WORDS["phrases"].items()}
EXCEPTIONS: dict[str, str] = WORDS["exceptions"]
FIRST_WORDS = tuple(f"{word} " for word in WORDS["docstrings"])

SOURCES = sorted((modules.ROOT / "cjob").rglob("*.py"))
PAGES = sorted([*modules.ROOT.glob("*.md"), *(modules.ROOT / "cjob/cli/docs").glob("*.md")])


def _docstrings(tree: ast.Module) -> Iterator[ast.Constant]:
    """Yield the docstrings: those of modules, classes and functions, and those below constants."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def _messages(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each string that is not a docstring."""
    passed = set(_docstrings(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            texts = [part for part in node.values if isinstance(part, ast.Constant)]
            passed.update(texts)
            yield node.lineno, "{}".join(str(part.value) for part in texts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in passed:
            yield node.lineno, node.value


def _found(where: str, text: str) -> Iterator[str]:
    """Yield what is wrong with a text."""
    for pattern, better in PHRASES.items():
        for match in pattern.finditer(text):
            line = text[text.rfind("\n", 0, match.start()) + 1 :].partition("\n")[0].strip()
            if not any(exception in line for exception in EXCEPTIONS):
                yield f"{where}: {match[0]!r} (write: {better}): {line[:200]}"


def _relative(file: Path) -> str:
    return str(file.relative_to(modules.ROOT))


@pytest.mark.parametrize("file", SOURCES, ids=_relative)
def test_a_modules_words_are_the_fields(file: Path) -> None:
    """Its messages contain no listed phrase, and its docstrings start with standard verbs."""
    tree = ast.parse(file.read_text("utf-8"))
    starts = [
        f"{_relative(file)}:{node.lineno}: {str(node.value).partition('.')[0]}"
        for node in _docstrings(tree)
        if str(node.value).startswith(FIRST_WORDS)
    ]
    assert starts == []
    found = [
        one for line, text in _messages(tree) for one in _found(f"{_relative(file)}:{line}", text)
    ]
    assert found == []


def test_docstrings_of_tests_start_with_standard_verbs() -> None:
    """The same verbs as in cjob."""
    starts = [
        f"{_relative(file)}:{node.lineno}: {str(node.value).partition('.')[0]}"
        for file in sorted((modules.ROOT / "tests").rglob("*.py"))
        for node in _docstrings(ast.parse(file.read_text("utf-8")))
        if str(node.value).startswith(FIRST_WORDS)
    ]
    assert starts == []


@pytest.mark.parametrize("page", PAGES, ids=_relative)
def test_a_pages_words_are_the_fields(page: Path) -> None:
    """No listed phrase is in it; names of tests are not part of the text."""
    text = re.sub(r"`test_\w+`", "", page.read_text("utf-8"))
    assert list(_found(_relative(page), text)) == []


def test_every_exception_is_needed() -> None:
    """It quotes text that is there, and has a reason."""
    texts = "\n".join(file.read_text("utf-8") for file in (*SOURCES, *PAGES))
    assert [text for text in EXCEPTIONS if text not in texts] == []
    assert all(EXCEPTIONS.values())
