"""What an environment changes: its section of the manifest laid over the rest.

Takes two trees and gives one. Sections and maps are merged key by key, all else is replaced as a
whole, an empty value changes nothing. Where a field has several forms, the other form goes. Touches
nothing.
"""

from collections.abc import Callable, Mapping

from cjob.manifest.fields import MANAGED_FILE_SYSTEM, OWN_FILE_SYSTEM, builds, sets_any
from cjob.manifest.model import Import
from cjob.manifest.report import Report, quoted
from cjob.manifest.tree import Items, Leaf, Null, Section, Unreadable, Value

Fields = dict[str, Value]

_NEAR = 0.75
"""How much of two names must be alike for one to be a slip for the other: one letter of four."""


def for_environment(job: Section, environment: str, report: Report) -> Section:
    """Return the job as it is in one environment; a name that isn't listed changes nothing."""
    overrides = job.section("environments").fields.get(environment)
    if overrides is None:
        _warn_of_misspelt(job.section("environments"), environment, report)
    if isinstance(overrides, Null):
        report.fault(
            overrides.node,
            f"environment {quoted(environment)} is listed with nothing in it",
            "remove it, or write {} after it",
        )
    merged = job
    if isinstance(overrides, Section):
        merged = _sections(job, overrides, report)
    _refuse_empty_entries(merged.section("sidecars"), "sidecar", report)
    _refuse_empty_entries(merged.section("storage").section("volumes"), "volume", report)
    return merged


def _warn_of_misspelt(sections: Section, environment: str, report: Report) -> None:
    """Warn about sections that are meant for the environment, by their names, and are not its."""
    for name in sections.fields:
        if _is_misspelt(name, environment):
            message = f"section {quoted(name)} does not apply to environment {quoted(environment)}"
            hint = f"if that is meant, write {environment!r}"
            report.warn(sections.key_node(name), message, hint)


def _is_misspelt(name: str, environment: str) -> bool:
    """Return whether a name is another spelling, rather than that of an environment beside it."""
    if _without_digits(name) == _without_digits(environment):
        return False
    if name.lower() == environment.lower() or sorted(name) == sorted(environment):
        return True
    import difflib  # noqa: PLC0415 - few manifests need it, and it is slow to import

    near = difflib.SequenceMatcher(None, name.lower(), environment.lower()).ratio() >= _NEAR
    return near and abs(len(name) - len(environment)) <= 1


def _without_digits(name: str) -> str:
    return name.rstrip("0123456789")


def _refuse_empty_entries(entries: Section, what: str, report: Report) -> None:
    for name, value in entries.fields.items():
        if isinstance(value, Null):
            report.fault(
                value.node,
                f"{what} {quoted(name)} is listed with nothing in it",
                f"remove it, or write the fields of the {what} below it",
            )


def _sections(base: Section, over: Section, report: Report) -> Section:
    fields = dict(base.fields)
    clear = _CLEARED.get(base.name)
    if clear is not None:
        clear(fields, over)
    for key, value in over.fields.items():
        if not base.name and key not in fields:
            # A name that the base doesn't have comes with all that is there, and is not there.
            fields[key] = value
            continue
        merged = _values(fields.get(key), value, report)
        if merged is None:
            continue
        if base.name == "efs" and key == "id" and _keeps_own_id(fields.get(key), merged):
            report.warn(
                merged.node,
                "'id' of the environment is ignored: from_cfn can't replace an id written as text",
            )
            continue
        fields[key] = merged
    return Section(over.node, base.name, fields)


def _values(base: Value | None, over: Value, report: Report) -> Value | None:
    """Lay one value over another; None where the base stays."""
    if isinstance(over, Null):
        return None
    if isinstance(over, Section):
        nothing = Section(over.node, over.name, {})
        return _sections(base if isinstance(base, Section) else nothing, over, report)
    absent = base is None or isinstance(base, Null)
    if absent and isinstance(over, Items) and not over.values:
        return None
    return over


def _keeps_own_id(base: Value | None, over: Value) -> bool:
    written = isinstance(base, Leaf) and isinstance(base.value, str)
    return written and isinstance(over, Leaf) and isinstance(over.value, Import)


def _clear_image(fields: Fields, over: Section) -> None:
    if builds(over):
        fields.pop("location", None)
    if over.at("location") is not None and not isinstance(over.at("location"), Unreadable):
        fields.pop("build", None)


def _clear_file_system(fields: Fields, over: Section) -> None:
    managed, own = sets_any(over, MANAGED_FILE_SYSTEM), sets_any(over, OWN_FILE_SYSTEM)
    for key in (OWN_FILE_SYSTEM if managed else ()) + (MANAGED_FILE_SYSTEM if own else ()):
        fields.pop(key, None)


_CLEARED: Mapping[str, Callable[[Fields, Section], None]] = {
    "image": _clear_image,
    "efs": _clear_file_system,
}
