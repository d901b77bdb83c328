"""`cjob completion`: print a script with which a shell completes cjob's commands.

The script is made from the very parsers that read the options. Names of jobs and environments are
completed from the workspace (`cjob list`), without AWS.
"""

import argparse
import importlib

from cjob.cli.output import console

TYPE_CHECKING = False  # see cjob.cli.parser
if TYPE_CHECKING:
    from collections.abc import Iterator

SHELLS = ("bash", "zsh", "fish")

JOBS = "cjob list jobs 2>/dev/null"
ENVIRONMENTS = "cjob list envs --offline 2>/dev/null"

EXAMPLES = """\
examples:
  eval "$(cjob completion bash)"        in ~/.bashrc
  eval "$(cjob completion zsh)"         in ~/.zshrc, after compinit
  cjob completion fish | source         in ~/.config/fish/config.fish
"""


def options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.set_defaults(command="completion")
    parser.add_argument(
        "shell",
        choices=SHELLS,
        metavar="{bash,zsh,fish}",
        help="the shell that is to read the script",
    )


def run(args: argparse.Namespace) -> int:
    """Print the scripts of `cjob` and of each dashed command, one after the other."""
    import shtab  # noqa: PLC0415 - help needs none of it

    for number, parser in enumerate(_parsers()):
        script = shtab.complete(parser, args.shell, root_prefix=f"{parser.prog}_{number}")
        console.write(script + "\n")
    return 0


def _parsers() -> "Iterator[argparse.ArgumentParser]":
    """Yield the parser of `cjob` with all its commands, then those of the dashed commands."""
    from cjob.cli import help_topics, main  # noqa: PLC0415 - main imports this module
    from cjob.cli.parser import Parser  # noqa: PLC0415 - as the commands' own module does

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
    import shtab  # noqa: PLC0415 - help needs none of it

    from cjob.aws import rights  # noqa: PLC0415 - nor of it

    importlib.import_module(f"cjob.cli.commands.{name}").options(parser)
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
