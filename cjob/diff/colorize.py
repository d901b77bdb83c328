"""Colors for a difference on a terminal. Pure: adds escape codes to the text of a difference."""

RED, GREEN, YELLOW, FAINT, BOLD = "31", "32", "33", "2", "1"


def colorize(text: str) -> str:
    """Return the text with additions green, removals red and changed values yellow."""
    return "".join(_line(line) for line in text.splitlines(keepends=True))


def _line(line: str) -> str:
    shade = _shade(line.lstrip(" "))
    body = line.rstrip("\n")
    return f"\x1b[{shade}m{body}\x1b[0m{line[len(body) :]}" if shade else line


def _shade(line: str) -> str:
    if line.startswith("+"):
        return GREEN
    if line.startswith("-"):
        return RED
    if line.startswith("# "):
        return BOLD
    if line.startswith(("(", "~ - (changed item)")):
        return FAINT
    return YELLOW if line.startswith("~") and not line.rstrip().endswith(":") else ""
