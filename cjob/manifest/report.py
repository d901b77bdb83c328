"""The errors and warnings of one manifest, collected while it is read, in the order of the file.

Takes errors with their nodes, returns the exception to raise and the warnings to print. Pure.
"""

from collections.abc import Iterable, Sequence

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from cjob.reporting.errors import InputError, InputErrors
from cjob.reporting.findings import Finding
from cjob.yamlio.entries import Fault
from cjob.yamlio.nodes import NULL, place

_SHOWN = 60


class Report:
    """Collects the errors and warnings of one manifest."""

    def __init__(self, file: str, *, speculative: bool = False) -> None:
        """Start without errors; `file` is the manifest's name in every place.

        A `speculative` report is for a form of a field that may turn out not to be the one used.
        """
        self.file = file
        self.speculative = speculative
        self.errors: list[Fault] = []
        self._suppressed: set[int] = set()
        self._findings: dict[tuple[int, int, str], Finding] = {}

    def error(self, node: Node, message: str, hint: str = "", *, hard: bool = False) -> None:
        """Add an error about a node; `hard` as in Fault."""
        if id(node) not in self._suppressed:
            self.errors.append(Fault(node, message, hint, hard))

    def suppress(self, node: Node) -> None:
        """Ignore further errors about a node: its value is unknown, which was reported already."""
        self._suppressed.add(id(node))

    def warn(self, node: Node, message: str, hint: str = "") -> None:
        """Add a warning about a node."""
        self.find(node, Finding(message, hint))

    def find(self, node: Node, finding: Finding | None) -> None:
        """Add a finding about a node, if there is one."""
        if finding is not None:
            mark = node.start_mark
            placed = finding._replace(place=place(self.file, node))
            self._findings[mark.line, mark.column, finding.message] = placed

    def speculate(self) -> "Report":
        """Return a report for one form of a field, to be merged or dropped."""
        other = Report(self.file, speculative=True)
        other._suppressed = self._suppressed
        return other

    def extend(self, errors: Iterable[Fault]) -> None:
        """Add errors that were found elsewhere."""
        self.errors.extend(errors)

    def merge(self, other: "Report") -> None:
        """Add the findings of the form that is used."""
        self._findings.update(other._findings)  # noqa: SLF001 - another one of the same class

    def findings(self) -> tuple[Finding, ...]:
        """Return the findings, which are not errors, in the order of the file."""
        return tuple(self._findings[key] for key in sorted(self._findings))

    def raise_errors(self) -> None:
        """Raise InputErrors with each error once, if there are any."""
        found: dict[tuple[int, int, str], InputError] = {}
        for error in self.errors:
            mark = error.node.start_mark
            where = place(self.file, error.node)
            raised = InputError(error.message, hint=error.hint, place=where)
            found.setdefault((mark.line, mark.column, error.message), raised)
        if found:
            warnings = [str(finding) for finding in self.findings()]
            raise InputErrors([found[key] for key in sorted(found)], warnings)


def shown(node: Node) -> str:
    """Return a value as a message shows it: quoted and cut, or what it is instead of a scalar."""
    if isinstance(node, ScalarNode):
        return "nothing" if node.tag == NULL else quoted(node.value)
    if isinstance(node, SequenceNode):
        return "a list"
    return "a mapping" if isinstance(node, MappingNode) else "something else"


def quoted(text: str) -> str:
    """Return a string in quotes for a message, cut to a length that fits on a line."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")


def one_of(words: Sequence[str]) -> str:
    """Return alternatives as in `a, b or c`."""
    return " or ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)
