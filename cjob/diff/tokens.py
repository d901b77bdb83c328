"""A document's tokens and comments, as comments need them (see comments).

Takes text; gives the scanner's tokens with their places, and every comment with the token that
it waits for. Pure.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass

from cjob.diff.reader import Events
from cjob.diff.scalars import BREAKS

_PEEK = 512
"""So far the original looks ahead for a comment at once."""

_OPENING = frozenset({"BlockSequenceStart", "BlockMappingStart"})
_FLOW_STARTS = frozenset({"FlowSequenceStart", "FlowMappingStart"})
_FLOW_ENDS = frozenset({"FlowSequenceEnd", "FlowMappingEnd"})
_WITHOUT_LINE = frozenset(
    {"BlockEntry", "Directive", "DocumentStart", "DocumentEnd", "StreamStart", "StreamEnd"}
)
_LINE = re.compile(f"\r\n|[{BREAKS}]")
_HEADER = re.compile(f"[|>][-+0-9]*[ \t]+(#[^{BREAKS}]*)")


@dataclass(slots=True)
class Token:
    """A token's name without `Token`, and where it begins and ends.

    `stands` tells that it is written in the text; the others only say how that is structured.
    """

    name: str
    index: int
    end: int
    column: int
    plain: bool = False
    block: bool = False
    stands: bool = True


@dataclass(slots=True)
class Comment:
    """A comment's text, in one of three roles, and the index of the token that takes it up.

    `scanned`, `start`, `end` say where looking for it began, where it stands and where it ends;
    `column` counts from 1.
    """

    token_index: int
    scanned: int = -1
    start: int = -1
    end: int = -1
    column: int = 0
    head: str = ""
    line: str = ""
    foot: str = ""


def scan(text: str) -> tuple[list[Token], list[Comment]]:
    """Return all tokens up to the end of the first document, and all comments among them."""
    scanner = _Scanner(text)
    scanner.run()
    return scanner.tokens, scanner.comments


def _read(text: str) -> list[Token]:
    tokens: list[Token] = []
    for token in iter(Events(text).get_token, None):
        start, end = token.start_mark, token.end_mark
        name = type(token).__name__.removesuffix("Token")
        read = Token(name, start.index, end.index, start.column)
        read.stands = read.end > read.index or name in ("StreamStart", "StreamEnd")
        if name == "Scalar":
            read.plain, read.block = bool(token.plain), token.style in ("|", ">")
        tokens.append(read)
    return tokens


class _Scanner:
    """Goes over the text once more, between the tokens that are known already."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _read(text)
        self.comments: list[Comment] = []
        self.line_starts = [0, *(match.end() for match in _LINE.finditer(text))]
        self.at = 0
        self.newlines = 0  # since the last content or comment
        self.indents: list[int] = []
        self.flow = 0

    def run(self) -> None:
        behind: list[Token] = []  # the tokens that stand in the text, up to here
        between: list[Token] = []  # those that only structure gave, since the last of them
        mark = 0
        pound = self.text.find("#")
        for token in self.tokens:
            if not token.stands:
                between.append(token)
                continue
            scanned = 0
            if behind:
                scanned = behind[-1].end
                if 0 <= pound < behind[-1].index:
                    pound = self.text.find("#", behind[-1].index)
                if 0 <= pound < token.index:
                    scanned = self.comments_behind(behind, mark)
            self.at = token.index
            self.unroll([each for each in between if each.name == "BlockEnd"], token, scanned)
            self.indents += [each.column for each in between if each.name in _OPENING]
            mark = token.index
            if behind and token.name == ("FlowEntry" if self.flow else "Value"):
                mark = (between or behind)[-1].index
            self.flow += (token.name in _FLOW_STARTS) - (token.name in _FLOW_ENDS)
            behind.append(token)
            between = []

    def comments_behind(self, behind: list[Token], mark: int) -> int:
        """Take the comments from the last token to the next one.

        Gives where looking for what stands on lines of its own began. `mark` is the index of the
        token that takes up what stands on the same line.
        """
        self.leave(behind[-1])
        if behind[-1].name not in _WITHOUT_LINE:
            self.behind(mark)
        scanned = self.at
        self.gap(scanned, behind)
        return scanned

    def leave(self, token: Token) -> None:
        """Go behind a token, and behind the white space that belongs to its scanning."""
        self.at, self.newlines = token.end, 0
        blank = " \t" if token.plain else " " if token.block else ""
        if token.plain or token.block:
            if token.block:
                if header := _HEADER.match(self.text, token.index):
                    self.comments.append(
                        Comment(token.index, start=header.start(1), line=header[1])
                    )
                written = self.text[token.index : token.end]
                self.at -= len(written) - len(written.rstrip(" " + BREAKS))
            while self.peeked(0) in blank + BREAKS and self.peeked(0):
                self.newlines += self.peeked(0) in BREAKS
                self.at += 2 if self.text.startswith("\r\n", self.at) else 1

    def peeked(self, ahead: int) -> str:
        """Return a character further on; empty behind the text's end."""
        return self.text[self.at + ahead : self.at + ahead + 1]

    def line_of(self, at: int) -> int:
        return bisect_right(self.line_starts, at) - 1

    def column_of(self, at: int) -> int:
        return at - self.line_starts[self.line_of(at)]

    def line_end(self, at: int) -> int:
        match = _LINE.search(self.text, at)
        return match.start() if match else len(self.text)

    def behind(self, mark: int) -> None:
        """Take the comment that stands behind a token on its line."""
        if self.newlines:
            return
        start = self.at
        while self.text[start : start + 1] in (" ", "\t") and start - self.at < _PEEK:
            start += 1
        if self.text[start : start + 1] == "#":
            end = self.line_end(start)
            self.comments.append(Comment(mark, start=start, line=self.text[start:end]))
            self.at = end

    def gap(self, scanned: int, behind: list[Token]) -> None:
        """Go on to the next token, taking the comments on the way."""
        while True:
            while self.peeked(0) in (" ", "\t", "\ufeff"):
                self.at += 1
            if self.peeked(0) == "#":
                _Lines(self, scanned, behind).take()
            if not self.peeked(0) or self.peeked(0) not in BREAKS:
                return
            self.at += 2 if self.text.startswith("\r\n", self.at) else 1
            self.newlines += 1

    def unroll(self, ends: list[Token], upto: Token, scanned: int) -> None:
        """Say where the blocks end that the next token closes.

        A block ends where the comments begin that are indented like its content, since these
        are its own and not its parent's.
        """
        mark = scanned - 1
        closing = upto.name in ("StreamEnd", "DocumentStart", "DocumentEnd")
        for end in ends:
            indent = self.indents.pop()
            if closing and indent <= upto.column:
                mark, closing = self.at - 1, False
            stop = mark
            for comment in reversed(self.comments):
                if comment.end < stop:
                    break
                if comment.column == indent + 1:
                    mark = comment.start
                stop = comment.scanned
            end.index = mark


class _Lines:
    """Takes the comment lines between two tokens, and says of each block whose it is."""

    def __init__(self, scanner: _Scanner, scanned: int, behind: list[Token]) -> None:
        self.scanner = scanner
        self.scanned = scanned
        owner = behind[-1]
        if owner.name == "FlowEntry" and len(behind) > 1:
            owner = behind[-2]
        self.owner = owner
        self.token_index = owner.index
        self.lines: list[str] = []
        self.text = ""
        self.start = self.start_line = self.start_column = 0
        self.line = scanner.line_of(scanner.at)
        self.column = scanner.column_of(scanner.at)
        self.ahead = 0

    def take(self) -> None:
        scanner = self.scanner
        first_empty, recent_empty = scanner.newlines <= 1, False
        foot_line = self.foot_line()
        while self.ahead < _PEEK:
            self.column += 1
            character = scanner.peeked(self.ahead)
            if character in (" ", "\t"):
                self.ahead += 1
                continue
            closes = scanner.flow > 0 and character in ("]", "}")
            if closes or not character or character in BREAKS:
                if closes or not recent_empty:
                    self.pause(closes=closes, first_empty=first_empty, foot_line=foot_line)
                if not character or character not in BREAKS:
                    break
                first_empty, recent_empty = False, True
                self.column = 0
                self.line += 1
                self.ahead += 1
                continue
            if self.text and self.column - 1 < self.indent() and self.column != self.start_column:
                self.close_foot()
            if character != "#":
                break
            recent_empty = False
            self.read_line()
        if self.text:
            self.add(head=self.text, token_index=self.start, end=scanner.at + self.ahead - 1)

    def indent(self) -> int:
        return max(self.scanner.indents[-1], 0) if self.scanner.indents else 0

    def foot_line(self) -> int:
        """Return the line on which a comment must begin to be the foot of what stands above."""
        scanner = self.scanner
        if scanner.line_of(self.scanned) == 0:
            return -1
        line = self.line - scanner.newlines + 1
        return line + (scanner.newlines == 0 and self.column > 1)

    def pause(self, *, closes: bool, first_empty: bool, foot_line: int) -> None:
        """End a block of lines at an empty line or a closing bracket, where it is a foot."""
        dedented = self.start_column - 1 < self.indent()
        below = self.start_line == foot_line and self.owner.name != "Value"
        if closes or (first_empty and (below or dedented)):
            if self.text:
                if dedented:
                    self.token_index = self.start
                self.close_foot()
        elif self.text and self.scanner.peeked(self.ahead):
            self.text += "\n"

    def close_foot(self) -> None:
        end = self.scanner.at + self.ahead
        self.add(foot=self.text, token_index=self.token_index, end=end)
        self.scanned = self.token_index = end
        self.text = ""

    def read_line(self) -> None:
        scanner = self.scanner
        start = scanner.at + self.ahead
        end = scanner.line_end(start)
        if self.text:
            self.text += "\n"
        else:
            self.start, self.start_line, self.start_column = start, self.line, self.column
        self.text += scanner.text[start:end]
        scanner.at, scanner.newlines = end, 0
        self.ahead, self.column, self.line = 1, 0, scanner.line_of(end)

    def add(self, *, token_index: int, end: int, head: str = "", foot: str = "") -> None:
        self.scanner.comments.append(
            Comment(token_index, self.scanned, self.start, end, self.start_column, head, "", foot)
        )
