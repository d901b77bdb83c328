"""Task-definition overrides and YAML patches: what they change, and what they refuse."""

from typing import Any

import pytest
import template_samples as samples
import yaml

from cjob.manifest.sections.overrides import TaskOverride
from cjob.reporting.errors import InputError, InputErrors
from cjob.template.patches import check_patches, note_patches, override_task, patch
from cjob.yamlio import reader

TASK = """\
Resources:
  TaskDefinition:
    Properties:
      Family: !Join ['', [a, b]]
      Cpu: !Ref TaskCPU
      ContainerDefinitions:
        - Name: main
          Environment: []
        - Name: web
"""


def _document(text: str) -> yaml.Node:
    root = reader.compose(text, "test.yml")
    assert root is not None
    return root


def _overridden(*rules: tuple[str, str]) -> Any:  # noqa: ANN401 - YAML
    root = _document(TASK)
    overrides = [TaskOverride(path=path, value=reader.compose(value, "")) for path, value in rules]
    override_task(root, overrides, "m.yml")
    return samples.plain(root)["Resources"]["TaskDefinition"]["Properties"]


def test_a_key_is_replaced_in_its_place_or_added_at_the_end() -> None:
    """The order of the others stays."""
    task = _overridden(("Cpu", "512"), ("PidMode", "task"))

    assert list(task) == ["Family", "Cpu", "ContainerDefinitions", "PidMode"]
    assert (task["Cpu"], task["PidMode"]) == ("512", "task")


def test_maps_and_lists_on_the_way_are_made() -> None:
    """`[-]` is one more item; an index behind a missing key makes a list, whatever it is."""
    task = _overridden(
        ("New.Deep.Path", "[1, 2]"), ("Tags[-].Key", "a"), ("Tags[0].Value", "b"), ("List[7]", "c")
    )

    assert task["New"] == {"Deep": {"Path": ["1", "2"]}}
    assert task["Tags"] == [{"Key": "a", "Value": "b"}]
    assert task["List"] == ["c"]


def test_functions_are_put_in_as_they_are_written() -> None:
    """A tag is part of the value."""
    path = "ContainerDefinitions[0].Environment[-]"

    task = _overridden((path, "{Name: R, Value: !Ref AWS::Region}"))

    expected = [{"Name": "R", "Value": {"Ref": "AWS::Region"}}]
    assert task["ContainerDefinitions"][0]["Environment"] == expected


def test_a_value_used_twice_is_not_shared() -> None:
    """What a later rule changes inside of it shows in one place."""
    value = reader.compose("{a: 1}", "")
    root = _document(TASK)

    rules = [TaskOverride(path=path, value=value) for path in ("X", "Y")]
    override_task(root, [*rules, TaskOverride(path="X.a", value=None)], "m.yml")

    task = samples.plain(root)["Resources"]["TaskDefinition"]["Properties"]
    assert (task["X"], task["Y"]) == ({"a": ""}, {"a": "1"})


@pytest.mark.parametrize("path", ["Cpu.X", "Cpu[-]"])
def test_a_path_through_a_scalar_has_no_effect(path: str) -> None:
    """Deployed jobs may have such a path, so it is not an error."""
    assert _overridden((path, "1")) == _overridden()


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("ContainerDefinitions[2].Cpu", "has 2 items"),
        ("Volumes[0].Name", "no list"),
        ("Cpu[0]", "not a list"),
        ("Family.x", "not a mapping"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(path: str, reason: str) -> None:
    """The message says where it ends."""
    with pytest.raises(InputError, match=reason):
        _overridden((path, "1"))


def test_all_overrides_that_lead_nowhere_come_together() -> None:
    """Each with its index, and its place in the manifest; those between them are no matter."""
    paths = ("Volumes[0].Name", "Cpu", "Family.x")
    rules = [
        TaskOverride(path=path, value=None, line=line, column=11)
        for line, path in enumerate(paths, 7)
    ]

    with pytest.raises(InputErrors) as caught:
        override_task(_document(TASK), rules, "m.yml")

    assert [problem.place for problem in caught.value.problems] == ["m.yml:7:11", "m.yml:9:11"]
    assert caught.value.problems[1].message.startswith("taskdef_overrides[2]: path 'Family.x'")


TEMPLATE = """\
Description: A job.
Resources:
  Log:
    Days: 30
    Tags: [a, b]
"""


def _patched(patches: str) -> Any:  # noqa: ANN401 - YAML
    return samples.plain(patch(_document(TEMPLATE), check_patches(patches, "p.yml")))


@pytest.mark.parametrize(
    ("patches", "expected"),
    [
        ("{op: add, path: /Resources/Log/New, value: 1}", {"Days": "30", "New": "1"}),
        ("{op: add, path: /Resources/Log/Days, value: 1}", {"Days": "1"}),
        ("{op: replace, path: /Resources/Log/Days, value: !Ref D}", {"Days": {"Ref": "D"}}),
        ("{op: replace, path: /Resources/Log/Days, value: null}", {"Days": "null"}),
        ("{op: remove, path: /Resources/Log/Days}", {}),
        ("{op: add, path: /Resources/Log/a~1b~0c~01, value: 1}", {"Days": "30", "a/b~c~1": "1"}),
    ],
)
def test_patches_of_maps(patches: str, expected: dict[str, object]) -> None:
    """`add` takes a key that is there already, the others need it."""
    log = _patched(f"- {patches}")["Resources"]["Log"]

    del log["Tags"]
    assert log == expected


@pytest.mark.parametrize(
    ("patches", "expected"),
    [
        ("{op: add, path: /Resources/Log/Tags/0, value: x}", ["x", "a", "b"]),
        ("{op: add, path: /Resources/Log/Tags/2, value: x}", ["a", "b", "x"]),
        ("{op: add, path: /Resources/Log/Tags/-, value: x}", ["a", "b", "x"]),
        ("{op: replace, path: /Resources/Log/Tags/01, value: x}", ["a", "x"]),
        ("{op: remove, path: /Resources/Log/Tags/0}", ["b"]),
    ],
)
def test_patches_of_lists(patches: str, expected: list[str]) -> None:
    """Adding inserts before an index; `-` is behind the last."""
    assert _patched(f"- {patches}")["Resources"]["Log"]["Tags"] == expected


def test_the_first_segment_of_a_path_does_not_count() -> None:
    """A path without a slash in front loses its first key, as it always has."""
    assert _patched("- {op: add, path: Resources/X, value: 1}")["X"] == "1"


def test_the_empty_path_is_the_whole_document() -> None:
    """It can be replaced, and patched further."""
    patches = "- {op: add, path: '', value: {}}\n- {op: add, path: /A, value: 1}"

    assert _patched(patches) == {"A": "1"}


@pytest.mark.parametrize("text", ["", "[]", "# nothing\n"])
def test_no_patches_change_nothing(text: str) -> None:
    """An empty file is a list without patches."""
    assert _patched(text) == samples.loaded(TEMPLATE)


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("op: add", "must be a list of patches", "p.yml:1:1"),
        ("- x", "patch 0 must be a mapping", "p.yml:1:3"),
        (
            "- {op: add, path: /a, value: 1}\n- {op: move, path: /a}",
            "patch 1 .* 'move'",
            "p.yml:2:3",
        ),
        ("- {op: add, value: 1}", "has no path", "p.yml:1:3"),
        ("- {op: replace, path: /a}", "has no value", "p.yml:1:3"),
    ],
)
def test_malformed_patches_are_refused_with_their_place(
    text: str, message: str, place: str
) -> None:
    """They are checked without a template."""
    with pytest.raises(InputError, match=message) as caught:
        check_patches(text, "p.yml")

    assert caught.value.place == place


@pytest.mark.parametrize(
    ("patches", "message"),
    [
        ("{op: remove, path: /Resources/Nope}", "no 'Nope' in '/Resources'"),
        ("{op: replace, path: /Resources/Nope/X, value: 1}", "no 'Nope' in '/Resources'"),
        ("{op: remove, path: /Resources/Log/Tags/2}", r"ends before \[2\]"),
        ("{op: add, path: /Resources/Log/Tags/3, value: 1}", r"ends before \[3\]"),
        ("{op: remove, path: /Resources/Log/Tags/-}", "not the index of an item"),
        ("{op: add, path: /Resources/Log/Days/x, value: 1}", "neither a mapping nor a list"),
        ("{op: remove, path: ''}", "cannot be removed"),
    ],
)
def test_a_patch_that_leads_nowhere_is_refused(patches: str, message: str) -> None:
    """The message has operation, path and the patch's line."""
    with pytest.raises(InputError, match=message) as caught:
        _patched(f"# first\n- {patches}")

    assert caught.value.place == "p.yml:2:3"
    assert caught.value.message.startswith("patch 0 (")


def test_all_patches_that_are_malformed_or_lead_nowhere_come_together() -> None:
    """Malformed ones alone first, since those behind them may need what they add."""
    lost = "- {op: remove, path: /A}\n- {op: add, path: /B, value: {}}\n- {op: remove, path: /C}"
    with pytest.raises(InputErrors) as caught:
        _patched(lost)
    assert [problem.place for problem in caught.value.problems] == ["p.yml:1:3", "p.yml:3:3"]

    with pytest.raises(InputErrors) as caught:
        _patched(lost + "\n- {op: move, path: /A}\n- x")
    assert [problem.place for problem in caught.value.problems] == ["p.yml:4:3", "p.yml:5:3"]


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/Resources/Logg", "did you mean 'Log'?"),
        ("/Resources/Log/Retention", "there are: Days, Tags"),
        ("/Resources/Log/Tags/7", "a patch sees the template as earlier patches left it"),
    ],
)
def test_a_patch_that_leads_nowhere_brings_a_hint(path: str, hint: str) -> None:
    """The key that may be meant, or all that there are."""
    with pytest.raises(InputErrors) as caught:
        _patched(f"- {{op: remove, path: {path}}}")
    assert caught.value.hint == hint


def test_the_description_says_that_there_were_patches() -> None:
    """A template without one gets none."""
    root = _document(TEMPLATE)

    note_patches(root)

    assert samples.plain(root)["Description"].startswith("A job. Changed by")
