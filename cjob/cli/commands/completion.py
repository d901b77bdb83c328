"""Run `cjob completion`."""

import argparse
from collections.abc import Iterator

import shtab

from cjob.aws import rights
from cjob.cli import help_topics, main
from cjob.cli.output import streams
from cjob.cli.parser import Parser

JOBS = "cjob list jobs 2>/dev/null"
ENVIRONMENTS = "cjob list envs --offline 2>/dev/null"


def run(args: argparse.Namespace) -> int:
    """Print the scripts of `cjob` and of each dashed command, one after the other."""
    for number, parser in enumerate(_parsers()):
        script = shtab.complete(parser, args.shell, root_prefix=f"{parser.prog}_{number}")
        streams.write(script + "\n")
    return 0


def _parsers() -> Iterator[argparse.ArgumentParser]:
    """Yield the parser of `cjob` with all its commands, then those of the dashed commands."""
    whole = Parser(prog="cjob")
    whole.add_argument("--version", action="store_true", help="print the version")
    commands = whole.add_subparsers(parser_class=Parser)
    for name, summary in main.COMMANDS.items():
        _declare(name, commands.add_parser(name, help=summary))
    pages = commands.add_parser("help", help="show the help of a command, or a page on a topic")
    pages.add_argument("about", choices=[*main.COMMANDS, *help_topics.names()])
    yield whole
    for name in main.DASHED:
        alone = Parser(prog=f"cjob-{name}")
        _declare(name, alone)
        yield alone


def _declare(name: str, parser: argparse.ArgumentParser) -> None:
    """Declare a command's options, and what completes their values."""
    main.arguments_of(name).add_to(parser)
    values = {
        "name": shtab.cmd(JOBS),
        "env": shtab.cmd(ENVIRONMENTS),
        "file": shtab.FILE,
        "target": shtab.FILE,
        "directory": shtab.DIRECTORY,
        "output_dir": shtab.DIRECTORY,
    }
    for action in parser._actions:  # noqa: SLF001 - argparse has no public list of them
        if action.dest == "commands":  # argparse itself would not take none of these
            action.choices = list(rights.STAGES)
        if action.dest in values:
            action.complete = values[action.dest]  # type: ignore[attr-defined] # shtab's own way
