"""YAML as the manifest's reader knows it: a scalar stays source text until a type is asked for.

Takes text, gives PyYAML's nodes with their places, and reads single scalars as text, whole number
or boolean. The rules are those of Copilot's YAML reader: YAML 1.2, with the 1.1 spellings of
booleans and octal numbers where such a value is expected. Only the first document of a text counts.
Touches nothing.
"""

import base64
import binascii
import math
import re
from collections.abc import Iterator
from typing import NamedTuple, cast

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from cjob.reporting.errors import InputError

_PREFIX = "tag:yaml.org,2002:"
STR = _PREFIX + "str"
INT = _PREFIX + "int"
FLOAT = _PREFIX + "float"
BOOL = _PREFIX + "bool"
NULL = _PREFIX + "null"
MERGE = _PREFIX + "merge"
BINARY = _PREFIX + "binary"
TIMESTAMP = _PREFIX + "timestamp"
MAP = _PREFIX + "map"
SEQ = _PREFIX + "seq"

SIZE_LIMIT = 1_000_000
"""Characters in a file: CloudFormation takes no template longer than this."""
DEPTH_LIMIT = 200
NODE_LIMIT = 100_000
"""Nodes in a document, each counted as often as aliases repeat it."""

_SEPARATOR = re.compile(r"^(?:---|\.\.\.)", re.MULTILINE)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_CONSTANTS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), NULL),
    **dict.fromkeys(("true", "True", "TRUE", "false", "False", "FALSE"), BOOL),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), FLOAT),
    **{sign + word: FLOAT for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")},
    "<<": MERGE,
}
_NUMBER_START = frozenset("0123456789+-.")
_INTEGER = re.compile(
    r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)", re.ASCII
)
# Rare enough to be compiled only when one is met.
_DECIMAL = r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
_DATE = (
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
    r"(?:[Tt ][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:\.[0-9]+)?(?:Z|[-+][0-9]{2}:[0-9]{2})?)?"
)
_BASES = {"x": 16, "b": 2, "o": 8}
_INT64 = 2**63
_UINT64 = 2**64
_TRUE_WORDS = frozenset(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON"))
_FALSE_WORDS = frozenset(("n", "N", "no", "No", "NO", "off", "Off", "OFF"))
_SURROGATE = "[\ud800-\udfff]"

_SYNTAX_HINTS = (
    ("cannot start any token", "put a text that starts with this character in quotes"),
    ("alphabetic or numeric character", "put a text that starts with '*' or '&' in quotes"),
    (
        "mapping values are not allowed",
        "put a text with ': ' in it in quotes, or check the indentation",
    ),
    ("did not find expected key", "check the indentation of this line and of those above it"),
    ("unexpected end of stream", "a quote or bracket is opened and never closed"),
    ("escape", "in double quotes write '\\\\' for a backslash, or use single quotes"),
)


class Fault(NamedTuple):
    """Something wrong with one node; `hard` faults are not forgiven by another form of a field."""

    node: Node
    message: str
    hint: str = ""
    hard: bool = False


class Entry(NamedTuple):
    """One key of a mapping with its value."""

    key: str
    key_node: Node
    value: Node


def place(file: str, node: Node) -> str:
    """Return `file:line:column` of a node, both counted from 1."""
    return f"{file}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"


def compose(text: str, file: str) -> Node | None:
    """Read the first document of a text into nodes; None where there is nothing but comments.

    Scalars carry the tag that YAML 1.2 gives their source text; all keys are scalars. `file` is for
    messages. Raises InputError on a syntax error, on a key that is a list or a map, and on a text
    too large, too deep or too often aliased to be read.
    """
    text = text.removeprefix("\ufeff")
    if len(text) > SIZE_LIMIT:
        raise InputError(
            f"the file has {len(text)} characters, more than {SIZE_LIMIT}",
            hint="CloudFormation takes no template that long, and a manifest is part of it",
            place=file,
        )
    try:
        return _Composer(file).document(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, text, file) from None
    except yaml.reader.ReaderError as error:
        where = _place_of_offset(text, error.position, file)
        raise InputError(
            "not valid YAML: a character that a text file can't have",
            hint="save the file as UTF-8 without control characters",
            place=where,
        ) from None
    except UnicodeEncodeError as error:
        raise InputError(
            "not valid YAML: half of a surrogate pair",
            hint="save the file as UTF-8",
            place=_place_of_offset(text, error.start, file),
        ) from None


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
        return None  # behind the first document, which was read, anything may stand
    return None


def entries(node: MappingNode, faults: list[Fault]) -> list[Entry]:
    """List a mapping's keys in order, `<<` merged in; faults are appended to `faults`.

    Keys written in the mapping win over merged ones, an earlier merged mapping over a later one.
    A key that is there twice and a `<<` of anything but mappings are faults.
    """
    own: dict[str, Entry] = {}
    merged: list[Node] = []
    for key_node, value in node.value:
        key = "" if key_node.tag == NULL else key_node.value
        if key in own:
            first = own[key].key_node.start_mark.line + 1
            again = key_node.start_mark.line + 1
            message = f"{key!r} is there twice, in line {first} and in line {again}"
            faults.append(Fault(key_node, message, "remove one of them"))
        elif key_node.tag == MERGE:
            own[key] = Entry(key, key_node, value)
            merged.append(value)
        else:
            own[key] = Entry(key, key_node, value)
    if merged:
        del own["<<"]
        for source in _merge_sources(merged[0], faults):
            for entry in entries(source, faults):
                own.setdefault(entry.key, entry)
    return list(own.values())


def as_text(node: ScalarNode) -> str | None:
    """Read a scalar as text: its source text, whatever it looks like; `!!binary` is decoded.

    None where there is none: bytes that are no base64 or no UTF-8.
    """
    if node.tag != BINARY:
        return str(node.value)
    try:
        return base64.b64decode(node.value.replace("\n", ""), validate=True).decode()
    except (binascii.Error, ValueError):
        return None


def as_integer(node: ScalarNode) -> int | None:
    """Read a scalar as a whole number; a fraction is cut off. None where it is no 64-bit number."""
    plain = node.value.replace("_", "")
    if node.tag == INT:
        number = _integer(plain)
        return number if number is not None and number < _INT64 else None
    if node.tag != FLOAT:
        return None
    whole = _integer(plain)
    value = float(whole) if whole is not None else _float(plain)
    if not math.isfinite(value) or not -_INT64 <= value < _INT64:
        return None
    return int(value)


def as_boolean(node: ScalarNode) -> bool | None:
    """Read a scalar as a boolean; the words of YAML 1.1 (`yes`, `off`) count, also in quotes."""
    if node.tag == BOOL:
        return bool(node.value.lower() == "true")
    if node.tag.startswith(_PREFIX) and node.tag != STR:
        return None
    if node.value in _TRUE_WORDS:
        return True
    return False if node.value in _FALSE_WORDS else None


def plain_tag(value: str) -> str:
    """Return the tag of an unquoted scalar."""
    constant = _CONSTANTS.get(value)
    if constant is not None:
        return constant
    if value[0] not in _NUMBER_START:
        return STR
    if value[0] == ".":
        return FLOAT if re.fullmatch(_DECIMAL, value) else STR
    if value[4:5] == "-" and re.fullmatch(_DATE, value):
        return TIMESTAMP
    plain = value.replace("_", "")
    if _integer(plain) is not None:
        return INT
    return FLOAT if re.fullmatch(_DECIMAL, plain) and math.isfinite(float(plain)) else STR


def _integer(plain: str) -> int | None:
    # Longer than any 64-bit number in any base; Python would refuse thousands of digits.
    if len(plain) > len("-0b") + 64 or not _INTEGER.fullmatch(plain):
        return None
    digits = plain.lstrip("+-")
    base = _BASES.get(digits[1:2].lower())
    if base is None:
        base = 8 if digits[0] == "0" and len(digits) > 1 else 10
    else:
        digits = digits[2:]
    number = int(digits, base)
    if plain[0] == "-":
        return -number if number <= _INT64 else None
    return number if number < (_INT64 if plain[0] == "+" else _UINT64) else None


def _float(plain: str) -> float:
    try:
        return float(plain)
    except ValueError:
        # The remaining spellings are .inf and .nan, in several cases and with signs.
        return math.nan


def _merge_sources(value: Node, faults: list[Fault]) -> list[MappingNode]:
    listed = value.value if isinstance(value, SequenceNode) else [value]
    for source in listed:
        if not isinstance(source, MappingNode):
            hint = "write '<<: *anchor' or '<<: [*one, *other]', with anchors of sections"
            faults.append(Fault(source, "'<<' can only merge sections", hint, hard=True))
    return [source for source in listed if isinstance(source, MappingNode)]


class _Open:
    """A list or map that is being read."""

    __slots__ = ("anchor", "children", "height", "node", "weight")

    def __init__(self, node: MappingNode | SequenceNode, anchor: str | None) -> None:
        self.node = node
        self.anchor = anchor
        self.children: list[Node] = []
        self.weight = self.height = 1


class _Composer:
    """Builds nodes from events, without recursion, and counts what aliases would repeat."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.open: list[_Open] = []
        # An anchor whose content isn't complete has no node yet: an alias to it would never end.
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
                    "a key must be a text", hint="write it in one word", place=place(self.file, key)
                )

    def _check_depth(self, height: int, node: Node) -> None:
        if len(self.open) + height > DEPTH_LIMIT:
            raise _too_deep(place(self.file, node))

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
                f"more than {NODE_LIMIT} values, aliases counted as often as they repeat something",
                hint="use fewer aliases of aliases",
                place=place(self.file, parent.node),
            )

    def _scalar(self, event: yaml.ScalarEvent) -> ScalarNode:
        value, tag = event.value, event.tag
        if tag is None:
            if not event.implicit[0]:
                tag = STR
            elif not value and self.open and self.open[-1].node.flow_style:
                # Copilot writes nothing between brackets as '' before it reads it again.
                tag = STR
            else:
                tag = plain_tag(value)
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
        found = plain_tag(node.value)
        if found != node.tag and not (node.tag == FLOAT and found == INT):
            kind = node.tag.removeprefix(_PREFIX)
            raise InputError(
                f"{node.value!r} is no !!{kind}",
                hint="leave the tag out",
                place=place(self.file, node),
            )

    def _alias(self, event: yaml.AliasEvent) -> tuple[Node, None, int, int]:
        mark = _mark(event.start_mark)
        where = f"{self.file}:{mark.line + 1}:{mark.column + 1}"
        if event.anchor not in self.anchors:
            raise InputError(
                f"there is no anchor {event.anchor!r} before this alias",
                hint="put a text that starts with '*' in quotes, or define the anchor above",
                place=where,
            )
        node, weight, height = self.anchors[event.anchor]
        if node is None:
            raise InputError(
                f"the content of anchor {event.anchor!r} contains itself",
                hint="an alias can only repeat what is complete above it",
                place=where,
            )
        # What an alias repeats is as deep here as where it was written first.
        self._check_depth(height, self.open[-1].node if self.open else node)
        return node, None, weight, height


def _too_deep(where: str) -> InputError:
    return InputError(
        f"nested more than {DEPTH_LIMIT} levels deep",
        hint="no part of a manifest is that deep; look for a loop in what wrote it",
        place=where,
    )


def _mark(mark: object) -> yaml.Mark:
    # The two parsers have a class of marks each, alike in all that is used.
    return cast("yaml.Mark", mark)


def _syntax_error(error: yaml.MarkedYAMLError, text: str, file: str) -> InputError:
    problem = error.problem or error.context or "cannot be read"
    context = f" {error.context}" if error.context and error.problem else ""
    mark = error.problem_mark or error.context_mark
    where = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
    said = problem + context
    if "maximum nesting depth" in said:  # the C parser, which reads ahead, has a limit of its own
        return _too_deep(where)
    hint = next(
        (hint for part, hint in _SYNTAX_HINTS if part in said),
        "check the quotes, brackets and indentation here and just above",
    )
    if mark and text[mark.index : mark.index + 1] == "\t":
        hint = "indent with blanks: a tab can't stand here"
    return InputError(f"not valid YAML: {said}", hint=hint, place=where)


def _place_of_offset(text: str, offset: int, file: str) -> str:
    before = text[:offset]
    line = before.count("\n") + 1
    return f"{file}:{line}:{offset - (before.rfind(chr(10)) + 1) + 1}"
