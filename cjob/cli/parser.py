"""Parse a command's arguments: argparse, with cjob's own errors and help."""

from __future__ import annotations

import argparse
import os
import sys

from cjob.reporting.errors import InputError

TYPE_CHECKING = False  # as `typing` has it, whose import takes longer than all else here
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from _typeshed import SupportsWrite


WIDTH = 80


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Formats help to a given width, so that argparse does not import shutil to measure it."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=columns() - 2)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Wrap prose; a paragraph with indented lines stays as it is."""
        import textwrap  # noqa: PLC0415 - argparse, too, waits for a help to be shown

        # The name of a command is not broken at its hyphen.
        prose = textwrap.TextWrapper(
            width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
        )
        paragraphs = text.split("\n\n")
        return "\n\n".join(one if "\n " in one else prose.fill(one) for one in paragraphs)


def columns() -> int:
    """Return the width of text for people: COLUMNS, else that of the terminal, at most 80."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given[:5]) > 0:
        return int(given[:5])
    try:
        return min(os.get_terminal_size(sys.stdout.fileno()).columns or WIDTH, WIDTH)
    except OSError:  # it is none
        return WIDTH


class Parser(argparse.ArgumentParser):
    """A parser that raises InputError."""

    def __init__(self, **settings: object) -> None:
        """Take the settings of argparse; options cannot be abbreviated."""
        super().__init__(
            allow_abbrev=False,
            formatter_class=_Formatter,
            **settings,  # type: ignore[arg-type]
        )

    def error(self, message: str) -> NoReturn:
        """Raise an InputError that points at the help."""
        raise InputError(message, hint=f"see {self.prog} --help")

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:
        """Print the help; unlike argparse, raise BrokenPipeError if stdout is closed."""
        (file or sys.stdout).write(self.format_help())

    def known(self) -> list[str]:
        """Return all options that help shows."""
        known = self._option_string_actions.items()
        return [name for name, action in known if action.help != argparse.SUPPRESS]

    def takes_jobs_only(self) -> bool:
        """Return whether the command takes jobs with -n, and no positional arguments."""
        return "-n" in self.known() and not self._get_positional_actions()

    def with_names(self, arguments: Sequence[str], jobs: Sequence[str]) -> list[str]:
        """Return the arguments with `-n` in front of each job that was written without it."""
        actions = self._option_string_actions
        named: list[str] = []
        for argument in arguments:
            option = actions.get(named[-1]) if named else None
            is_value = option is not None and option.nargs != 0
            named += [argument] if is_value or argument not in jobs else ["-n", argument]
        return named
