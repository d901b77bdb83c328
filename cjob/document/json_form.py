"""The JSON form of a Release: camelCase keys, one object for each section.

`from_json` is strict: a missing key or a value of the wrong type is an InputError with its path.
Keys that this version does not know are kept in `extra`, and written again where they were.
"""

import re
import types
from collections.abc import Mapping
from typing import Any, Literal, NoReturn, Union, get_args, get_origin, get_type_hints

from cjob.document.models import (
    API_VERSION,
    KIND,
    NOT_WRITTEN,
    Change,
    Release,
    Section,
    check_name,
)
from cjob.document.records import fields
from cjob.reporting.errors import InputError

# JSON can contain half of a pair; no file, terminal or service accepts such a string.
SURROGATE = re.compile("[\ud800-\udfff]")


def to_json(release: Release) -> dict[str, object]:
    """Return the document as JSON values, without the sections that are missing."""
    return {"apiVersion": API_VERSION, "kind": KIND, **_encode_section(release)}


def from_json(document: object) -> Release:
    """Return the Release of a parsed JSON document; raise InputError with the path of an error."""
    if not isinstance(document, dict):
        raise InputError(
            f"expected a document (an object), got {_kind(document)}",
            hint='a document begins with {"apiVersion": "cjob/v1", "kind": "Release"',
        )
    for key, known in (("apiVersion", API_VERSION), ("kind", KIND)):
        if document.get(key) != known:
            raise InputError(
                f"{key} is {_named(document.get(key))}, not {known!r}",
                hint=f"this version reads {API_VERSION} {KIND} documents, as cjob's commands write",
            )
    rest = {k: v for k, v in document.items() if k not in ("apiVersion", "kind")}
    release: Release = _decode(Release, rest, "")
    for what, name in (("application", release.job.app), ("environment", release.job.env)):
        check_name(name, what, "job." + what[:3])
    check_name(release.job.name, "job", "job.name")
    return release


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


Layout = tuple[tuple[str, str, Any, bool], ...]
_LAYOUTS: dict[str, Layout] = {}


def layout(section: type[Section]) -> Layout:
    """Return (attribute, key, type, required) of each field, in the order of writing."""
    if section.__name__ not in _LAYOUTS:
        _LAYOUTS[section.__name__] = _read_layout(section)
    return _LAYOUTS[section.__name__]


def _read_layout(section: type[Section]) -> Layout:
    hints = get_type_hints(section)
    names = (name for name in fields(section) if name not in NOT_WRITTEN)
    return tuple((name, _camel(name), hints[name], not hasattr(section, name)) for name in names)


def _encode_section(section: Section) -> dict[str, object]:
    out = {
        key: _encode(getattr(section, name))
        for name, key, _, _ in layout(type(section))
        if getattr(section, name) is not None
        or (isinstance(section, Change) and name in ("old", "new"))
    }
    return {**out, **section.extra}


def _encode(value: object) -> object:
    if isinstance(value, Section):
        return _encode_section(value)
    if isinstance(value, Mapping):
        return {k: _encode(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [_encode(v) for v in value]
    return value


# One branch for each kind of type.
def _decode(wanted: Any, value: Any, path: str) -> Any:  # noqa: ANN401, C901, PLR0911
    """Return `value` read as the type `wanted`; `path` is its place."""
    origin = get_origin(wanted)
    if wanted is object:
        return value
    if origin in (Union, types.UnionType):  # a section that may be absent
        return _decode(get_args(wanted)[0], value, path)
    if origin is Literal:
        if value not in get_args(wanted):
            _refuse(path, "one of " + ", ".join(get_args(wanted)), value)
        return value
    if origin is tuple:
        if not isinstance(value, list):
            _refuse(path, "a list", value)
        return tuple(_decode(get_args(wanted)[0], v, f"{path}[{i}]") for i, v in enumerate(value))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(value, dict):
            _refuse(path, "an object", value)
        key, item = get_args(wanted)
        return {_decode(key, k, path): _decode(item, v, f"{path}.{k}") for k, v in value.items()}
    if isinstance(wanted, type) and issubclass(wanted, Section):
        return _decode_section(wanted, value, path)
    if type(value) is not wanted:
        _refuse(path, {str: "a text", bool: "true or false", int: "a whole number"}[wanted], value)
    if wanted is str and not value.isascii() and SURROGATE.search(value):
        _refuse(path, "a text of Unicode characters", value)
    return value


def _decode_section(wanted: type[Section], value: Any, path: str) -> Section:  # noqa: ANN401
    if not isinstance(value, dict):
        _refuse(path, "an object", value)
    rest = dict(value)
    known: dict[str, Any] = {}
    for name, key, kind, is_required in layout(wanted):
        where = f"{path}.{key}" if path else key
        if key in rest:
            if rest[key] is None and not is_required and kind is not object:
                _refuse_null(where)
            known[name] = _decode(kind, rest.pop(key), where)
        elif is_required:
            raise InputError(
                "missing from the document",
                hint="pass on the whole document that the command before this one wrote",
                place=where,
            )
    return wanted(**known, extra=rest)


def _refuse_null(path: str) -> NoReturn:
    """Refuse null for an optional key; jq users easily write null for a missing value."""
    how = f": jq 'del(.{path})'" if re.fullmatch(r"[\w.\[\]]+", path) else ""
    raise InputError("expected a value, got null", hint=f"delete the key instead{how}", place=path)


def _refuse(path: str, expected: str, value: object) -> NoReturn:
    raise InputError(
        f"expected {expected}, got {_kind(value)}",
        hint="pass on the document as the command before this one wrote it",
        place=path or "document",
    )


def _named(value: object) -> str:
    """Return the value of `apiVersion` or `kind` for a message."""
    if value is None:
        return "absent"
    return repr(value) if isinstance(value, str) else _kind(value)


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, str) and SURROGATE.search(value):
        return "half of a surrogate pair"
    if isinstance(value, bool):
        return "true" if value else "false"
    names = {str: "a text", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)
