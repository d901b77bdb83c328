"""Values as they are printed: layout, quotes and tags of added and removed YAML."""

from textwrap import dedent, indent

import pytest
import unredacted


def _added(value: str) -> str:
    """Return what is printed for a key that comes new with some YAML."""
    text = unredacted.text("z: 0\n", f"a: {value}\nz: 0\n")
    return "".join(line[2:] for line in text.splitlines(keepends=True))


AS_WRITTEN = [
    "x",
    "'x'",
    '"x"',
    "'it''s'",
    "~",
    "",
    "''",
    "[]",
    "{}",
    "[a, 'b', [c], {d: e}]",
    "{a: b, 'c': [d, !Ref E]}",
    "!Ref X",
    "!Sub '${X}'",
    "!GetAtt [A, b]",
    "!!str 5",
    "!<tag:example.com,2020:x> y",
    "&anchor x",
    "010",
    "2010-09-09",
    '"tab\\t, quote \\", backslash \\\\, escape \\x01, wide \\U0001F600"',
    "'#'",
    "a#b",
    "x:y",
    "word " * 60 + "end",
]


@pytest.mark.parametrize("value", AS_WRITTEN)
def test_a_value_on_one_line_is_printed_as_it_was_written(value: str) -> None:
    """Quotes, tags, anchors, brackets and long lines stay."""
    expected = f"a: {value}".rstrip() if not value else f"a: {value}"
    assert f"{expected}\n" == _added(value)


RESTYLED = {
    "brackets over lines": ("[a,\n  b]", "[a, b]"),
    "a plain text over lines": ("x\n  y", "x y"),
    "an empty line in a plain text": ("x\n\n  y", "|-\n    x\n    y"),
    "quotes over lines": ("'x\n\n  y'", "'x\n\n    y'"),
    "an emoji, which needs an escape": ("\U0001f600", '"\\U0001F600"'),
    "a block of text in other steps": ("|\n x\n  y", "|\n    x\n     y"),
    "folded text": (">-\n x\n y\n\n z", ">-\n    x y\n\n    z"),
    "text that ends in empty lines": ("|+\n x\n\n", "|+\n    x"),
    "a block with trailing space": ("|\n x \n y", '"x \\ny\\n"'),
    "a tag for no type in particular": ("! x", "x"),
    "an empty function": ("!Ref", "!Ref"),
    "an empty value within brackets": ("{b: }", "{b: ''}"),
    "JSON": ('{"b": ["c", 1, null]}', '{"b": ["c", 1, null]}'),
}


@pytest.mark.parametrize(("value", "printed"), RESTYLED.values(), ids=RESTYLED.keys())
def test_layout_is_the_printer_s(value: str, printed: str) -> None:
    """Lines are joined, indentation goes in steps of four, and what needs quotes gets them."""
    assert f"a: {printed}\n" == _added(value)


def test_nested_blocks_go_in_steps_of_four() -> None:
    """A mapping or list inside an item is indented by two, everything else to the next step."""
    value = dedent(
        """
          b:
            c:
              - d: 1
                e: [x, y]
                f:
                  g: h
                i:
                - j
              -
                - k
                - |
                  l
              - - m
        """
    )
    assert _added(indent(value, "  ")) == dedent(
        """\
        a:
            b:
                c:
                    - d: 1
                      e: [x, y]
                      f:
                        g: h
                      i:
                        - j
                    - - k
                      - |
                        l
                    - - m
        """
    )


def test_an_added_item_is_printed_as_a_list_of_one() -> None:
    """Each line has the sign, and blocks stand behind the dash."""
    assert unredacted.text("a: [x]", "a:\n- x\n- b: 1\n  c:\n  - d\n- |\n  e\n") == (
        "~ a:\n"
        "    (1 unchanged item)\n"
        "    + - b: 1\n"
        "    +   c:\n"
        "    +     - d\n"
        "    + - |\n"
        "    +   e\n"
    )


def test_a_long_or_broken_key_is_spelled_out() -> None:
    """YAML's form for keys that do not fit on a line."""
    key = "k" * 130
    assert _added(f"\n  {key}: 1\n") == f"a:\n    ? {key}\n    : 1\n"
    assert _added('\n  "x\\ny": 1\n') == 'a:\n    ? "x\\ny"\n    : 1\n'


def test_a_merge_key_is_printed_with_its_tag() -> None:
    """As the original's printer has it."""
    text = unredacted.text("x: &x {k: 1}\n", "x: &x {k: 1}\ny:\n  <<: *x\n")
    assert text == "+ y:\n+     !!merge <<: *x\n"


COMMENTED = {
    "behind a value": ("x # one", "a: x\n"),
    "behind a key": ("\n  b: # one\n    c: 1", "a:\n    b:\n        c: 1\n"),
    "above a key": ("\n  # one\n  # two\n  b: 1", "a:\n    b: 1\n"),
    "between items": ("\n  - b\n  # one\n\n  - c", "a:\n    - b\n    - c\n"),
    "behind a block's sign": ("| # one\n  b", "a: |\n    b\n"),
    "within brackets": ("[b, # one\n  c]", "a: [b, c]\n"),
    "not a comment": ("'# one'", "a: '# one'\n"),
}


@pytest.mark.parametrize(("value", "printed"), COMMENTED.values(), ids=COMMENTED.keys())
def test_comments_are_not_printed(value: str, printed: str) -> None:
    """A difference shows values; a comment is not a part of any."""
    assert printed == _added(value)
