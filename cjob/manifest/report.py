"""What is found wrong with a manifest while it is read: all of it, in the order of the file.

Takes faults with their nodes, gives the error to raise and the warnings to show. Touches nothing.
"""

from collections.abc import Iterable, Sequence

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from cjob.reporting.errors import InputError, InputErrors
from cjob.reporting.findings import Finding
from cjob.yamlio import yaml12
from cjob.yamlio.yaml12 import Fault

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
        self._findings: dict[tuple[int, int, str], Finding] = {}

    def fault(self, node: Node, message: str, hint: str = "", *, hard: bool = False) -> None:
        """Note what has to be put right; `hard` as in Fault."""
        if id(node) in self._forgotten:
            return
        self.faults.append(Fault(node, message, hint, hard))

    def forget(self, node: Node) -> None:
        """Take no more faults of a node: its value is unknown, which is reported already."""
        self._forgotten.add(id(node))

    def warn(self, node: Node, message: str, hint: str = "") -> None:
        """Add a warning."""
        self.find(node, Finding(message, hint))

    def find(self, node: Node, finding: Finding | None) -> None:
        """Add a finding about a node, if there is one."""
        if finding is not None:
            mark = node.start_mark
            placed = finding._replace(place=yaml12.place(self.file, node))
            self._findings[mark.line, mark.column, finding.message] = placed

    def attempt(self) -> "Report":
        """Start the report of one form of a field, to be taken over or thrown away."""
        other = Report(self.file, trial=True)
        other._forgotten = self._forgotten
        return other

    def extend(self, faults: Iterable[Fault]) -> None:
        """Take over faults found elsewhere."""
        self.faults.extend(faults)

    def adopt(self, other: "Report") -> None:
        """Take over the findings of an attempt that was kept."""
        self._findings.update(other._findings)  # noqa: SLF001 - another one of the same class

    def findings(self) -> tuple[Finding, ...]:
        """Return what was found beside faults, in the order of the file."""
        return tuple(self._findings[key] for key in sorted(self._findings))

    def raise_faults(self) -> None:
        """Raise InputErrors with everything that was found, once each, if anything was."""
        found: dict[tuple[int, int, str], InputError] = {}
        for fault in self.faults:
            mark = fault.node.start_mark
            where = yaml12.place(self.file, fault.node)
            error = InputError(fault.message, hint=fault.hint, place=where)
            found.setdefault((mark.line, mark.column, fault.message), error)
        if found:
            warnings = [str(finding) for finding in self.findings()]
            raise InputErrors([found[key] for key in sorted(found)], warnings)


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
