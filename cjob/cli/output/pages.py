"""A help page laid out for a terminal: tables drawn, code in colour."""

import re
import sys
import textwrap

from rich.console import Console
from rich.markdown import Markdown
from rich.theme import Theme

from cjob.cli.output import streams
from cjob.cli.parser import columns

# A table's last column, if it is headed so, names tests: that is for those who work on cjob.
FOR_DEVELOPERS = "Test"


def laid_out(text: str) -> str:
    """Return a page as lines that fit the terminal, with its tables drawn, and maybe in colour."""
    is_code = True
    terminal = Console(
        width=columns(),
        force_terminal=True,
        color_system="standard" if streams.colour(sys.stdout) else None,
        theme=Theme({"markdown.code": "cyan"}),
    )
    with terminal.capture() as laid_out:
        for part in re.split(r"^```.*\n((?:.*\n)*?)```$", _for_people(text), flags=re.MULTILINE):
            is_code = not is_code
            if is_code:  # a line of it that was broken could not be copied
                terminal.out(textwrap.indent(f"\n{part}", "    "), highlight=False)
            else:
                terminal.print(Markdown(part))
    return "".join(line.rstrip() + "\n" for line in laid_out.get().splitlines())


def _for_people(text: str) -> str:
    """Leave out the tables' columns that are not for those who use cjob."""
    lines, cut = [], False
    for line in text.splitlines():
        cut = line.startswith("|") and (cut or line.endswith(f" {FOR_DEVELOPERS} |"))
        lines.append(line.rstrip("|").rpartition("|")[0] + "|" if cut else line)
    return "\n".join(lines)
