"""How the arguments of a command are read: argparse, with errors and help that are cjob's own."""

from __future__ import annotations

import argparse
import os
import sys

from cjob.errors import InputError

TYPE_CHECKING = False  # as `typing` has it, whose import takes longer than all else here
if TYPE_CHECKING:
    from typing import NoReturn

    from _typeshed import SupportsWrite


WIDTH = 78


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Help as it was laid out; told its width, argparse need not import what measures a screen."""

    def __init__(self, prog: str) -> None:
        columns = os.environ.get("COLUMNS", "")
        super().__init__(prog, width=int(columns) - 2 if columns.isdecimal() else WIDTH)


class Parser(argparse.ArgumentParser):
    """A parser whose errors are errors of cjob's."""

    def __init__(self, **settings: object) -> None:
        """Take what argparse takes; abbreviations of options are not accepted."""
        super().__init__(
            allow_abbrev=False,
            formatter_class=_Formatter,
            **settings,  # type: ignore[arg-type]
        )

    def error(self, message: str) -> NoReturn:
        """Raise an InputError that points at the help."""
        raise InputError(message, hint=f"see {self.prog} --help")

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:
        """Print the help; argparse's own way keeps quiet about a reader that has gone."""
        (file or sys.stdout).write(self.format_help())

    def known(self) -> list[str]:
        """Give all options that this parser knows."""
        return list(self._option_string_actions)
