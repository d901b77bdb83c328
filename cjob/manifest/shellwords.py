"""Splits a command into words, with quotes and backslashes as Copilot reads them.

Unlike in `shlex`, a backslash in double quotes escapes any character, and `#` starts a comment only
at the start of a word. Nothing is expanded. Pure.
"""

_SPACES = " \t\r\n"


class ShellWordsError(ValueError):
    """A command that ends inside quotes or after a backslash; the message says which."""


def split(text: str) -> tuple[str, ...]:
    """Return the words of a command; raises ShellWordsError if it ends inside quotes."""
    words: list[str] = []
    rest = _skip_spaces(text, 0)
    while rest < len(text):
        word, rest = _word(text, rest)
        words.append(word)
        rest = _skip_spaces(text, rest)
    return tuple(words)


def _skip_spaces(text: str, start: int) -> int:
    while start < len(text):
        if text[start] == "#":
            end = text.find("\n", start)
            start = len(text) if end < 0 else end
        elif text[start] not in _SPACES:
            break
        else:
            start += 1
    return start


def _word(text: str, start: int) -> tuple[str, int]:
    parts: list[str] = []
    while start < len(text) and text[start] not in _SPACES:
        character = text[start]
        if character == "\\":
            if start + 1 == len(text):
                raise ShellWordsError("nothing follows the last backslash")
            parts.append(text[start + 1])
            start += 2
        elif character == "'":
            part, start = _single_quoted(text, start + 1)
            parts.append(part)
        elif character == '"':
            part, start = _double_quoted(text, start + 1)
            parts.append(part)
        else:
            parts.append(character)
            start += 1
    return "".join(parts), start


def _single_quoted(text: str, start: int) -> tuple[str, int]:
    end = text.find("'", start)
    if end < 0:
        raise ShellWordsError("unclosed single quote (')")
    return text[start:end], end + 1


def _double_quoted(text: str, start: int) -> tuple[str, int]:
    parts: list[str] = []
    while start < len(text) and text[start] != '"':
        if text[start] == "\\":
            start += 1
        parts.append(text[start : start + 1])
        start += 1
    if start >= len(text):
        raise ShellWordsError('unclosed double quote (")')
    return "".join(parts), start + 1
