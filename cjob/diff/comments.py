"""Which comments belong to which node, told from a document's text.

libyaml drops comments, and a printed value keeps those that it was written with. So they are
found again here, where they matter: the scanner's tokens say where content stands, and what lies
between is read for comments. Whose a comment is follows yaml.v3, which Copilot prints with:

- behind something on its line: a `line` comment of that;
- directly below something, with an empty line after, or further left than what follows: its `foot`;
- else the `head` of what comes next.

Takes a Document and fills in its nodes' `comments`; touches nothing else.
"""

from dataclasses import dataclass

from cjob.diff.nodes import Comments, Document, Node
from cjob.diff.tokens import Comment, Token, scan

_CONTENT_ENDS = frozenset({"Key", "Value", "BlockEnd"})
_DOCUMENT_ENDS = frozenset({"Directive", "DocumentStart", "DocumentEnd", "StreamEnd"})


def attach(document: Document) -> Comments:
    """Fill in the comments of every node, and give those of the document itself."""
    if document.root is None:
        return Comments()
    return _Parser(*scan(document.text)).document(document.root)


@dataclass(slots=True)
class _Waiting:
    """Comments that were met and belong to whatever is finished next."""

    head: str = ""
    line: str = ""
    foot: str = ""
    stem: str = ""


class _Parser:
    """Follows the tokens as a parser does, beside the nodes that were made of them."""

    def __init__(self, tokens: list[Token], comments: list[Comment]) -> None:
        self.tokens = tokens
        self.comments = comments
        self.at = 0
        self.next_comment = 0
        self.waiting = _Waiting()

    def peek(self) -> str:
        """Return the next token's name, after taking up the comments that it reaches."""
        token = self.tokens[self.at]
        waiting = self.waiting
        while self.next_comment < len(self.comments):
            comment = self.comments[self.next_comment]
            if token.index < comment.token_index or (comment.head and token.name == "BlockEnd"):
                break
            waiting.head = _joined(waiting.head, comment.head)
            waiting.foot = _joined(waiting.foot, comment.foot)
            waiting.line = _joined(waiting.line, comment.line)
            self.next_comment += 1
        return token.name

    def take(self) -> str:
        """Go behind the next token and give the name of the one after it."""
        self.at += 1
        return self.peek()

    def finish(self) -> Comments:
        """Return the comments that wait, to what is finished now."""
        found = Comments(self.waiting.head, self.waiting.line, self.waiting.foot)
        self.waiting = _Waiting()
        return found

    def document(self, root: Node) -> Comments:
        self.peek()
        name = self.take()
        whole = Comments()
        if name in ("Directive", "DocumentStart"):
            while name == "Directive":
                name = self.take()
            name = self.take()
        else:
            whole.head = self.above_all()
        if name not in _DOCUMENT_ENDS:
            self.node(root, indentless=False)
        if self.peek() == "DocumentEnd":
            self.at += 1
        end = self.finish()
        whole.foot = end.foot or end.head
        return whole

    def above_all(self) -> str:
        """Split off what stands above the last empty line before the first value."""
        head = self.waiting.head
        for at in range(len(head) - 1, 0, -1):
            if head[at] == "\n" and (at == len(head) - 1 or head[at - 1] == "\n"):
                self.waiting.head = head[at + 1 :]
                return head[:at] if at == len(head) - 1 else head[: at - 1]
        return ""

    def node(self, node: Node, *, indentless: bool) -> None:
        name = self.peek()
        while name in ("Anchor", "Tag"):
            name = self.take()
        if name in ("Alias", "Scalar"):
            node.comments = self.finish()
            self.at += 1
        elif indentless and name == "BlockEntry":
            node.comments = Comments()
            self.block_items(node, frozenset({"BlockEntry", *_CONTENT_ENDS}))
        elif name == "FlowSequenceStart":
            node.comments = Comments(head=self.finish().head)
            self.flow_list(node)
        elif name == "FlowMappingStart":
            node.comments = Comments(head=self.finish().head)
            self.flow_map(node)
        elif name in ("BlockSequenceStart", "BlockMappingStart"):
            node.comments = Comments(head=self.waiting.stem)
            self.waiting.stem = ""
            self.take()
            if name == "BlockMappingStart":
                self.block_map(node)
            else:
                self.block_items(node, frozenset({"BlockEntry", "BlockEnd"}))
                self.at += 1

    def block_items(self, node: Node, ends: frozenset[str]) -> None:
        for item in node.items:
            self.peek()
            before = self.waiting.head
            self.at += 1
            if before:
                self.split_stem(before)
            if self.peek() not in ends:
                self.node(item, indentless=False)
        self.peek()

    def split_stem(self, before: str) -> None:
        """Put a comment above a dash aside for the list or map that begins behind it."""
        if self.peek() in ("BlockSequenceStart", "BlockMappingStart"):
            self.waiting.stem = before
            self.waiting.head = self.waiting.head[len(before) + 1 :]

    def block_map(self, node: Node) -> None:
        prior: Node | None = None
        for key, value in zip(node.keys, node.items, strict=True):
            self.peek()
            if self.take() not in _CONTENT_ENDS:
                self.node(key, indentless=True)
            foot = _foot(key)
            if foot and prior:
                prior.comments = _with_foot(prior, foot)
                key.comments = _with_foot(key, "")
            if self.peek() == "Value" and self.take() not in _CONTENT_ENDS:
                self.node(value, indentless=True)
            _raise_foot(key, value)
            prior = key
        self.peek()
        end = self.finish()
        self.at += 1
        if end.foot and prior:
            prior.comments = _with_foot(prior, end.foot)
            end.foot = ""
        _close(node, end)

    def flow_list(self, node: Node) -> None:
        self.take()
        for item in node.items:
            if self.peek() == "FlowEntry":
                self.take()
            if self.peek() == "Key":
                self.pair(item)
            else:
                self.node(item, indentless=False)
        self.end_flow(node)

    def pair(self, node: Node) -> None:
        """Follow a map of one entry that stands in a flow list without braces."""
        node.comments = Comments()
        self.take()
        self.flow_entry(node.keys[0], node.items[0], "FlowSequenceEnd")
        self.peek()

    def flow_map(self, node: Node) -> None:
        self.take()
        for key, value in zip(node.keys, node.items, strict=True):
            if self.peek() == "FlowEntry":
                self.take()
            if self.peek() == "Key":
                self.take()
                self.flow_entry(key, value, "FlowMappingEnd")
            else:
                self.node(key, indentless=False)
                self.peek()
                _raise_foot(key, value)
        self.end_flow(node)

    def flow_entry(self, key: Node, value: Node, end: str) -> None:
        if self.peek() not in ("Value", "FlowEntry", end):
            self.node(key, indentless=False)
        if self.peek() == "Value" and self.take() not in ("FlowEntry", end):
            self.node(value, indentless=False)
        _raise_foot(key, value)

    def end_flow(self, node: Node) -> None:
        if self.peek() == "FlowEntry":
            self.take()
        _close(node, self.finish())
        self.at += 1


def _joined(first: str, second: str) -> str:
    return f"{first}\n{second}" if first and second else first or second


def _foot(node: Node) -> str:
    return node.comments.foot if node.comments else ""


def _with_foot(node: Node, foot: str) -> Comments:
    was = node.comments or Comments()
    return Comments(was.head, was.line, foot)


def _raise_foot(key: Node, value: Node) -> None:
    """Keep a value's foot with its key, since it stands below the whole entry."""
    if _foot(value) and not _foot(key):
        key.comments = _with_foot(key, _foot(value))
        value.comments = _with_foot(value, "")


def _close(node: Node, end: Comments) -> None:
    node.comments = Comments(node.comments.head if node.comments else "", end.line, end.foot)
