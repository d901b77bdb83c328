"""The schemas that editors and other programs take, held against what cjob itself takes."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from cjob.document import codec
from cjob.document import schema as release_schema
from cjob.manifest import reading, schema
from cjob.manifest.field_types import Fields, FieldType, ListOf, MapOf
from cjob.manifest.forms import OneOf, Reference
from cjob.manifest.job import JOB
from cjob.reporting.errors import InputError
from cjob.yamlio import entries, nodes, reader, scalars

ROOT = Path(__file__).parents[2]
MANIFEST = jsonschema.Draft202012Validator(schema.manifest())
DOCUMENT = jsonschema.Draft202012Validator(release_schema.document())

SMALL = "name: report\ntype: Scheduled Job\nimage: {location: x}\non: {schedule: '@daily'}\n"


def plain(node: Node | None) -> object:
    """Return nodes as an editor's YAML reader gives them to its schema."""
    if isinstance(node, MappingNode):
        return {entry.key: plain(entry.value) for entry in entries.entries(node, [])}
    if isinstance(node, SequenceNode):
        return [plain(child) for child in node.value]
    assert isinstance(node, ScalarNode)
    if node.tag in (nodes.INT, nodes.FLOAT):
        return scalars.as_integer(node) or 0
    if node.tag == nodes.BOOL:
        return node.value.lower() == "true"
    return None if node.tag == nodes.NULL else node.value


def problems(text: str) -> list[jsonschema.ValidationError]:
    """Return what the schema finds wrong with a manifest."""
    return list(MANIFEST.iter_errors(plain(reader.compose(text, "manifest.yml"))))


def cases() -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield each case's manifest, with what else is known of it."""
    folder = Path(os.environ["CJOB_CONFORMANCE"]) / "cases"
    for facts in sorted(folder.glob("*/*/runtime.json")):
        known = json.loads(facts.read_text())
        yield facts.parent / "copilot" / known["job"] / "manifest.yml", known


@pytest.mark.skipif("CJOB_CONFORMANCE" not in os.environ, reason="no conformance cases are here")
def test_the_schema_takes_every_manifest_that_cjob_takes() -> None:
    """But for keys that are no field's, of which load warns as the editor does."""
    taken = 0
    for path, known in cases():
        names = {"APPLICATION": known["app"], "ENVIRONMENT": known["env"]}
        predefined = {f"COPILOT_{what}_NAME": name for what, name in names.items()}
        try:
            text = path.read_text("utf-8")
            read = reading.load(
                text,
                known["env"],
                predefined,
                known.get("os_env") or {},
                file="m",
                name=known["job"],
            )
        except (InputError, UnicodeDecodeError):
            continue
        taken += 1
        ignored = any("unknown field" in warning for warning in read.warnings)
        found = {problem.validator for problem in problems(read.text)}
        assert found == ({"additionalProperties"} if ignored else set()), path
    assert taken > 400


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("cpu: lots", "$.cpu"),
        ("variables: [A]", "$.variables"),
        ("sidecars: {a: {essential: maybe}}", "$.sidecars.a.essential"),
        ("environments: {prod: {memory: [1]}}", "$.environments.prod.memory"),
        ("shedule: '@daily'", "$"),
        ("retries: -1", "$.retries"),
    ],
)
def test_an_editor_marks_what_cjob_would_refuse(line: str, where: str) -> None:
    """At the value that is off."""
    assert problems(SMALL) == []
    assert [problem.json_path for problem in problems(SMALL + line)] == [where]


def test_every_field_is_described() -> None:
    """An editor shows what a field is; only fields of services have no description."""
    undescribed = {
        (section.name, key)
        for section in _sections(JOB)
        for key, field in section.fields.items()
        if not field.description
    }
    assert {section for section, _ in undescribed} == {"count"}
    image = schema.manifest()["properties"]["image"]  # type: ignore[index]
    interval = image["properties"]["healthcheck"]["properties"]["interval"]
    assert interval["description"] == "The time between checks: 10s by default."


def _sections(kind: FieldType) -> Iterator[Fields]:
    match kind:
        case Fields():
            yield kind
            for field in kind.fields.values():
                yield from _sections(field.type)
        case ListOf(item=item) | MapOf(item=item):
            yield from _sections(item)
        case OneOf(first=first, second=second):
            yield from _sections(first)
            yield from _sections(second)
        case Reference(form=form):
            yield from _sections(form)


FULL = {
    "apiVersion": "cjob/v1",
    "kind": "Release",
    "job": {"app": "acme", "env": "test", "name": "report"},
    "source": {"manifest": SMALL, "builds": {"report": {"context": ".", "dockerfile": "D"}}},
    "images": {"report": {"id": "sha256:1", "tags": ["latest"]}},
    "diff": {
        "changed": True,
        "text": "",
        "changes": [{"op": "add", "path": "tags.a", "new": "b"}],
        "against": {"status": "", "stackId": "", "template": "", "parameters": "", "tags": ""},
    },
    "mine": {"kept": True},
}


def test_documents_that_cjob_writes_are_valid() -> None:
    """With keys of somebody else's, too."""
    for text in (json.dumps(FULL), codec.dump(codec.parse(json.dumps(FULL)))):
        assert list(DOCUMENT.iter_errors(json.loads(text))) == []


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("job", "name", "../x"),
        ("job", "app", None),
        ("images", "report", {"tags": "latest"}),
        ("source", "manifest", 1),
        ("diff", "changes", [{"op": "rename", "path": "x"}]),
    ],
)
def test_the_schema_and_reading_refuse_the_same(section: str, key: str, value: object) -> None:
    """What one of them refuses at a place, the other refuses there."""
    inside = FULL[section]
    assert isinstance(inside, dict)
    wrong = {**FULL, section: {**inside, key: value}}
    with pytest.raises(InputError) as refused:
        codec.parse(json.dumps(wrong))
    [problem] = DOCUMENT.iter_errors(wrong)
    assert problem.json_path.removeprefix("$.") in refused.value.place


@pytest.mark.parametrize("what", ["manifest", "release"])
def test_the_command_prints_the_schema(what: str) -> None:
    """As JSON that is a schema itself."""
    done = subprocess.run(
        [ROOT / "bin/cjob", "schema", what], capture_output=True, text=True, check=True, timeout=60
    )
    printed = json.loads(done.stdout)
    jsonschema.Draft202012Validator.check_schema(printed)
    assert re.search("draft/2020-12", printed["$schema"])
    assert done.stderr == ""
