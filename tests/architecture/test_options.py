"""How commands declare their options."""

import ast
from collections import Counter
from collections.abc import Iterator

import modules
import pytest

from cjob.cli import main as cli
from cjob.cli.parser import Parser

FOLDER = modules.PACKAGE / "cli/arguments"

# Its actions have options of their own: --job names what it creates, --env may be repeated.
APART = ("sandbox.py", "sandbox_script.py")

# Options of one name that mean different things.
HOMONYMS = {
    "--run": "cjob deploy runs the job; the commands about runs name a run",
    "--container": "cjob run takes one, cjob logs several",
}


def _declared() -> Iterator[str]:
    """Yield the long name of each option as often as it is declared."""
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))) if path.name not in APART else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".add_argument"):
                names = [one.value for one in node.args if isinstance(one, ast.Constant)]
                yield from (str(name) for name in names if str(name).startswith("--"))


def test_every_option_is_declared_once() -> None:
    """An option that several commands take has the same name, form and default in all of them."""
    counts = Counter(_declared())
    assert "--parallel" in counts
    assert [name for name, count in counts.items() if count > 1 and name not in HOMONYMS] == []


@pytest.mark.parametrize(
    ("command", "old", "new"),
    [
        ("deploy", ["--jobs", "2"], ["--parallel", "2"]),
        ("apply", ["--force-plan"], ["--allow-stale-plan"]),
    ],
)
def test_an_old_spelling_still_works(command: str, old: list[str], new: list[str]) -> None:
    """Help shows the new spelling alone."""
    parser = Parser(prog=f"cjob {command}")
    cli.arguments_of(command).add_to(parser)
    assert parser.parse_args(old) == parser.parse_args(new)
    assert parser.parse_args(old) != parser.parse_args([])
    assert f"{new[0]} " in parser.format_help()
    assert old[0] not in parser.format_help()
    assert old[0] not in parser.known()


def test_every_command_has_its_two_modules() -> None:
    """One to parse, one to run; and there is no module of a command that is not listed."""
    for folder in (FOLDER, modules.PACKAGE / "cli/commands"):
        found = {path.stem for path in folder.glob("*.py")}
        others = {"__init__", "shared", "operations", "sandbox_script"}
        assert found - others == set(cli.COMMANDS)
