"""Substitutes variables in a manifest: each `${NAME}` in a string becomes the variable's value.

Takes the manifest's text with its nodes, returns the text with the values, and changes the nodes to
match, so that places in messages stay those of the user's text. Only scalars that change are
written again; comments and layout stay. A string that is then a JSON list of strings becomes a
list. Pure.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from yaml.error import Mark
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from cjob.manifest.report import Report, quoted
from cjob.reporting.errors import InputError
from cjob.yamlio.nodes import MAP, SEQ, STR, place
from cjob.yamlio.reader import SIZE_LIMIT
from cjob.yamlio.requote import flow_sequence, requoted
from cjob.yamlio.scalars import tag_1_2

VARIABLE_LIMIT = 1000
"""Variables in one string: each is searched for in all of it."""

_VARIABLE = re.compile(r"(\\?\$\{([_a-zA-Z][_a-zA-Z0-9]*)\})")
_PROPERTIES = re.compile(r"(?:[&!]\S*+(?:\s++#.*+)?+\s++)++")
_JSON_LIST = re.compile(r"[ \t\r\n]*\[[ \t\r\n]*(?:\"|null)")


class Variables(NamedTuple):
    """The variables that a manifest can use: Copilot's, and those of the process."""

    predefined: Mapping[str, str]
    process: Mapping[str, str]


class _Edit(NamedTuple):
    start: int
    end: int
    replacement: str


def substitute(text: str, root: Node, variables: Variables, report: Report) -> str:
    r"""Substitute the variables in a text and its nodes; `root` is the text's composed node.

    Keys, comments, and scalars with explicit tags stay as they are. `\${NAME}` becomes `${NAME}`.
    Reports variables that are not defined, or defined twice with different values. Raises
    InputError if the text becomes too long.
    """
    text = text.removeprefix("\ufeff")
    edits: list[_Edit] = []
    lists: dict[int, SequenceNode] = {}
    size = len(text)
    for node, flow in _strings(root):
        value = node.value
        if "${" in value:
            value = _with_values(node, text, variables, report)
            size += max(0, len(value) - len(node.value))
            _check_size(size, node, report)
        start, end = _content(text, node)
        items = _json_list(value) if node.style != "|" and _JSON_LIST.match(value) else None
        if items:
            lists[id(node)] = _list_node(node, items, flow=flow)
            ending = "\n" if text[start:end].endswith("\n") else ""
            edits.append(_Edit(start, end, flow_sequence(lists[id(node)].value) + ending))
        elif value != node.value:
            node.value = value
            edits.append(_Edit(start, end, requoted(text[start:end], value, flow=flow)))
    if lists:
        _replace(root, lists)
    return _apply(text, edits)


def _strings(root: Node) -> Iterator[tuple[ScalarNode, bool]]:
    """Yield the scalars in which variables are substituted, and whether each is in brackets."""
    seen: set[int] = set()
    ahead: list[tuple[Node, bool]] = [(root, False)]
    while ahead:
        node, flow = ahead.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, ScalarNode):
            if node.tag == STR:
                yield node, flow
            continue
        if isinstance(node, MappingNode | SequenceNode):
            flow = flow or bool(node.flow_style)
        if isinstance(node, SequenceNode):
            ahead += [(child, flow) for child in reversed(node.value)]
        elif isinstance(node, MappingNode):
            for key, value in reversed(node.value):
                ahead.append((value, flow))
                if node.tag != MAP:
                    # Copilot substitutes in the keys of maps with an explicit tag.
                    ahead.append((key, flow))


def _with_values(node: ScalarNode, text: str, variables: Variables, report: Report) -> str:
    """Return a scalar's value with its variables replaced, one after the other, everywhere."""
    value = str(node.value)
    matches = _VARIABLE.findall(value)
    if len(matches) > VARIABLE_LIMIT:
        message = f"a string with {len(matches)} variables, more than {VARIABLE_LIMIT}"
        report.error(node, message, "split the string, or put its whole value into one variable")
        return value
    for found, name in matches:
        if found[0] == "\\":
            value = value.replace(found, found[1:])
            continue
        escape = "\\\\" if node.style == '"' else "\\"
        replacement, *problem = _value_of(name, variables, escape=escape)
        if problem:
            report.error(_at(node, text, found), *problem)
            report.suppress(node)
        # Checked first: a value that contains variables may double the string each time.
        _check_size(len(value) + value.count(found) * len(replacement), node, report)
        value = value.replace(found, replacement)
    return value


def _check_size(length: int, node: Node, report: Report) -> None:
    if length > SIZE_LIMIT:
        raise InputError(
            f"with its variables substituted, the manifest has over {SIZE_LIMIT} characters",
            hint="use shorter values: CloudFormation accepts no template that long",
            place=place(report.file, node),
        )


def _value_of(name: str, variables: Variables, *, escape: str) -> tuple[str, ...]:
    """Return a variable's value; for an error, a placeholder, the message and the hint.

    `escape` is the backslash that prevents substitution, as the string must have it.
    """
    own, given = variables.predefined.get(name), variables.process.get(name)
    value = given if own is None else own
    if value is None:
        problem = f"variable {quoted(name)} is not defined"
        return (
            "",
            problem,
            f"set {name} in the environment, or write {escape}${{{name}}} to keep it as it is",
        )
    if own is not None and given not in {None, own}:
        problem = (
            f"variable {quoted(name)} is set to {quoted(given or '')}, but must be {quoted(own)}"
        )
        return (
            own,
            problem,
            "unset it: cjob sets it from the names of the application and the environment",
        )
    if re.search("[\ud800-\udfff]", value):
        return "", f"the value of variable {quoted(name)} is not valid UTF-8", "encode it in UTF-8"
    return (value,)


def _at(node: ScalarNode, text: str, found: str) -> Node:
    """Return a node at the place of a variable, for messages."""
    mark = node.start_mark
    offset = text.find(found, mark.index, node.end_mark.index)
    if offset < 0:
        return node
    line = mark.line + text.count("\n", mark.index, offset)
    column = offset - (text.rfind("\n", 0, offset) + 1)
    here = Mark(mark.name, offset, line, column, None, 0)
    return ScalarNode(node.tag, found, here, here)


def _json_list(value: str) -> list[str] | None:
    try:
        parsed = json.loads(value)
    except (ValueError, RecursionError):
        return None
    if not isinstance(parsed, list) or not all(isinstance(i, str | None) for i in parsed):
        return None
    return [item or "" for item in parsed]


def _content(text: str, node: ScalarNode) -> tuple[int, int]:
    """Return start and end of a scalar's own text, after its anchor and tag."""
    start, end = node.start_mark.index, node.end_mark.index
    properties = _PROPERTIES.match(text, start, end)
    return (properties.end() if properties else start), end


def _list_node(node: ScalarNode, values: list[str], *, flow: bool) -> SequenceNode:
    # Items are written without quotes if possible, so some of them are read as numbers or null.
    items = [
        ScalarNode(
            STR if flow and not value else tag_1_2(value),
            value,
            node.start_mark,
            node.end_mark,
        )
        for value in values
    ]
    return SequenceNode(SEQ, items, node.start_mark, node.end_mark, flow_style=True)


def _replace(root: Node, lists: Mapping[int, SequenceNode]) -> None:
    """Replace scalars, by the ids of their nodes, with lists."""
    seen: set[int] = set()
    ahead = [root]
    while ahead:
        node = ahead.pop()
        if id(node) in seen or isinstance(node, ScalarNode):
            continue
        seen.add(id(node))
        if isinstance(node, SequenceNode):
            node.value = [lists.get(id(child), child) for child in node.value]
            ahead += node.value
        elif isinstance(node, MappingNode):
            node.value = [(key, lists.get(id(child), child)) for key, child in node.value]
            ahead += [child for _, child in node.value]


def _apply(text: str, edits: list[_Edit]) -> str:
    if not edits:
        return text
    parts: list[str] = []
    done = 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        parts += (text[done : edit.start], edit.replacement)
        done = edit.end
    return "".join((*parts, text[done:]))
