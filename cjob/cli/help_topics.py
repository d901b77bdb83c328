"""Pages for `cjob help TOPIC`: the files of `cjob/cli/docs/`, each named for its topic.

Reads files of the package only. A terminal gets a page laid out for its width, anything else gets
the file as it is.
"""

import os
import re
import sys

from cjob.cli.output import console
from cjob.cli.parser import columns

FOLDER = os.path.join(os.path.dirname(__file__), "docs")  # noqa: PTH118, PTH120 - a start-up tax
SUFFIX = ".md"

# A table's last column, if it is headed so, names tests: that is for those who work on cjob.
FOR_DEVELOPERS = "Test"


def names() -> list[str]:
    """Return all topics, sorted."""
    files = os.listdir(FOLDER)  # noqa: PTH208 - see FOLDER
    return sorted(one.removesuffix(SUFFIX) for one in files if one.endswith(SUFFIX))


def page(name: str) -> str:
    """Return the text of a topic that `names` has."""
    with open(os.path.join(FOLDER, name + SUFFIX), encoding="utf-8") as text:  # noqa: PTH118, PTH123
        return text.read()


def overview() -> str:
    """Return a line for each topic: its name, and the heading of its page."""
    found = {name: page(name).partition("\n")[0].lstrip("# ") for name in names()}
    width = max(map(len, found), default=0)
    lines = "".join(f"  {name:<{width}}  {heading}\n" for name, heading in found.items())
    return f"\ntopics (cjob help TOPIC):\n{lines}"


def show(name: str) -> None:
    """Write the page of a topic that `names` has to stdout."""
    text = page(name)
    console.write(_laid_out(text) if sys.stdout.isatty() else text)


def _laid_out(text: str) -> str:
    """Give a page as lines that fit the terminal, its tables drawn, in colour where that is on."""
    import textwrap  # noqa: PLC0415 - only a terminal needs these

    from rich.console import Console  # noqa: PLC0415
    from rich.markdown import Markdown  # noqa: PLC0415
    from rich.theme import Theme  # noqa: PLC0415

    is_code = True
    terminal = Console(
        width=columns(),
        force_terminal=True,
        color_system="standard" if console.colour(sys.stdout) else None,
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
