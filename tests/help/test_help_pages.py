"""That the pages of `cjob help` name what there is: keys of the document, statuses, commands."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from cjob.cli import help_topics
from cjob.cli import main as cli
from cjob.document.json_form import layout
from cjob.document.models import Release, Section
from cjob.reporting import errors

INTERNAL = {"CJOB_SANDBOX_KEYS"}
"""Variables that only cjob sets, for a process that it starts."""


def _sections(page: str) -> dict[str, str]:
    """Return the text below each heading of the second rank."""
    parts = re.split(r"^## (.+)$", help_topics.page(page), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _keys(wanted: Any) -> Iterator[str]:  # noqa: ANN401 - annotations have no type of their own
    """Yield the keys of a section, and of all that lie in it."""
    if isinstance(wanted, type) and issubclass(wanted, Section):
        for _, key, kind, _ in layout(wanted):
            yield key
            yield from _keys(kind)
    for inner in get_args(wanted):
        yield from _keys(inner)


@pytest.mark.parametrize("section", [key for _, key, _, _ in layout(Release)])
def test_the_page_names_every_key_of_a_section(section: str) -> None:
    """Those of sections inside it, too."""
    kind = next(kind for _, key, kind, _ in layout(Release) if key == section)
    named = set(re.findall(r"`(\w+)`", _sections("document")[section]))
    assert set(_keys(kind)) <= named


def test_every_status_has_a_row() -> None:
    """And no other number has one."""
    rows = re.findall(r"^\| (\d+) \|", help_topics.page("statuses"), re.MULTILINE)
    known = {value for value in vars(errors).values() if type(value) is int}
    assert {int(row) for row in rows} == known
    assert len(rows) == len(known)


def _variables(source: str) -> Iterator[str]:
    """Yield the environment variables that a module reads by their names, and all of cjob's own."""
    for node in ast.walk(ast.parse(source)):
        literal = r"['\"]([A-Z][A-Z_]+)['\"]"
        if isinstance(node, ast.Call | ast.Subscript | ast.Compare):
            text = ast.unparse(node)
            yield from re.findall(rf"^(?:\w+\.)*environ(?:\.get\(|\[){literal}", text)
            yield from re.findall(rf"^{literal} in (?:\w+\.)*environ$", text)
        elif isinstance(node, ast.Constant):
            yield from re.findall(r"^(CJOB_[A-Z_]+)$", str(node.value))


def test_the_page_of_variables_has_every_one_that_is_read() -> None:
    """And none of cjob's own that is not."""
    named = set(re.findall(r"`([A-Z][A-Z_]+)`", help_topics.page("variables")))
    package = Path(cli.__file__).parents[1]
    server = package / "sandbox" / "server"  # a process of its own, with variables from cjob
    files = (file for file in package.rglob("*.py") if not file.is_relative_to(server))
    sources = [file.read_text() for file in files] + ["'CJOB_SANDBOX_LOG_LEVEL'"]
    read = {name for source in sources for name in _variables(source)} - INTERNAL
    assert {"CJOB_ENV", "AWS_REGION", "MAKELEVEL"} <= read <= named
    assert {name for name in named if name.startswith("CJOB_")} <= read


@pytest.mark.parametrize("page", help_topics.names())
def test_pages_name_commands_and_topics_that_there_are(page: str) -> None:
    """A page that is out of date would send people astray."""
    known = {*cli.COMMANDS, "help", "job"}
    text = help_topics.page(page)
    for command in re.findall(r"`cjob ([a-z][a-z-]*)", text):
        assert command in known, command
    for command in re.findall(r"\bcjob-([a-z]+)", text):
        assert command in cli.DASHED, command
    for topic in re.findall(r"`cjob help ([a-z-]+)`", text):
        assert topic in {*known, *help_topics.names()}, topic
