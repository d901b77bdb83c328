"""Pages for `cjob help TOPIC`: the files of `cjob/docs/`, each named for its topic.

Reads files of the package only.
"""

from importlib import resources

SUFFIX = ".md"


def names() -> list[str]:
    """Give all topics, sorted."""
    files = (resources.files("cjob") / "docs").iterdir()
    return sorted(one.name.removesuffix(SUFFIX) for one in files if one.name.endswith(SUFFIX))


def page(name: str) -> str:
    """Give the text of a topic that `names` has."""
    return (resources.files("cjob") / "docs" / (name + SUFFIX)).read_text(encoding="utf-8")


def overview() -> str:
    """Give a line for each topic: its name, and the heading of its page."""
    found = {name: page(name).partition("\n")[0].lstrip("# ") for name in names()}
    width = max(map(len, found), default=0)
    lines = "".join(f"  {name:<{width}}  {heading}\n" for name, heading in found.items())
    return f"\ntopics (cjob help TOPIC):\n{lines}"
