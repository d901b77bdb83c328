"""Environments: a section of `environments` is merged into the rest of the manifest.

Takes two trees, returns one. Sections and maps are merged key by key, other values are replaced as
a whole, and an empty value changes nothing. If a field has several forms, the other form is
removed. Pure.
"""

from collections.abc import Callable, Mapping

from cjob.manifest.report import Report, quoted
from cjob.manifest.tree import Items, Null, Section, Value

Override = Callable[[dict[str, Value], Section, Report], Mapping[str, Value]]
"""Removes from a section's fields what the changes exclude; returns the changes to merge."""

_SIMILAR = 0.75
"""Two names that are alike by this ratio may be one with a typo: one letter of four."""


def for_environment(
    job: Section, environment: str, overrides: Mapping[str, Override], report: Report
) -> Section:
    """Return the job in an environment, which changes nothing if it is not listed."""
    changes = job.section("environments").fields.get(environment)
    if changes is None:
        _warn_about_misspelt(job.section("environments"), environment, report)
    if isinstance(changes, Null):
        report.error(
            changes.node,
            f"environment {quoted(environment)}: has no fields",
            "remove it, or write {} after it",
        )
    fields = {key: value for key, value in job.fields.items() if key != "environments"}
    base = job._replace(fields=fields)
    return _merged(base, changes, overrides, report) if isinstance(changes, Section) else base


def _warn_about_misspelt(sections: Section, environment: str, report: Report) -> None:
    """Warn about other sections whose names look like the environment's with a typo."""
    for name in sections.fields:
        if _is_misspelt(name, environment):
            message = f"section {quoted(name)} does not apply to environment {quoted(environment)}"
            hint = f"if it should, rename it to {environment!r}"
            report.warn(sections.key_node(name), message, hint)


def _is_misspelt(name: str, environment: str) -> bool:
    """Return whether a name has a typo, and is not that of another environment (test2)."""
    if name.rstrip("0123456789") == environment.rstrip("0123456789"):
        return False
    if name.lower() == environment.lower() or sorted(name) == sorted(environment):
        return True
    import difflib  # noqa: PLC0415 - few manifests need it, and it is slow to import

    similarity = difflib.SequenceMatcher(None, name.lower(), environment.lower()).ratio()
    return similarity >= _SIMILAR and abs(len(name) - len(environment)) <= 1


def _merged(
    base: Section, changes: Section, overrides: Mapping[str, Override], report: Report
) -> Section:
    fields = dict(base.fields)
    override = overrides.get(base.name)
    changed = override(fields, changes, report) if override else changes.fields
    for key, value in changed.items():
        before = fields.get(key)
        if isinstance(value, Section) and (base.name or key in fields):
            nested = before if isinstance(before, Section) else Section(value.node, value.name, {})
            fields[key] = _merged(nested, value, overrides, report)
        elif not _is_empty(value, before) or (not base.name and key not in fields):
            # A new name in a map is added as it is, even if it is empty.
            fields[key] = value
    return Section(changes.node, base.name, fields)


def _is_empty(value: Value, before: Value | None) -> bool:
    """Return whether a value changes nothing: null, or an empty list instead of nothing."""
    if isinstance(value, Items) and not value.values:
        return before is None or isinstance(before, Null)
    return isinstance(value, Null)
