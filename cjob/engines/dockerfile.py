"""Reads a Dockerfile before any engine does: its stages, and whether it needs BuildKit.

Pure: takes the text. Lines are joined as by BuildKit's parser: comments and blank lines inside a
continued line are left out, here-documents are skipped.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

# Flags of BuildKit that the classic builder does not have.
_FLAGS = {
    "RUN": ("mount", "network", "security", "device"),
    "COPY": ("link", "chmod", "parents", "exclude"),
    "ADD": ("link", "chmod", "checksum", "keep-git-dir", "unpack", "exclude"),
}
_PLATFORM_ARGUMENT = re.compile(r"(?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT)")
_DIRECTIVE = re.compile(r"#\s*([A-Za-z]+)\s*=\s*(\S.*)")
_HERE_DOCUMENT = re.compile(r"\d*<<(-?)([\"']?)([^<\"'\s]+)\2")
_OFFICIAL = re.compile(r"(?:docker\.io/)?docker/dockerfile(?:-upstream)?[:@]?.*")


class Need(NamedTuple):
    """Why only BuildKit can build a Dockerfile: the line, and what is there.

    If `ignored`, the classic builder would ignore it instead of failing.
    """

    line: int
    what: str
    ignored: bool = False


class Dockerfile(NamedTuple):
    """The names of the stages in lower case (may be empty), and the first need of BuildKit.

    A `foreign` one is parsed by another frontend, which may have its own rules. `uses` are the
    names or numbers of stages, and the images, that each stage is built from.
    """

    stages: tuple[str, ...]
    need: Need | None
    foreign: bool = False
    uses: tuple[frozenset[str], ...] = ()

    def has_stage(self, target: str) -> bool:
        """Check whether `--target` is a stage: a name in any case, or a number."""
        if self.foreign or target.lower() in self.stages:
            return True
        return target.isdecimal() and int(target) < len(self.stages)

    def unneeded(self, target: str) -> list[str]:
        """Return the names or numbers of the stages before the target that it does not need.

        The classic builder runs them, too. A name with a variable in it may be any stage.
        """
        names = {name: number for number, name in enumerate(self.stages) if name}
        last = names.get(target.lower(), int(target) if target.isdecimal() else -1)
        last = last if target and last >= 0 else len(self.stages) - 1
        needed: set[int] = set()
        waiting = [last]
        while waiting:
            stage = waiting.pop()
            if stage in needed or not 0 <= stage < len(self.stages):
                continue
            needed.add(stage)
            for used in self.uses[stage]:
                if "$" in used:
                    return []
                waiting.append(names.get(used, int(used) if used.isdecimal() else -1))
        return [self.stages[n] or str(n) for n in range(last) if n not in needed]


class _Instruction(NamedTuple):
    line: int
    keyword: str
    words: tuple[str, ...]


def read(text: str) -> Dockerfile:
    """Return what is known about a Dockerfile; invalid instructions are left to the engine."""
    lines = text.removeprefix("\ufeff").splitlines()
    directives = dict(_directives(lines))
    syntax = directives.get("syntax")
    escape = directives.get("escape", (0, "\\"))[1]
    instructions = tuple(_instructions(lines, escape))
    needs = [Need(one.line, what) for one in instructions for what in _needs(one)]
    if syntax and not needs:
        needs = [Need(syntax[0], "# syntax", ignored=True)]
    return Dockerfile(
        stages=tuple(_stage(one.words) for one in instructions if one.keyword == "FROM"),
        need=needs[0] if needs else None,
        foreign=syntax is not None and not _OFFICIAL.fullmatch(syntax[1]),
        uses=_uses(instructions),
    )


def _uses(instructions: tuple[_Instruction, ...]) -> tuple[frozenset[str], ...]:
    """Return what each stage is built from or copies from."""
    found: list[set[str]] = []
    for one in instructions:
        words = [word for word in one.words if not word.startswith("--")]
        if one.keyword == "FROM":
            found.append({word.lower() for word in words[:1]})
        elif found:
            found[-1].update(value.lower() for name, value in _flags(one.words) if name == "from")
    return tuple(map(frozenset, found))


def _directives(lines: list[str]) -> Iterator[tuple[str, tuple[int, str]]]:
    """Yield the parser's directives, which come first, with their line numbers."""
    for number, line in enumerate(lines, 1):
        said = _DIRECTIVE.fullmatch(line.strip())
        if said is None:
            return
        yield said[1].lower(), (number, said[2])


def _instructions(lines: list[str], escape: str) -> Iterator[_Instruction]:
    numbered = iter(enumerate(lines, 1))
    for number, first in numbered:
        if not first.strip() or first.lstrip().startswith("#"):
            continue
        parts = [first.strip()]
        while parts[-1].endswith(escape):
            parts[-1] = parts[-1][:-1]
            parts.append(_continuation(numbered))
        keyword, *words = "".join(parts).split()
        keyword = keyword.upper()
        if keyword == "ONBUILD" and words:
            keyword, words = words[0].upper(), words[1:]
        if keyword in _FLAGS:
            for result in _here_documents(words):
                _skip(numbered, result)
        yield _Instruction(number, keyword, tuple(words))


def _continuation(numbered: Iterator[tuple[int, str]]) -> str:
    """Return the next line that is not blank or a comment, or an empty string at the end."""
    for _, line in numbered:
        if line.strip() and not line.lstrip().startswith("#"):
            return line.rstrip()
    return ""


def _here_documents(words: list[str]) -> Iterator[tuple[str, bool]]:
    """Yield the last line of each here-document, and whether it may be indented with tabs."""
    for word in words:
        begun = _HERE_DOCUMENT.fullmatch(word)
        if begun:
            yield begun[3], bool(begun[1])


def _skip(numbered: Iterator[tuple[int, str]], result: tuple[str, bool]) -> None:
    name, indented = result
    for _, line in numbered:
        if (line.lstrip("\t") if indented else line) == name:
            return


def _needs(one: _Instruction) -> Iterator[str]:
    """Yield the parts of an instruction that only BuildKit supports."""
    known = _FLAGS.get(one.keyword, ())
    for name, value in _flags(one.words):
        if name in known:
            yield f"{one.keyword} --{name}"
        elif one.keyword == "FROM" and _PLATFORM_ARGUMENT.search(value):
            yield f"FROM --{name}={value}"
    if known and any(_here_documents(list(one.words))):
        yield f"{one.keyword} with a here-document"
    if one.keyword == "ARG":
        yield from (f"ARG {word}" for word in one.words if _PLATFORM_ARGUMENT.fullmatch(word))


def _flags(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for word in words:
        if not word.startswith("--"):
            return
        name, _, value = word[2:].partition("=")
        yield name, value


def _stage(words: tuple[str, ...]) -> str:
    """Return the name in `FROM image AS name`, or an empty string."""
    match [word for word in words if not word.startswith("--")]:
        case [_, keyword, name] if keyword.upper() == "AS":
            return name.lower()
    return ""
