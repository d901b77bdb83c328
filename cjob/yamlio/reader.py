"""YAML text to PyYAML's nodes, with the tags of YAML 1.2: scalars stay source text until asked for.

Reads the first document of a text. The parser is libyaml if PyYAML was built with it. Limits keep
what is read within the recursion that later steps use. Pure.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from cjob.reporting.errors import InputError
from cjob.yamlio.nodes import BOOL, FLOAT, INT, MAP, NULL, SEQ, STANDARD, STR, TIMESTAMP, place
from cjob.yamlio.scalars import tag_1_2

SIZE_LIMIT = 1_000_000
"""Characters of a file: CloudFormation takes no template longer than this."""
DEPTH_LIMIT = 200
"""Levels of mappings and sequences in a document."""
NODE_LIMIT = 100_000
"""Nodes in a document, each counted as often as aliases repeat it."""

_SEPARATOR = re.compile(r"^(?:---|\.\.\.)", re.MULTILINE)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SURROGATE = "[\ud800-\udfff]"

_SYNTAX_HINTS = (
    ("cannot start any token", "put a string that starts with this character in quotes"),
    ("alphabetic or numeric character", "put a string that starts with '*' or '&' in quotes"),
    (
        "mapping values are not allowed",
        "put a string that contains ': ' in quotes, or check the indentation",
    ),
    ("did not find expected key", "check the indentation of this line and of those above it"),
    ("unexpected end of stream", "a quote or bracket is opened and never closed"),
    ("escape", "in double quotes write '\\\\' for a backslash, or use single quotes"),
)


def compose(text: str, file: str) -> Node | None:
    """Return the first document of a text as nodes; None if there are only comments.

    Scalars have the tags that YAML 1.2 gives to their source text; all keys are scalars. `file` is
    for messages. Raises InputError on a syntax error, on a key that is a sequence or a mapping, and
    on a text that is too long, too deep or repeated too often by aliases.
    """
    text = text.removeprefix("\ufeff")
    if len(text) > SIZE_LIMIT:
        raise InputError(
            f"the file has {len(text)} characters, more than {SIZE_LIMIT}",
            hint="CloudFormation accepts no template that long, and a manifest is part of it",
            place=file,
        )
    with syntax_errors(text, file):
        return _Composer(file).document(yaml.parse(text, Loader=_LOADER))


def compose_if_valid(text: str) -> Node | None:
    """Return the first document of a text as nodes; None if there is none that can be read."""
    try:
        return compose(text, "")
    except InputError:
        return None


def second_document(text: str) -> Node | None:
    """Return a node at the place where a second document begins; None if there is none."""
    if not _SEPARATOR.search(text):
        return None
    begun = 0
    try:
        for event in yaml.parse(text.removeprefix("\ufeff"), Loader=_LOADER):
            begun += isinstance(event, yaml.DocumentStartEvent)
            if begun > 1:
                return ScalarNode(STR, "", _mark(event.start_mark))
    except (yaml.YAMLError, UnicodeError):
        return None  # the first document was read; what follows it does not matter
    return None


@contextmanager
def syntax_errors(text: str, file: str) -> Iterator[None]:
    """Raise what the parser raises as InputError, with its place in the text and a hint."""
    try:
        yield
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, text, file) from None
    except yaml.reader.ReaderError as error:
        raise InputError(
            "not valid YAML: a character that is not allowed in text",
            hint="save the file as UTF-8 without control characters",
            place=_place_of_offset(text, error.position, file),
        ) from None
    except UnicodeEncodeError as error:
        raise InputError(
            "not valid YAML: half of a surrogate pair",
            hint="save the file as UTF-8",
            place=_place_of_offset(text, error.start, file),
        ) from None


def too_deep(where: str) -> InputError:
    """Return the error that a document has too many levels."""
    return InputError(
        f"nested more than {DEPTH_LIMIT} levels deep",
        hint="no manifest or template is that deep; look for a loop in what wrote it",
        place=where,
    )


class _Open:
    """A sequence or mapping that is being read."""

    __slots__ = ("anchor", "children", "height", "node", "weight")

    def __init__(self, node: MappingNode | SequenceNode, anchor: str | None) -> None:
        self.node = node
        self.anchor = anchor
        self.children: list[Node] = []
        self.weight = self.height = 1


class _Composer:
    """Builds nodes from events, without recursion, and counts what aliases repeat."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.open: list[_Open] = []
        # An anchor has no node until its content is complete: an alias inside it would never end.
        self.anchors: dict[str, tuple[Node | None, int, int]] = {}
        self.root: Node | None = None

    def document(self, events: Iterator[yaml.Event]) -> Node | None:
        for event in events:
            if isinstance(event, yaml.ScalarEvent):
                self._add(self._scalar(event), event.anchor, 1, 0)
            elif isinstance(event, yaml.MappingStartEvent):
                self._begin(event, MappingNode(event.tag or MAP, [], _mark(event.start_mark)))
            elif isinstance(event, yaml.SequenceStartEvent):
                self._begin(event, SequenceNode(event.tag or SEQ, [], _mark(event.start_mark)))
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                self._end(event)
            elif isinstance(event, yaml.AliasEvent):
                self._add(*self._alias(event))
            elif isinstance(event, yaml.DocumentEndEvent):
                break
        if isinstance(self.root, ScalarNode) and self.root.tag == NULL and not self.root.value:
            return None
        return self.root

    def _begin(self, event: yaml.CollectionStartEvent, node: MappingNode | SequenceNode) -> None:
        node.flow_style = event.flow_style
        self._check_depth(1, node)
        if event.anchor is not None:
            self.anchors[event.anchor] = (None, 0, 0)
        self.open.append(_Open(node, event.anchor))

    def _end(self, event: yaml.CollectionEndEvent) -> None:
        done = self.open.pop()
        node, children = done.node, done.children
        node.end_mark = event.end_mark
        if isinstance(node, MappingNode):
            pairs = iter(children)
            node.value = list(zip(pairs, pairs, strict=True))
            self._check_keys(children[::2])
        else:
            node.value = children
        self._add(node, done.anchor, done.weight, done.height)

    def _check_keys(self, keys: list[Node]) -> None:
        for key in keys:
            if not isinstance(key, ScalarNode):
                raise InputError(
                    "a key must be a string",
                    hint="write it in one word",
                    place=place(self.file, key),
                )

    def _check_depth(self, height: int, node: Node) -> None:
        if len(self.open) + height > DEPTH_LIMIT:
            raise too_deep(place(self.file, node))

    def _add(self, node: Node, anchor: str | None, weight: int, height: int) -> None:
        if anchor is not None:
            self.anchors[anchor] = (node, weight, height)
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        parent.children.append(node)
        parent.height = max(parent.height, height + 1)
        parent.weight += weight
        if parent.weight > NODE_LIMIT:
            raise InputError(
                f"more than {NODE_LIMIT} values, counting what aliases repeat",
                hint="use fewer aliases of aliases",
                place=place(self.file, parent.node),
            )

    def _scalar(self, event: yaml.ScalarEvent) -> ScalarNode:
        value, tag = event.value, event.tag
        if tag is None:
            if not event.implicit[0]:
                tag = STR
            elif not value and self.open and self.open[-1].node.flow_style:
                # Copilot writes an empty value in brackets as '' before it reads it again.
                tag = STR
            else:
                tag = tag_1_2(value)
        node = ScalarNode(tag, value, _mark(event.start_mark), _mark(event.end_mark), event.style)
        if event.tag is not None:
            self._check_explicit_tag(node)
        if not value.isascii() and re.search(_SURROGATE, value):
            message = "not valid YAML: half of a surrogate pair"
            raise InputError(
                message, hint="write the character itself", place=place(self.file, node)
            )
        return node

    def _check_explicit_tag(self, node: ScalarNode) -> None:
        if node.tag not in {INT, FLOAT, BOOL, NULL, TIMESTAMP}:
            return
        found = tag_1_2(node.value)
        if found != node.tag and not (node.tag == FLOAT and found == INT):
            kind = node.tag.removeprefix(STANDARD)
            raise InputError(
                f"{node.value!r} is not a valid !!{kind}",
                hint="leave the tag out",
                place=place(self.file, node),
            )

    def _alias(self, event: yaml.AliasEvent) -> tuple[Node, None, int, int]:
        mark = _mark(event.start_mark)
        where = f"{self.file}:{mark.line + 1}:{mark.column + 1}"
        if event.anchor not in self.anchors:
            raise InputError(
                f"there is no anchor {event.anchor!r} before this alias",
                hint="put a string that starts with '*' in quotes, or define the anchor above",
                place=where,
            )
        node, weight, height = self.anchors[event.anchor]
        if node is None:
            raise InputError(
                f"the content of anchor {event.anchor!r} contains itself",
                hint="an alias can only repeat a value that ends above it",
                place=where,
            )
        # What an alias repeats adds its own levels to those around the alias.
        self._check_depth(height, self.open[-1].node if self.open else node)
        return node, None, weight, height


def _mark(mark: object) -> yaml.Mark:
    # libyaml's marks are of another class with the same attributes.
    return cast("yaml.Mark", mark)


def _syntax_error(error: yaml.MarkedYAMLError, text: str, file: str) -> InputError:
    problem = error.problem or error.context or "cannot be read"
    context = f" {error.context}" if error.context and error.problem else ""
    mark = error.problem_mark or error.context_mark
    where = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
    described = problem + context
    if "maximum nesting depth" in described:  # libyaml has a limit of its own
        return too_deep(where)
    hint = next(
        (hint for part, hint in _SYNTAX_HINTS if part in described),
        "check the quotes, brackets and indentation here and just above",
    )
    if mark and text[mark.index : mark.index + 1] == "\t":
        hint = "use spaces, not tabs, for indentation"
    return InputError(f"not valid YAML: {described}", hint=hint, place=where)


def _place_of_offset(text: str, offset: int, file: str) -> str:
    before = text[:offset]
    line = before.count("\n") + 1
    return f"{file}:{line}:{offset - (before.rfind(chr(10)) + 1) + 1}"
