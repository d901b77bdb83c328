"""`${NAME}` in patches and addons: it is replaced in manifests only.

Takes the text of a file, returns warnings. Touches nothing. What CloudFormation replaces (`!Sub`),
programs (texts of several lines) and definitions with substitutions of their own are passed over.
"""

import re
from collections.abc import Collection, Iterator

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from cjob.reporting.errors import InputError
from cjob.reporting.findings import Finding
from cjob.yamlio import nodes, reader

_VARIABLE = re.compile(r"\$\{([_a-zA-Z][_a-zA-Z0-9]*)\}")
_OF_PROCESS = re.compile(r"[A-Z_][A-Z0-9_]*")
_SUBSTITUTES = frozenset(("Fn::Sub", "DefinitionString", "Definition", "UserData", "ZipFile"))


def problems(text: str, file: str, variables: Collection[str] | None = None) -> Iterator[Finding]:
    """Yield each text with a variable.

    `variables` are those that a manifest could use; without them, and without those that look like
    a variable of a process, a text may be meant for others. Without any, all names count.
    """
    try:
        root = reader.compose(text, file)
    except InputError:  # has its own message
        return
    if root is not None:
        for node in _texts(root):
            for name in dict.fromkeys(_VARIABLE.findall(node.value)):
                if variables is None or name in variables or _OF_PROCESS.fullmatch(name):
                    message = f"'${{{name}}}' is not substituted here: variables are for manifests"
                    hint = "write the value, or a function such as !Sub '${AWS::Region}'"
                    yield Finding(message, hint, nodes.place(file, node))


def _texts(node: Node) -> Iterator[ScalarNode]:
    """Yield the strings in which nothing replaces variables."""
    if node.tag == "!Sub":
        return
    if isinstance(node, MappingNode):
        path = next((value.value for key, value in node.value if key.value == "path"), "")
        if isinstance(path, str) and not _SUBSTITUTES.isdisjoint(path.split("/")):
            return  # a patch of what is replaced by others
        for key, value in node.value:
            if key.value not in _SUBSTITUTES:
                yield from _texts(value)
    elif isinstance(node, SequenceNode):
        for item in node.value:
            yield from _texts(item)
    elif isinstance(node, ScalarNode) and "\n" not in node.value:
        yield node
