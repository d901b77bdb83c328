"""Loading as a whole."""

import pytest
from manifest_samples import HEAD, IMAGE, MINIMAL, ON, PREDEFINED, load, problems

from cjob.manifest import reading
from cjob.reporting.errors import InputErrors


def test_places_are_those_of_the_users_text() -> None:
    """Also below a variable whose value has many lines."""
    text = MINIMAL + "variables:\n  A: '${LINES}'\nretries: -1\n"
    assert [p.place for p in problems(text, {"LINES": "a\nb\nc"})] == ["m.yml:9:10"]


def test_an_error_has_the_warnings() -> None:
    """A misspelt key is often the cause of a missing one."""
    with pytest.raises(InputErrors) as caught:
        load(HEAD + "image: {locaton: x}\n" + ON)
    assert [p.message for p in caught.value.problems] == ["image: must have 'build' or 'location'"]
    assert "did you mean 'location'?" in caught.value.warnings[0]


def test_the_folders_name_is_only_compared_if_it_is_given() -> None:
    """A text from elsewhere has no folder."""
    text = MINIMAL.replace("report", "other")
    assert reading.load(text, "test", PREDEFINED, {}, file="m.yml").job.name == "other"


def test_a_number_as_name_is_a_string() -> None:
    """Names are strings, whatever they look like."""
    text = MINIMAL.replace("report", "007")
    assert reading.load(text, "test", PREDEFINED, {}, file="m.yml", name="007").job.name == "007"


def test_anchors_and_merge_keys_work_at_the_top() -> None:
    """A job may be merged from an unknown section."""
    text = "x-base: &b\n  cpu: 1024\n  memory: 1\n" + HEAD + IMAGE + ON + "<<: *b\nmemory: 2048\n"
    job = load(text).job
    assert (job.task.cpu, job.task.memory) == (1024, 2048)


def test_an_error_behind_several_aliases_is_reported_once_for_each_field() -> None:
    """The place is that of the anchor; the message names the field."""
    text = MINIMAL + "cpu: &x abc\nmemory: *x\n"
    found = problems(text)
    assert [p.place for p in found] == ["m.yml:7:6", "m.yml:7:6"]
    assert [p.message.split()[0] for p in found] == ["cpu:", "memory:"]


def test_json_is_yaml() -> None:
    """A manifest may be written in JSON."""
    head = '{"name": "report", "type": "Scheduled Job", '
    text = head + '"image": {"location": "x"}, "on": {"schedule": "@daily"}}'
    assert load(text).job.main.location == "x"


def test_reading_again_gives_the_same_job() -> None:
    """Windows line ends, a byte order mark and a second document included."""
    text = "\ufeff" + (MINIMAL + "command: ${C}\n").replace("\n", "\r\n") + "---\r\nnothing: [\r\n"
    loaded = load(text, {"C": "a b"})
    assert reading.read(loaded.text, "test", file="m.yml") == loaded.job
    assert loaded.job.main.command == ("a", "b")
