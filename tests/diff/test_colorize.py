"""Colours of a difference on a terminal."""

import unredacted

from cjob.diff.colorize import colorize


def test_colour_marks_what_happened_and_leaves_paths_plain() -> None:
    """Green for added, red for removed, yellow for changed, faint for what is between."""
    text = unredacted.text("a: [1, 2]\nb: 1\nc: [{d: 1}]", "a: [1, 3]\ne: 1\nc: [{d: 2}]")
    assert colorize(text + "# tags\n").splitlines() == [
        "~ a:",
        "\x1b[2m    (1 unchanged item)\x1b[0m",
        "\x1b[33m    ~ - 2 -> 3\x1b[0m",
        "\x1b[31m- b: 1\x1b[0m",
        "~ c:",
        "\x1b[2m    ~ - (changed item)\x1b[0m",
        "\x1b[33m      ~ d: 1 -> 2\x1b[0m",
        "\x1b[32m+ e: 1\x1b[0m",
        "\x1b[1m# tags\x1b[0m",
    ]
