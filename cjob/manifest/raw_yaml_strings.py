"""Strings that Copilot put into its template without quotes: a check that they can be read there.

Manifests rely on such a string being YAML of its own (`!Ref X`, quotes, numbers), so the template
reads them again, with `functions`. Which strings they are is part of their field's type. Pure.
"""

from yaml.nodes import Node

from cjob.manifest.field_types import Fields, FieldType, ListOf, MapOf, String
from cjob.manifest.forms import OneOf, Reference
from cjob.manifest.functions import composed
from cjob.manifest.report import Report, quoted
from cjob.manifest.tree import Items, Leaf, Section, Value
from cjob.manifest.values import Import

_OPENING = tuple("[{\"'")


def check(kind: FieldType, value: Value, report: Report, path: str = "") -> None:
    """Check that each raw string that begins like a list, a map or quotes ends like one."""
    if isinstance(kind, OneOf):
        check(kind.first, value, report, path)
        check(kind.second, value, report, path)
    elif isinstance(kind, Reference):
        if isinstance(value, Leaf) and isinstance(value.value, Import) and kind.raw_export:
            _check(value.value.export, value.node, report, path)
        check(kind.form.second, value, report, path)
    elif isinstance(value, Leaf):
        if isinstance(kind, String) and kind.raw is not None and isinstance(value.value, str):
            for text in kind.raw(value.value):
                _check(text, value.node, report, path)
    elif isinstance(value, Section):
        _check_section(kind, value, report, path)
    elif isinstance(value, Items) and isinstance(kind, ListOf):
        for index, item in enumerate(value.values):
            check(kind.item, item, report, f"{path}[{index}]")


def _check_section(kind: FieldType, section: Section, report: Report, path: str) -> None:
    if isinstance(kind, MapOf) and not section.name:
        for name, value in section.fields.items():
            if kind.raw_names:
                _check(name, value.node, report, path)
            check(kind.item, value, report, f"{path}.{name}")
    elif isinstance(kind, Fields) and kind.name == section.name:
        for key, value in section.fields.items():
            check(kind.fields[key].type, value, report, f"{path}.{key}" if path else key)


def _check(text: str, node: Node, report: Report, path: str) -> None:
    if len(text) > 1 and text.startswith(_OPENING) and composed(text) is None:
        message = (
            f"{path}: {quoted(text)} begins like a list, a map or quotes, but does not end like one"
        )
        hint = "write a list as a YAML list, and put a string with spaces in quotes as a whole"
        report.error(node, message, hint)
