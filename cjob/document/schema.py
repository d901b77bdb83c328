"""The JSON Schema (draft 2020-12) of the document, made from its sections. Pure.

Every section allows keys that it does not know, as reading does.
"""

import types
from collections.abc import Mapping
from typing import Any, Literal, Union, get_args, get_origin

from cjob.document.json_form import layout
from cjob.document.models import API_VERSION, KIND, NAME, Release, Section

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, object]

PLAIN: Mapping[object, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    object: {},
}


def document() -> Schema:
    """Return the schema of one document."""
    schema = _section(Release, "")
    sections = schema["properties"]
    assert isinstance(sections, dict)  # noqa: S101 - made so below
    head = {"apiVersion": {"const": API_VERSION}, "kind": {"const": KIND}}
    return {
        "$schema": DIALECT,
        "title": "Release: a job on its way to its stack",
        **schema,
        "properties": {**head, **sections},
        "required": [*head, "job"],
    }


def _section(section: type[Section], inside: str) -> Schema:
    """Return the schema of a section; names in `job` have the pattern that reading checks."""
    fields = layout(section)
    names = {"pattern": f"^{NAME.pattern}$"} if inside == "job" else {}
    schema: Schema = {
        "type": "object",
        "description": " ".join((section.__doc__ or "").split()),
        "properties": {key: {**_value(kind, key), **names} for _, key, kind, _ in fields},
    }
    wanted = [key for _, key, _, is_required in fields if is_required]
    return {**schema, "required": wanted} if wanted else schema


# Any: what annotations hold has no type of its own.
def _value(wanted: Any, key: str) -> Schema:  # noqa: ANN401
    """Return the schema of a value of an annotated type."""
    origin, inner = get_origin(wanted), get_args(wanted)
    if origin in (Union, types.UnionType):  # a section that may be absent
        return _value(inner[0], key)
    if origin is Literal:
        return {"enum": list(inner)}
    if origin is tuple:
        return {"type": "array", "items": _value(inner[0], key)}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _value(inner[1], key)}
    if isinstance(wanted, type) and issubclass(wanted, Section):
        return _section(wanted, key)
    return PLAIN[wanted]
