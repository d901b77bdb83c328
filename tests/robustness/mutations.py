"""Texts that go wrong in ways that people, editors and merges make them go wrong."""

from collections.abc import Sequence

from hypothesis import strategies as st

# What has a meaning in YAML, in a manifest, in a template, or for a path.
FRAGMENTS = (
    *(
        "",
        " ",
        "  ",
        "\t",
        "\n",
        "\r\n",
        ":",
        ": ",
        "- ",
        "-",
        "?",
        "? ",
        "|",
        ">",
        "|2-",
        "%",
        "@",
    ),
    *("[", "]", "{", "}", "[]", "{}", ",", "&a ", "*a", "<<: *a", "!", "!!str ", "!!int ", "!Ref "),
    *("!!binary ", "!!set ", "!!null ", "!Sub ", "!GetAtt ", "'", '"', "#", "---\n", "...\n", "~"),
    *(
        "null",
        "yes",
        "0",
        "-1",
        "1e400",
        ".nan",
        "0x1F",
        "0o8",
        "2024-01-01",
        "99999999999999999999",
    ),
    *("${A}", "\\${A}", "${", "$", "\\", "../..", "/", "//", ".", "~1", "~2", "\x00", "\x1b[31m"),
    *("\ufeff", "\u2028", "\U0001f600", "é", "environments:", "test:", "name: report", "build: ."),
    *("image:", "location:", "value:", "path:", "op: add", "Ref", "Fn::Transform", "Type", "Name"),
    *(
        "Parameters:",
        "Resources:",
        "Outputs:",
        "App:",
        "Default:",
        "[-]",
        "[0]",
        "[99]",
        "s: {s: s}",
    ),
)


@st.composite
def mutated(draw: st.DrawFn, texts: Sequence[str]) -> str:
    """Return one of some texts after a few accidents."""
    text = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(1, 4))):
        lines = text.split("\n")
        here, there = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        column = draw(st.integers(0, len(lines[here])))
        kind = draw(
            st.sampled_from(("insert", "replace", "drop", "repeat", "move", "indent", "cut"))
        )
        if kind == "insert":
            fragment = draw(st.sampled_from(FRAGMENTS))
            lines[here] = lines[here][:column] + fragment + lines[here][column:]
        elif kind == "replace":
            key, colon, _ = lines[here].partition(":")
            lines[here] = f"{key}{colon} {draw(st.sampled_from(FRAGMENTS))}"
        elif kind == "drop":
            del lines[here]
        elif kind == "repeat":
            lines.insert(there, lines[here])
        elif kind == "move":
            lines[here], lines[there] = lines[there], lines[here]
        elif kind == "indent":
            lines[here] = " " * draw(st.integers(0, 8)) + lines[here].lstrip()
        else:
            lines[here] = lines[here][:column]
        text = "\n".join(lines)
    return text


RANDOM = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join),
)
"""Texts that were never anything."""
