"""Commands written as one text."""

import pytest

from cjob.manifest import shellwords


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        ("  a\tb\r\nc ", ("a", "b", "c")),
        ("'a b' c", ("a b", "c")),
        ("a'b c'd", ("ab cd",)),
        (r"'a\b'", (r"a\b",)),
        (r'"a\n \"b\""', ('an "b"',)),
        (r"a\ b \\", ("a b", "\\")),
        ("a\\\nb", ("a\nb",)),
        ("a#b # a comment\nc", ("a#b", "c")),
        ("# all of it", ()),
        ("''", ("",)),
        ("echo $HOME *", ("echo", "$HOME", "*")),
    ],
)
def test_words_are_split_as_copilot_does(text: str, words: tuple[str, ...]) -> None:
    """A backslash in double quotes escapes anything; a comment starts only where a word could."""
    assert words == shellwords.split(text)


@pytest.mark.parametrize("text", ["a 'b", 'a "b', 'a "b\\', "a \\"])
def test_quotes_must_be_closed(text: str) -> None:
    """An open quote or a last backslash is an error."""
    with pytest.raises(shellwords.ShellWordsError):
        shellwords.split(text)
