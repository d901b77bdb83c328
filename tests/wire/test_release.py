"""The document as plain data: strict where it knows a key, untouched where it does not."""

import json

import pytest
import release_documents as documents
from hypothesis import given, settings
from hypothesis import strategies as st

from cjob.document import json_form, models
from cjob.reporting.errors import InputError

# What people name: jobs in maps keyed by name, free values, and the two that pick the reader.
INNER = "diff.changes.0.inside.0"
FREE = ("diff.changes.0.old", "diff.changes.0.new", f"{INNER}.old", f"{INNER}.new")
HEADER = ("apiVersion", "kind")
KNOWN = [path for path in documents.paths(documents.FULL) if not path.startswith((*FREE, *HEADER))]
OBJECTS = [path for path in KNOWN if isinstance(documents.at(documents.FULL, path), dict)]
# In these, keys are names that people chose, so none of them is unknown.
MAPS = (
    "source.addons",
    "source.builds",
    "source.builds.report.args",
    "source.tags",
    "target.repositories",
    "target.tags",
    "target.subnets",
    "images",
    "stack.parameters",
    "stack.tags",
    "diff.changes.0.resources",
)
SECTIONS = ["", *(path for path in OBJECTS if path not in MAPS)]
REQUIRED = [
    "job",
    "job.app",
    "job.env",
    "job.name",
    "source.manifest",
    "source.builds.report.context",
    "source.builds.report.dockerfile",
    "source.assets.0.kind",
    "source.assets.0.sha256",
    "source.assets.0.key",
    "source.revision.commit",
    "target.accountId",
    "target.region",
    "target.managerRoleArn",
    "target.executionRoleArn",
    "target.artifactBucket",
    "target.artifactKeyArn",
    "target.environmentVersion",
    "target.serviceDiscoveryEndpoint",
    "artifacts.bucket",
    "stack.name",
    "stack.template",
    "stack.parameters",
    "stack.tags",
    "diff.changed",
    "diff.text",
    "diff.changes.0.op",
    "diff.changes.0.path",
    f"{INNER}.op",
    f"{INNER}.path",
    "diff.against",
    "diff.against.status",
    "diff.against.stackId",
    "diff.against.template",
    "diff.against.parameters",
    "diff.against.tags",
    "deployment.stackId",
    "deployment.status",
    "deployment.changed",
    "run.name",
    "run.status",
    "run.attempts.0.containers.0.name",
]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def shown(path: str) -> str:
    """Return a dotted path as messages have it: list indexes in brackets."""
    head, *rest = path.split(".")
    return head + "".join(f"[{part}]" if part.isdecimal() else f".{part}" for part in rest)


def refused(document: object) -> InputError:
    """Return the error that a document is refused with."""
    with pytest.raises(InputError) as caught:
        json_form.from_json(document)
    assert caught.value.hint
    return caught.value


def test_a_full_document_is_read_and_written_as_it_was() -> None:
    """Every section of the interface survives, in the order in which it is written."""
    written = json_form.to_json(json_form.from_json(documents.full()))
    assert json.dumps(written) == json.dumps(documents.FULL)


def test_absent_sections_stay_absent() -> None:
    """A document that names only its job gets no empty sections."""
    assert json_form.to_json(json_form.from_json(documents.begun())) == documents.begun()


def test_keys_are_spelled_in_camel_case() -> None:
    """An attribute's words are joined as JSON's readers expect."""
    target = json_form.from_json(documents.full()).target
    assert target is not None
    assert target.account_id == "123456789012"
    assert target.service_discovery_endpoint == "test.acme.local"


@pytest.mark.parametrize("path", SECTIONS)
def test_unknown_keys_are_kept_at_every_level(path: str) -> None:
    """What a later version added passes through an earlier one untouched."""
    added = {"since": ["v2", None, 1.5]}
    document = documents.full()
    documents.at(document, path)["later"] = added
    written = json_form.to_json(json_form.from_json(document))
    assert documents.at(written, path)["later"] == added
    assert written == document


@settings(deadline=None)
@given(document=st.dictionaries(st.text(), JSON, max_size=4), value=JSON)
def test_reading_what_was_written_gives_the_same(
    document: dict[str, object], value: object
) -> None:
    """Whatever unknown keys and free values there are, a second pass changes nothing."""
    whole = documents.put(documents.full(), "diff.changes.0.old", value)
    whole = {**document, **whole}
    once = json_form.from_json(whole)
    assert json_form.to_json(once) == whole
    assert json_form.from_json(json_form.to_json(once)) == once


@pytest.mark.parametrize("path", REQUIRED)
def test_a_missing_key_is_named_by_its_path(path: str) -> None:
    """A document that lost something on its way is refused at that very place."""
    error = refused(documents.drop(documents.full(), path))
    assert (error.place, error.message) == (shown(path), "missing from the document")


def test_all_other_keys_may_be_absent() -> None:
    """What has a default need not be written by others who make documents."""
    for path in KNOWN:
        last = path.rpartition(".")[2]
        if path in REQUIRED or last.isdecimal():
            continue
        json_form.from_json(documents.drop(documents.full(), path))


@pytest.mark.parametrize("path", KNOWN)
def test_a_wrong_type_is_named_with_what_was_expected(path: str) -> None:
    """Every known key is checked; nothing is converted on the way."""
    value = documents.at(documents.FULL, path)
    expected = {
        str: "a text",
        bool: "true or false",
        int: "a whole number",
        list: "a list",
        dict: "an object",
    }[type(value)]
    if path in ("source.assets.0.kind", "diff.changes.0.op", f"{INNER}.op"):
        expected = "one of "
    wrong, what = ("7", "got a text") if type(value) is int else (7, "got a number")
    error = refused(documents.put(documents.full(), path, wrong))
    assert error.place == shown(path)
    assert error.message.startswith(f"expected {expected}")
    assert error.message.endswith(what)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (0, "a number"),
        (1.5, "a number"),
        ([], "a list"),
        ({}, "an object"),
        ("\ud800", "half of a surrogate pair"),
    ],
)
def test_what_stood_there_instead_of_a_text_is_named(value: object, kind: str) -> None:
    """The message says both what was expected and what was found."""
    error = refused(documents.put(documents.full(), "stack.template", value))
    assert error.message.endswith(f", got {kind}")


@pytest.mark.parametrize("path", ["images", "stack", "diff", "source.tag", "stack.addons"])
def test_null_for_a_key_that_may_be_absent_is_to_be_deleted(path: str) -> None:
    """It is what jq's assignment leaves easily; the hint has jq's other way."""
    error = refused(documents.put(documents.full(), path, None))
    assert (error.message, error.place) == ("expected a value, got null", path)
    assert error.hint == f"delete the key instead: jq 'del(.{path})'"


def test_null_below_a_name_that_jq_has_to_quote_is_to_be_deleted() -> None:
    """A hint that cannot be pasted is none."""
    document = documents.full()
    document["images"]["my-job"] = {"id": None}
    assert refused(document).hint == "delete the key instead"


def test_a_truth_value_is_no_text_and_no_number() -> None:
    """`"true"`, 1 and null are not taken for a truth value."""
    for value in ("true", 1, None):
        error = refused(documents.put(documents.full(), "diff.changed", value))
        assert error.message.startswith("expected true or false")


def test_half_of_a_surrogate_pair_is_refused_as_a_key_too() -> None:
    """No service takes such a text, and none could be written to a terminal or a file."""
    error = refused(documents.put(documents.full(), "stack.parameters", {"a\udfff": "b"}))
    assert error.place == "stack.parameters"


@pytest.mark.parametrize("document", [None, True, 3, "text", []])
def test_what_is_no_object_is_no_document(document: object) -> None:
    """Any JSON value but an object is refused by its kind."""
    assert refused(document).message.startswith("expected a document (an object), got ")


@pytest.mark.parametrize("key", ["apiVersion", "kind"])
@pytest.mark.parametrize(
    ("value", "named"),
    [(None, "absent"), ("other", "'other'"), ({"a": 1}, "an object"), (1, "a number")],
)
def test_another_version_or_kind_is_refused_and_the_known_one_named(
    key: str, value: object, named: str
) -> None:
    """A document of another program, or of a later version, is not guessed at."""
    error = refused({**documents.full(), key: value})
    assert error.message == f"{key} is {named}, not {documents.FULL[key]!r}"
    assert "cjob/v1 Release" in error.hint


@pytest.mark.parametrize("key", ["app", "env", "name"])
@pytest.mark.parametrize("name", ["", "../x", "a/b", "-a", ".", "a b", "a\n", "é", "a" * 256])
def test_names_that_could_lead_elsewhere_are_refused(key: str, name: str) -> None:
    """Names become folders, stacks and keys, so they are checked before anything is done."""
    error = refused(documents.put(documents.full(), f"job.{key}", name))
    assert error.place == f"job.{key}"
    assert "is not a valid name" in error.message


@pytest.mark.parametrize("name", ["a", "A-b_9", "0", "a" * 255])
def test_other_names_are_given_back(name: str) -> None:
    """Letters, digits, - and _ are all that a name may have."""
    assert models.check_name(name, "job") == name


@pytest.mark.parametrize("name", list(models.PRODUCERS))
def test_a_section_that_is_needed_is_named_with_the_command_that_makes_it(name: str) -> None:
    """A stage that lacks something says which command to put before it."""
    with pytest.raises(InputError) as caught:
        models.required(None, name)
    assert caught.value.message == f'the document has no "{name}" section'
    assert models.PRODUCERS[name] in caught.value.hint
