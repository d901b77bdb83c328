"""Streams of documents: any run of JSON values in, one line each out."""

import json

import pytest
import release_documents as documents
from hypothesis import given, settings
from hypothesis import strategies as st

from cjob.document import codec
from cjob.reporting.errors import InputError

LINE = json.dumps(documents.full())
TEXTS = st.text(st.characters(codec="utf-8"))


def refused(text: str, name: str = "stdin") -> InputError:
    """Return the error that a stream is refused with."""
    with pytest.raises(InputError) as caught:
        codec.parse(text, name)
    assert caught.value.hint
    return caught.value


def named(*jobs: str) -> list[documents.Document]:
    """Return a small document for each job."""
    return [documents.put(documents.begun(), "job.name", job) for job in jobs]


@pytest.mark.parametrize("between", ["", "\n", "\r\n", " \t ", "\n\n\n", "\x1e", "\ufeff"])
def test_any_run_of_json_values_is_read_in_order(between: str) -> None:
    """One a line, all in one line, or spread out: the documents are the same."""
    text = between + "".join(json.dumps(one) + between for one in named("a", "b", "c"))
    assert [one.job.name for one in codec.parse(text)] == ["a", "b", "c"]


def test_documents_spread_over_lines_are_read() -> None:
    """What `jq` prints for people to read is as good as one line each."""
    text = "\n".join(json.dumps(one, indent=2) for one in [documents.full(), *named("b")])
    assert [one.job.name for one in codec.parse(text)] == ["report", "b"]


def test_each_document_is_one_line_of_ascii() -> None:
    """Any text survives any pipe, and `while read line` sees whole documents."""
    document = documents.put(documents.full(), "source.manifest", "caf\xe9 \U0001f600\n\x00\x7f")
    text = codec.dump(codec.parse(json.dumps(document)) * 2)
    assert text.isascii()
    assert text.count("\n") == 2
    assert text.endswith("\n")
    assert [json.loads(line) for line in text.splitlines()] == [document] * 2


@settings(deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=3))
def test_what_was_written_reads_and_writes_the_same(contents: list[tuple[str, str]]) -> None:
    """A document that passes through any number of commands keeps its bytes."""
    whole = [
        {**documents.full(), "later": later}
        | {"source": {**documents.FULL["source"], "manifest": manifest}}
        for manifest, later in contents
    ] or [documents.full()]
    once = codec.dump(codec.parse(json.dumps(whole)[1:-1].replace("}, {", "} {")))
    assert codec.dump(codec.parse(once)) == once
    assert [json.loads(line) for line in once.splitlines()] == whole


def test_the_order_of_known_keys_does_not_matter() -> None:
    """Whoever sorted the keys on the way changes no byte of what comes out."""
    usual, sorted_keys = (json.dumps(documents.full(), sort_keys=s) for s in (False, True))
    assert codec.dump(codec.parse(usual)) == codec.dump(codec.parse(sorted_keys))


def test_half_of_a_surrogate_pair_passes_where_no_one_looks() -> None:
    """An unknown key's value is nobody's business, so it comes out as it came in."""
    text = json.dumps({**documents.full(), "later": "\ud800"}, separators=(",", ":")) + "\n"
    assert codec.dump(codec.parse(text)) == text


def test_half_of_a_surrogate_pair_is_refused_where_it_would_be_used() -> None:
    """A template or a name that nothing can carry is not passed on."""
    error = refused(json.dumps(documents.put(documents.full(), "stack.name", "a\ud800")))
    assert error.place == "stdin, document 1, stack.name"


@pytest.mark.parametrize("text", ["", " ", "\n \t\r\n", "\ufeff"])
def test_an_empty_stream_names_its_probable_cause(text: str) -> None:
    """Nothing on stdin mostly means that the command before failed."""
    error = refused(text)
    assert error.message == "no document on stdin; did the command before this one fail?"
    assert refused(text, "plan.json").message == "no document in 'plan.json'"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{", "stdin:1:2"),
        ("hello", "stdin:1:1"),
        (LINE + "\n\n  x", "stdin:3:3"),
        (LINE + "," + LINE, f"stdin:1:{len(LINE) + 1}"),
        ('{"a": "b\n"}', "stdin:1:9"),
        ("{'a': 1}", "stdin:1:2"),
        (LINE[:-1], f"stdin:1:{len(LINE)}"),
    ],
)
def test_what_is_no_json_is_named_by_line_and_column(text: str, place: str) -> None:
    """A stray line in a pipe is found by its place in the whole stream."""
    error = refused(text)
    assert error.place == place
    assert error.message.startswith("not a JSON document: ")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("NaN", "NaN is not JSON"),
        ("-Infinity", "-Infinity is not JSON"),
        ("1e999", "the number 1e999 is too large"),
        ("1" * 5000, "a number has 5000 digits"),
        ('{"b": 1, "c": 2, "b": 3}', "duplicate key 'b' in an object"),
        ("[" * 101 + "]" * 101, "values are nested too deeply"),
        ('{"a":' * 101 + "1" + "}" * 101, "values are nested too deeply"),
    ],
)
def test_values_that_could_not_be_written_again_are_refused(value: str, told: str) -> None:
    """What has no one meaning in JSON is refused with its document's number."""
    text = LINE + "\n" + LINE[:-1] + f', "later": {value}}}'
    error = refused(text)
    assert (error.place, error.message) == ("stdin, document 2", told)


@pytest.mark.parametrize("depth", [90, 99])
def test_values_that_are_nested_less_pass(depth: int) -> None:
    """What is read can be written, whatever the interpreter's own limits."""
    text = LINE[:-1] + ', "later": ' + "[" * depth + "]" * depth + "}"
    assert json.loads(codec.dump(codec.parse(text))) == json.loads(text)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_a_stream_of_nothing_but_brackets_is_refused(opening: str) -> None:
    """Deeper than the interpreter itself can go is told as plainly."""
    assert "nested too deeply" in refused(opening * 100_000).message


def test_the_document_that_is_off_is_named_by_number_and_path() -> None:
    """Of several documents the one to look at is told, and where in it."""
    bad = documents.drop(documents.full(), "stack.template")
    error = refused("\n".join(map(json.dumps, [documents.full(), bad])), "plans.json")
    assert error.place == "plans.json, document 2, stack.template"
