"""The JSON Schema of a manifest, for editors: made from the fields that manifests are read with.

Returns plain values. It knows the types and names of fields; rules between fields are checked when
a manifest is loaded. Draft 2020-12. Pure.
"""

from cjob.manifest.durations import FORM
from cjob.manifest.field_types import (
    Boolean,
    Duration,
    Field,
    Fields,
    FieldType,
    Integer,
    ListOf,
    MapOf,
    String,
)
from cjob.manifest.forms import OneOf, Reference
from cjob.manifest.job import JOB

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, object]

_BOOLEAN_WORDS = "^([yY]|[nN]|[yY]es|YES|[nN]o|NO|[oO]n|ON|[oO]ff|OFF)$"
"""Strings that are read as booleans, in every spelling that YAML readers know."""


def manifest() -> Schema:
    """Return the schema of a scheduled job's manifest."""
    return {
        "$schema": DIALECT,
        "title": "Manifest of a scheduled job",
        **_schema(JOB),
        "required": ["name", "type", "image", "on"],
    }


def _schema(kind: FieldType) -> Schema:  # noqa: PLR0911 - one line for each type
    """Return the schema of a value that is not null."""
    match kind:
        case String():
            return {"type": ["string", "number", "boolean"]}
        case Integer(minimum=low, limit=limit):
            least = {} if low is None else {"minimum": low}
            most = {} if limit is None else {"exclusiveMaximum": limit}
            return {"type": "number", **least, **most}
        case Boolean():
            words = {"type": "string", "pattern": _BOOLEAN_WORDS}
            return {"anyOf": [{"type": "boolean"}, words]}
        case Duration():
            return {"type": "string", "description": f"{FORM[0].upper()}{FORM[1:]}."}
        case ListOf(item=item):
            return {"type": "array", "items": _or_null(_schema(item))}
        case MapOf(item=item):
            return {"type": "object", "additionalProperties": _or_null(_schema(item))}
        case Fields():
            return _section(kind)
        case OneOf(first=first, second=second):
            return {"anyOf": [_schema(first), _schema(second)]}
        case Reference(form=form):
            return _schema(form)
    return {}


def _section(section: Fields) -> Schema:
    """Return the schema of a section: its fields, and keys that begin with `x-`."""
    properties = {key: _field(field) for key, field in section.fields.items()}
    ignored = {
        key: {"deprecated": True, "description": f"No effect on a job: {why}."}
        for key, why in section.ignored.items()
    }
    return {
        "type": "object",
        "properties": {**properties, **ignored},
        "patternProperties": {"^x-": {}},
        "additionalProperties": False,
    }


def _field(field: Field) -> Schema:
    description = {"description": field.description} if field.description else {}
    return {**(field.schema or _or_null(_schema(field.type))), **description}


def _or_null(schema: Schema) -> Schema:
    """Return the schema of a field that may be null, which leaves its default."""
    kind = schema.get("type")
    if isinstance(kind, str):
        return {**schema, "type": [kind, "null"]}
    if isinstance(kind, list):
        return {**schema, "type": [*kind, "null"]}
    forms = schema.get("anyOf")
    return {**schema, "anyOf": [*forms, {"type": "null"}]} if isinstance(forms, list) else schema
