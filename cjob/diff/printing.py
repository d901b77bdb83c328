"""Nodes as YAML text in Copilot's layout: yaml.v3's, four spaces a level. Pure.

Quotes, tags, anchors, brackets and the order of keys stay as written; indentation, line breaks and
what must be quoted are decided by the writer.
"""

from urllib.parse import quote

from cjob.diff.nodes import Node, is_merge, list_of, map_of
from cjob.yamlio import styles
from cjob.yamlio.nodes import STANDARD, STR
from cjob.yamlio.scalars import tag_1_2
from cjob.yamlio.writer import Layout

_STEP = 4
_TAG_SAFE = ";/?:@&=+$,_.~*'()[]-"


def document_text(root: Node) -> str:
    """Return a whole document's text, which ends with a line break."""
    return _LAYOUT.document(root)


def entry_text(key: str, value: Node) -> str:
    """Return the text of a mapping of one entry; its key is quoted if it would not be a string."""
    style = "|" if "\n" in key else "" if tag_1_2(key) == STR or key == "<<" else '"'
    return document_text(map_of(Node(key, style), value))


def item_text(value: Node) -> str:
    """Return the text of a sequence of one item."""
    return document_text(list_of(value))


def _scalar(node: Node, margin: str, flow: bool, key: bool) -> str:  # noqa: FBT001 - a Layout's function
    if node.id == "alias":
        return "*" + node.text
    wanted = node.style or (styles.LITERAL if "\n" in node.text else styles.PLAIN)
    style = styles.allowed(node.text, wanted, flow=flow, key=key)
    text = styles.written(node.text, style, margin=margin, step=_STEP, as_yaml_v3=True)
    return _properties(node) + text if text else _properties(node).rstrip()


def _properties(node: Node) -> str:
    """Return a node's anchor and tag; a merge key's tag is always written."""
    tag = STANDARD + "merge" if is_merge(node) else node.tag
    return (f"&{node.anchor} " if node.anchor else "") + (f"{_tag(tag)} " if tag else "")


def _tag(tag: str) -> str:
    if tag.startswith("!"):
        return "!" + quote(tag[1:], safe=_TAG_SAFE)
    if tag.startswith(STANDARD):
        return "!!" + quote(tag.removeprefix(STANDARD), safe=_TAG_SAFE)
    return f"!<{quote(tag, safe=_TAG_SAFE)}>"


_LAYOUT = Layout(_STEP, _scalar, _properties)
