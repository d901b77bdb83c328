"""All patterns of regular expressions in cjob, how each is used, and texts that are hard for it."""

import ast
import importlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
ANCHORED = {"match", "fullmatch"}
SCANNING = {"search", "sub", "subn", "findall", "finditer", "split"}

# The first runs in an installation of its own, where cjob's tests cannot import it; the second
# reads only files that cjob brings along.
ELSEWHERE = ("cjob.sandbox.server", "cjob.aws.seed")


class Found(NamedTuple):
    """A pattern, where it is, and whether it is searched for (else it has to match at once)."""

    where: str
    pattern: re.Pattern[str]
    searched: bool


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Yield the name and the tree of each module that can be imported here."""
    for path in sorted((ROOT / "cjob").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if not name.startswith(ELSEWHERE):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _calls(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield each method that is called on something with a name, and `re.method(NAME, …)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            used = node.args[0] if _name(node.func.value) == "re" and node.args else node.func.value
            yield _name(used), node.func.attr


def _scoped(module: str, name: str) -> str:
    """Return a name with its module if no other module uses it."""
    return f"{module}.{name}" if name.startswith("_") else name


def _literals(tree: ast.Module, names: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield the patterns that are given as text to a function of `re`, with its name.

    `names` are the module's own, some of which stand for such a text.
    """
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and _name(node.func.value) == "re"
            and node.args
            and node.func.attr in ANCHORED | SCANNING
        ):
            used = node.args[0]
            text = used.value if isinstance(used, ast.Constant) else names.get(_name(used))
            if isinstance(text, str):
                yield text, node.func.attr


def _inside(value: object, depth: int = 3) -> Iterator[re.Pattern[str]]:
    """Yield the patterns of a value: itself, or in tuples, lists and mappings."""
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield value
    elif depth and isinstance(value, tuple | list):
        for item in value:
            yield from _inside(item, depth - 1)
    elif depth and isinstance(value, dict):
        for item in value.values():
            yield from _inside(item, depth - 1)


def all_patterns() -> list[Found]:
    """Return every pattern once for each way in which it is used."""
    trees = dict(modules())
    used: dict[str, set[str]] = {}
    for module, tree in trees.items():
        for name, method in _calls(tree):
            used.setdefault(_scoped(module, name), set()).add(method)
    found: dict[tuple[str, int, bool], Found] = {}
    for module, tree in trees.items():
        for name, value in vars(importlib.import_module(module)).items():
            for pattern in _inside(value):
                methods = used.get(_scoped(module, name), set()) & (ANCHORED | SCANNING)
                methods = methods or {"search"}
                for searched in {method in SCANNING for method in methods}:
                    key = (pattern.pattern, pattern.flags, searched)
                    found.setdefault(key, Found(f"{module}.{name}", pattern, searched))
        for text, method in _literals(tree, vars(importlib.import_module(module))):
            pattern = re.compile(text)
            key = (text, pattern.flags, method not in ANCHORED)
            found.setdefault(key, Found(f"{module}: {text}", pattern, method not in ANCHORED))
    return list(found.values())


def _samples(  # noqa: C901 - a case for each kind of piece
    tree: Any,  # noqa: ANN401 - the parser has no types
    flags: int,
) -> Iterator[str]:
    """Yield a text for each piece of a parsed pattern, the pieces inside of it included."""
    for code, value in tree:
        if code in (codes.LITERAL, codes.NOT_LITERAL):
            yield chr(value) if code is codes.LITERAL else chr((value + 1) % 128)
        elif code is codes.IN:
            yield _member(value)
        elif code is codes.ANY:
            yield "x"
        elif code is codes.BRANCH:
            for branch in value[1]:
                yield _whole(branch, flags)
                yield from _samples(branch, flags)
        elif code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            yield _whole(value[2], flags)
            yield from _samples(value[2], flags)
        elif code is codes.SUBPATTERN:
            yield _whole(value[3], flags)
            yield from _samples(value[3], flags)
        elif code in (codes.ASSERT, codes.ASSERT_NOT):
            yield from _samples(value[1], flags)
        elif code is codes.ATOMIC_GROUP:
            yield from _samples(value, flags)


def _member(items: Any) -> str:  # noqa: ANN401 - as above
    """Return a character of a class."""
    text = "x \t\n0aA-_.:#$/'\"" + "".join(map(chr, range(256)))
    kinds = {
        codes.CATEGORY_SPACE: str.isspace,
        codes.CATEGORY_DIGIT: str.isdigit,
        codes.CATEGORY_WORD: str.isalnum,
    }

    def holds(character: str) -> bool:
        is_in, negated = False, False
        for code, value in items:
            if code is codes.NEGATE:
                negated = True
            elif code is codes.LITERAL:
                is_in |= chr(value) == character
            elif code is codes.RANGE:
                is_in |= value[0] <= ord(character) <= value[1]
            elif code is codes.CATEGORY:
                test = kinds.get(value)
                is_in |= test(character) if test else not character.isspace()
        return is_in is not negated

    return next((one for one in text if holds(one)), "x")


def _whole(tree: Any, flags: int) -> str:  # noqa: ANN401 - as above
    """Return a text that a sequence of pieces is likely to match, each piece once."""
    parts = []
    for piece in tree:
        samples = list(_samples([piece], flags))
        if samples and piece[0] not in (codes.ASSERT_NOT, codes.ASSERT):
            parts.append(samples[0])
    return "".join(parts)


def hard_texts(pattern: re.Pattern[str]) -> Iterator[tuple[str, str, str]]:
    """Yield texts that may make a pattern slow: a beginning, what is repeated, and an end."""
    tree = parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE)
    pieces = list(dict.fromkeys(s for s in _samples(tree, pattern.flags) if s))
    pumps = list(dict.fromkeys([*pieces, _whole(tree, pattern.flags), "a", " ", "\n", "\\", "0"]))
    starts, start = [""], ""
    for piece in tree:
        start += next(iter(_samples([piece], 0)), "")
        starts.append(start)
    for begin in dict.fromkeys(starts):
        for pump in filter(None, pumps):
            for end in ("", "\x00", "\n\x00"):
                yield begin, pump, end
