"""HTML elements, in a tree that escapes whatever text and attributes hold when it is written.

The tree is the standard library's ElementTree; this adds children that are text, and attributes
that are named as Python names them: `class_`, `aria_label`.
"""

from xml.etree import ElementTree as ET

from cjob.reporting.printable import one_line

Element = ET.Element
Content = Element | str


def element(tag: str, /, *content: Content, **attributes: str) -> Element:
    """Return an element; control characters in its text and attributes become visible."""
    named = {key.rstrip("_").replace("_", "-"): one_line(a) for key, a in attributes.items()}
    return extended(Element(tag, named), *content)


def extended(parent: Element, *content: Content) -> Element:
    """Add to an element's content and return it."""
    for child in content:
        if isinstance(child, Element):
            parent.append(child)
        elif len(parent):
            parent[-1].tail = (parent[-1].tail or "") + one_line(child)
        else:
            parent.text = (parent.text or "") + one_line(child)
    return parent


def breakable(parent: Element, text: str, after: str) -> Element:
    """Add a text that may be broken into lines after each of a character, and return the parent."""
    first, *more = text.split(after)
    extended(parent, first)
    for part in more:
        extended(parent, after, Element("wbr"), part)
    return parent


def document(root: Element) -> str:
    """Return the document with a root element, each block on a line of its own."""
    for block in root.iter():
        if block.tag in ("meta", "title", "style", "header", "tbody", "tr", "table", "main", "g"):
            block.tail = "\n"
    return "<!DOCTYPE html>\n" + ET.tostring(root, encoding="unicode", method="html")
