"""The reference of all commands, made from their parsers: a help page, and a man page each.

`bin/reference` runs this and writes the files; a test checks that they are up to date.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from cjob.cli import main as cli
from cjob.cli.parser import Parser

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "cjob/cli/docs/commands.md"
MAN = ROOT / "cjob/cli/docs/man"

HEAD = """\
# All commands and their options

Made from the parsers by `bin/reference`, like the man pages in `cjob/cli/docs/man/`.
`cjob COMMAND --help` prints the same; statuses are in `cjob help statuses`.
"""


def parser(name: str) -> tuple[Parser, str, str]:
    """Return a command's parser, the description of its help, and its examples."""
    declared = cli.arguments_of(name)
    made = Parser(prog=f"cjob {name}")
    declared.add_to(made)
    return made, declared.description, declared.examples.partition("\n")[2]


def options(made: argparse.ArgumentParser) -> Iterator[tuple[list[str], str]]:
    """Yield each argument and option as it is typed, with its help."""
    for action in made._actions:  # noqa: SLF001 - argparse has no public list of them
        if action.help == argparse.SUPPRESS:
            continue
        value = action.metavar or (action.dest.upper() if action.nargs != 0 else "")
        if action.choices and not action.metavar:
            value = f"{{{','.join(map(str, action.choices))}}}"
        value = " ".join(value) if isinstance(value, tuple) else value
        names = [f"{name} {value}".strip() for name in action.option_strings] or [value]
        yield names, (action.help or "") % {"prog": made.prog, "default": action.default}


def page() -> str:
    """Return the page of all commands, in Markdown."""
    parts = [HEAD]
    for name, summary in cli.COMMANDS.items():
        made, description, examples = parser(name)
        dashed = f" (`cjob-{name}`)" if name in cli.DASHED else ""
        parts.append(f"\n## cjob {name}\n\n{summary[0].upper()}{summary[1:]}{dashed}.\n")
        parts.append(f"\n{_prose(description)}\n\n| option | meaning |\n|---|---|\n")
        for names, text in options(made):
            typed = ", ".join(f"`{one}`" for one in names)
            parts.append(f"| {_cell(typed)} | {_cell(text)} |\n")
        if examples:
            parts.append(f"\n```text\n{examples.rstrip()}\n```\n")
    return "".join(parts)


def _prose(text: str) -> str:
    """Join the lines of each paragraph that is not laid out with indented lines."""
    paragraphs = text.split("\n\n")
    return "\n\n".join(one if "\n " in one else " ".join(one.split()) for one in paragraphs)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def manual(name: str) -> str:
    """Return the man page of a command, or of cjob itself if the name is empty."""
    title = f"cjob-{name}" if name else "cjob"
    lines = [f".TH {title.upper()} 1", ".SH NAME"]
    if not name:
        summary = "build, push, render, compare and deploy scheduled jobs on Amazon ECS"
        lines += [f"cjob {chr(92)}- {summary}", ".SH SYNOPSIS", ".B cjob", "COMMAND [OPTIONS]"]
        lines.append(".SH COMMANDS")
        for one, text in cli.COMMANDS.items():
            lines += [".TP", f".B cjob {one}", _roff(text)]
    else:
        made, description, examples = parser(name)
        lines += [f"{_roff(title)} {chr(92)}- {_roff(cli.COMMANDS[name])}", ".SH SYNOPSIS"]
        lines += [f".B cjob {name}", "[OPTIONS]", ".SH DESCRIPTION"]
        for paragraph in _prose(description).split("\n\n"):
            lines += (
                [*_laid_out(paragraph), ".PP"] if "\n" in paragraph else [_roff(paragraph), ".PP"]
            )
        lines.append(".SH OPTIONS")
        for names, text in options(made):
            lines += [".TP", f".B {_roff(', '.join(names))}", _roff(text)]
        if examples:
            lines += [".SH EXAMPLES", *_laid_out(examples.rstrip())]
    lines += [".SH EXIT STATUS", *_laid_out(cli.EXIT_STATUSES.partition("\n")[2])]
    lines += [".SH SEE ALSO", "cjob help, cjob help TOPIC"]
    return "\n".join(lines) + "\n"


def _laid_out(text: str) -> list[str]:
    return [".nf", *map(_roff, text.split("\n")), ".fi"]


def _roff(text: str) -> str:
    """Return a line for troff: its own characters are escaped."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


def files() -> dict[Path, str]:
    """Return the text of every file of the reference, by its path."""
    pages = {
        MAN / (f"cjob-{name}.1" if name else "cjob.1"): manual(name) for name in ("", *cli.COMMANDS)
    }
    return {PAGE: page(), **pages}


def main() -> None:
    """Write the files that are out of date, and remove those of commands that are gone."""
    wanted = files()
    for folder in (MAN, PAGE.parent):
        folder.mkdir(exist_ok=True)
    for path in {*MAN.glob("*.1")} - set(wanted):
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
