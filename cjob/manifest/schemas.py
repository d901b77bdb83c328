"""The JSON Schema of a manifest, for editors: made from the same tables that manifests are read by.

Pure: takes nothing, gives plain values. It knows shapes and names; rules between fields are found
when a manifest is loaded. Draft 2020-12.
"""

from collections.abc import Mapping

from cjob.manifest.descriptions import DESCRIPTIONS
from cjob.manifest.durations import FORM
from cjob.manifest.fields import JOB
from cjob.manifest.kinds import (
    Duration,
    Either,
    Fields,
    Flag,
    Kind,
    ListOf,
    MapOf,
    Number,
    Reference,
    Text,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, object]

# Words that are booleans where a boolean is wanted, in every spelling that YAML readers know.
WORDS = "^([yY]|[nN]|[yY]es|YES|[nN]o|NO|[oO]n|ON|[oO]ff|OFF)$"

# What the tables leave to rules: the values that a field can have.
KNOWN: Mapping[tuple[str, str], Schema] = {
    ("job", "type"): {"const": "Scheduled Job"},
    ("job", "name"): {"type": ["string", "number"]},
    ("on", "schedule"): {
        "type": "string",
        "minLength": 1,
        "examples": ["@daily", "@every 2h", "0 9 * * MON-FRI", "rate(5 minutes)", "none"],
    },
    ("job", "timeout"): {"type": ["string", "null"], "examples": ["30m", "1h30m"]},
    ("job", "retries"): {"type": ["number", "null"], "minimum": 0},
}


def manifest() -> Schema:
    """Return the schema of a scheduled job's manifest."""
    return {
        "$schema": DIALECT,
        "title": "Manifest of a scheduled job",
        **_schema(JOB),
        "required": ["name", "type", "image", "on"],
    }


# One branch a kind, each of them one line.
def _schema(kind: Kind) -> Schema:  # noqa: PLR0911
    """Return the schema of a value that is not null."""
    match kind:
        case Text():
            return {"type": ["string", "number", "boolean"]}
        case Number(minimum=low, limit=limit):
            least = {} if low is None else {"minimum": low}
            most = {} if limit is None else {"exclusiveMaximum": limit}
            return {"type": "number", **least, **most}
        case Flag():
            return {"anyOf": [{"type": "boolean"}, {"type": "string", "pattern": WORDS}]}
        case Duration():
            return {"type": "string", "description": f"{FORM[0].upper()}{FORM[1:]}."}
        case ListOf(item=item):
            return {"type": "array", "items": _or_null(_schema(item))}
        case MapOf(item=item):
            return {"type": "object", "additionalProperties": _or_null(_schema(item))}
        case Fields():
            return _section(kind)
        case Either(first=first, second=second):
            return {"anyOf": [_schema(first), _schema(second)]}
        case Reference(form=form):
            return _schema(form)
    return {}


def _section(section: Fields) -> Schema:
    """Give the schema of a section: its fields and no others, but for `x-…`, which hold anchors."""
    properties = {key: _field(section.name, key, kind) for key, kind in section.fields.items()}
    idle = {
        key: {"deprecated": True, "description": f"No effect on a job: {why}."}
        for key, why in section.idle.items()
    }
    return {
        "type": "object",
        "properties": {**properties, **idle},
        "patternProperties": {"^x-": {}},
        "additionalProperties": False,
    }


def _field(section: str, key: str, kind: Kind) -> Schema:
    home = "job" if section == "environment" else section
    told = DESCRIPTIONS.get((home, key))
    schema = KNOWN.get((home, key)) or _or_null(_schema(kind))
    return {"description": told, **schema} if told else schema


def _or_null(schema: Schema) -> Schema:
    """Let a field stand there with nothing behind it, which leaves its default."""
    kind = schema.get("type")
    if isinstance(kind, str):
        return {**schema, "type": [kind, "null"]}
    if isinstance(kind, list):
        return {**schema, "type": [*kind, "null"]}
    forms = schema.get("anyOf")
    return {**schema, "anyOf": [*forms, {"type": "null"}]} if isinstance(forms, list) else schema
