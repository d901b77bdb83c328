"""Pages for `cjob help TOPIC`: the files of `cjob/cli/docs/`, each named for its topic.

Reads files of the package only. A terminal gets a page laid out for its width, anything else gets
the file as it is.
"""

import os
import sys

from cjob.cli.output import streams

FOLDER = os.path.join(os.path.dirname(__file__), "docs")  # noqa: PTH118, PTH120 - a start-up tax
SUFFIX = ".md"


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
    if sys.stdout.isatty():
        from cjob.cli.output.pages import laid_out  # noqa: PLC0415 - rich takes longer than a help

        text = laid_out(text)
    streams.write(text)
