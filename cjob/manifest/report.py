"""What is found wrong with a manifest while it is read: all of it, in the order of the file.

Takes faults with their nodes, gives the error to raise and the warnings to show. Touches nothing.
"""

from collections.abc import Iterable, Sequence

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from cjob import yaml12
from cjob.errors import InputError, InputErrors
from cjob.yaml12 import Fault

_SHOWN = 60


class Report:
    """Collects the faults and warnings of one manifest."""

    def __init__(self, file: str, *, trial: bool = False) -> None:
        """Start with nothing wrong; `file` is the manifest's name in every place.

        `trial` is on while one form of a field is tried that may not be the one in use.
        """
        self.file = file
        self.trial = trial
        self.faults: list[Fault] = []
        self._forgotten: set[int] = set()
        self._warnings: dict[tuple[int, int, str], str] = {}

    def fault(self, node: Node, message: str, hint: str = "", *, hard: bool = False) -> None:
        """Note what has to be put right; `hard` as in Fault."""
        if id(node) in self._forgotten:
            return
        self.faults.append(Fault(node, message, hint, hard))

    def forget(self, node: Node) -> None:
        """Take no more faults of a node: its value is unknown, which is reported already."""
        self._forgotten.add(id(node))

    def warn(self, node: Node, message: str) -> None:
        """Note what the person should know."""
        mark = node.start_mark
        line = f"{yaml12.place(self.file, node)}: {message}"
        self._warnings[mark.line, mark.column, message] = line

    def attempt(self) -> "Report":
        """Start the report of one form of a field, to be taken over or thrown away."""
        other = Report(self.file, trial=True)
        other._forgotten = self._forgotten
        return other

    def extend(self, faults: Iterable[Fault]) -> None:
        """Take over faults found elsewhere."""
        self.faults.extend(faults)

    def adopt(self, other: "Report") -> None:
        """Take over the warnings of an attempt that was kept."""
        self._warnings.update(other._warnings)  # noqa: SLF001 - another one of the same class

    def warnings(self) -> tuple[str, ...]:
        """Give the warnings in the order of the file, each with its place."""
        return tuple(self._warnings[key] for key in sorted(self._warnings))

    def raise_faults(self) -> None:
        """Raise InputErrors with everything that was found, once each, if anything was."""
        found: dict[tuple[int, int, str], InputError] = {}
        for fault in self.faults:
            mark = fault.node.start_mark
            where = yaml12.place(self.file, fault.node)
            error = InputError(fault.message, hint=fault.hint, place=where)
            found.setdefault((mark.line, mark.column, fault.message), error)
        if found:
            raise InputErrors([found[key] for key in sorted(found)], self.warnings())


def shown(node: Node) -> str:
    """Describe a value in a message: quoted and cut if it is long, or what kind of thing it is."""
    if isinstance(node, ScalarNode):
        return "nothing" if node.tag == yaml12.NULL else quoted(node.value)
    if isinstance(node, SequenceNode):
        return "a list"
    return "a section" if isinstance(node, MappingNode) else "something else"


def quoted(text: str) -> str:
    """Quote a text for a message, cut to a length that a line can hold."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")


def one_of(words: Sequence[str]) -> str:
    """Join alternatives: `a, b or c`."""
    return " or ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)
