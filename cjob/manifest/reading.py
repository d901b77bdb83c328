"""Reads a manifest: the entry point of this package for the others.

Takes the text, the environment's name and the variables; returns the Job, the text with its
variables substituted, and warnings. All errors of a manifest are raised together. Pure: reads no
files and no environment variables.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from yaml.nodes import MappingNode, ScalarNode

from cjob.document.names import JOB_TYPE
from cjob.manifest import raw_yaml_strings
from cjob.manifest.environments import for_environment
from cjob.manifest.job import JOB, OVERRIDES, RULES, Job, Rule, convert
from cjob.manifest.report import Report, quoted
from cjob.manifest.substitution import Variables, substitute
from cjob.manifest.tree import Section
from cjob.reporting.errors import InputError, InputErrors
from cjob.reporting.findings import Finding
from cjob.yamlio.entries import entries
from cjob.yamlio.nodes import NULL, place
from cjob.yamlio.reader import compose, second_document

_OTHER_TYPES = (
    "Load Balanced Web Service",
    "Request-Driven Web Service",
    "Backend Service",
    "Worker Service",
    "Static Site",
)


class Loaded(NamedTuple):
    """A manifest that was read: its text after substitution, the job, and the findings."""

    text: str
    job: Job
    findings: tuple[Finding, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return the findings as lines, `file:line:column: message`."""
        return tuple(map(str, self.findings))


def load(
    text: str,
    environment: str,
    predefined: Mapping[str, str],
    variables: Mapping[str, str],
    *,
    file: str,
    name: str | None = None,
    rules: Sequence[Rule] = (),
) -> Loaded:
    """Read a user's manifest for one environment, and substitute `${NAME}` in its strings.

    `predefined` are Copilot's variables, `variables` those of the process; using one that both
    have with different values is an error. `name` is that of the folder, which the manifest's
    `name` must equal before substitution. `file` is the manifest's name in messages, whose lines
    and columns are those of the user's text. `rules` are checked beside the manifest's own; they
    are for callers with files to compare it with.

    Raises InputErrors with all errors, or InputError if the text is not valid YAML.
    """
    report = Report(file)
    root = _root(text, file)
    second = second_document(text)
    if second is not None:
        report.warn(
            second,
            "only the first YAML document is read; the second, from here on, is ignored",
            "remove it",
        )
    if name is not None:
        _check_name(root, name, report)
    substituted = substitute(text, root, Variables(predefined, variables), report)
    job = _job(root, environment, report, rules)
    return Loaded(substituted, job, report.findings())


def read(text: str, environment: str, *, file: str) -> Job:
    """Read a manifest whose variables are already substituted, as `load` returned it.

    Raises as `load` does.
    """
    return _job(_root(text, file), environment, Report(file))


def findings(text: str, environment: str, *, file: str) -> tuple[Finding, ...]:
    """Return the findings of `load`, for a manifest whose variables are already substituted."""
    report = Report(file)
    _merged(_root(text, file), environment, report)
    return report.findings()


def merged(text: str, environment: str, *, file: str) -> Section:
    """Read the same into the tree of one environment, whose section is merged into the rest.

    Raises as `load` does.
    """
    return _merged(_root(text, file), environment, Report(file))


def environment_names(text: str, *, file: str) -> tuple[str, ...]:
    """Return the environments that a manifest has sections for, in its order.

    Raises InputError if the text is not valid YAML.
    """
    root = compose(text, file)
    if not isinstance(root, MappingNode):
        return ()
    sections = {entry.key: entry.value for entry in entries(root, [])}.get("environments")
    if not isinstance(sections, MappingNode):
        return ()
    return tuple(entry.key for entry in entries(sections, []))


def _root(text: str, file: str) -> MappingNode:
    root = compose(text, file)
    if root is None:
        hint = f"a manifest starts with 'name:' and 'type: {JOB_TYPE}'"
        raise InputError("the manifest is empty", hint=hint, place=file)
    if not isinstance(root, MappingNode):
        hint = f"write its fields: 'name:', 'type: {JOB_TYPE}', 'image:', 'on:'"
        raise InputError("the manifest must be a mapping", hint=hint, place=place(file, root))
    return root


def _check_name(root: MappingNode, name: str, report: Report) -> None:
    for entry in entries(root, []):
        if entry.key != "name" or not isinstance(entry.value, ScalarNode):
            continue
        if entry.value.tag != NULL and entry.value.value != name:
            message = f"name: {quoted(entry.value.value)} is not the name of the job's folder"
            hint = f"write 'name: {name}', without variables, or rename the folder"
            report.error(entry.value, message, hint)


def _job(root: MappingNode, environment: str, report: Report, rules: Sequence[Rule] = ()) -> Job:
    return convert(_merged(root, environment, report, rules))


def _merged(
    root: MappingNode, environment: str, report: Report, rules: Sequence[Rule] = ()
) -> Section:
    tree = JOB.section(root, entries(root, report.errors), "", report)
    _check_type(tree, report.file)
    job = for_environment(tree, environment, OVERRIDES, report)
    for rule in (*RULES, *rules):
        rule(job, report)
    raw_yaml_strings.check(JOB, job, report)
    report.raise_errors()
    return job


def _check_type(job: Section, file: str) -> None:
    """Reject another type of manifest at once: most of its fields would be errors."""
    kind = job.string("type")
    if kind == JOB_TYPE:
        return
    message, hint = f"type: {quoted(kind or '')} is not supported", f"write 'type: {JOB_TYPE}'"
    if kind is None:
        message = "the manifest has no 'type'"
    elif kind in _OTHER_TYPES:
        message = f"type: {quoted(kind)} is not supported; cjob deploys {JOB_TYPE}s"
        hint = f"name a job whose manifest has 'type: {JOB_TYPE}'"
    raise InputErrors([InputError(message, hint=hint, place=place(file, job.node_at("type")))])
