"""Changes inside strings of JSON, such as the definition of a state machine."""

import json

import pytest
import unredacted

from cjob import diff
from cjob.diff.json_changes import json_changes
from cjob.document.models import JsonChange

OLD = {"TimeoutSeconds": 60, "Retry": [{"MaxAttempts": 2}], "a.b": 1, "gone": True}
NEW = {"TimeoutSeconds": 60, "Retry": [{"MaxAttempts": 5}, {}], "a.b": 2, "come": None}


def test_what_differs_inside_is_listed_by_its_path() -> None:
    """As in the template: keys by dots, indexes in brackets, odd keys quoted."""
    found = json_changes(json.dumps(OLD), json.dumps(NEW, indent=2))
    assert sorted(found, key=lambda inner: inner.path) == [
        JsonChange(op="change", path="Retry[0].MaxAttempts", old=2, new=5),
        JsonChange(op="add", path="Retry[1]", new={}),
        JsonChange(op="change", path='["a.b"]', old=1, new=2),
        JsonChange(op="add", path="come"),
        JsonChange(op="remove", path="gone", old=True),
    ]


def test_another_layout_of_the_same_data_has_no_difference_inside() -> None:
    """The string differs all the same, and that is printed."""
    assert json_changes(json.dumps(OLD), json.dumps(OLD, indent=4)) == ()


@pytest.mark.parametrize(
    "text", ["plain", "{not: json}", "[1, NaN]", "", '"text"', "[" * 5000, 7, None, {"Ref": "X"}]
)
def test_what_is_no_structure_in_json_has_nothing_inside(text: object) -> None:
    """It is one value, and is compared as one."""
    assert json_changes(text, json.dumps(OLD)) == ()
    assert json_changes(json.dumps(OLD), text) == ()


def test_a_change_of_a_template_carries_what_is_inside() -> None:
    """Through the function that the text is the argument of."""
    old, new = (
        f"Resources:\n  M:\n    Properties:\n      D: !Sub '{json.dumps({'n': n})}'\n"
        for n in (1, 2)
    )
    (change,) = diff.changes(diff.redact(diff.compare(old, new)))
    assert change.inside == (JsonChange(op="change", path="n", old=1, new=2),)


def shown(old: str, new: str) -> str:
    """Return the text of a difference between two definitions of a state machine."""
    sides = [f"Resources:\n  M:\n    D: !Sub '{text}'\n" for text in (old, new)]
    comparison = diff.redact(diff.compare(*sides))
    assert unredacted.text(*sides).count(" -> ") == 1, "Copilot prints both in full"
    return diff.render(comparison, within_json=True)


def test_people_see_what_differs_inside_instead_of_both_texts() -> None:
    """One line a difference, below the key; control characters are visible."""
    old, new = ({"a": number, "b": [1, text]} for number, text in ((1, "x"), (2, "\x1b")))
    assert shown(json.dumps(old), json.dumps(new)) == (
        "~ Resources:\n"
        "    ~ M:\n"
        "        ~ D:\n"
        "            ~ a: 1 -> 2\n"
        '            ~ b[1]: "x" -> "\\u001b"\n'
    )


def test_another_layout_of_the_same_json_is_one_line() -> None:
    """Two strings that differ only in spaces are hard to compare by eye."""
    found = shown(json.dumps(OLD), json.dumps(OLD, separators=(",", ":")))
    assert found.endswith("        ~ D: (the same JSON in another layout)\n")


def test_a_text_that_is_no_longer_substituted_is_shown_in_full() -> None:
    """CloudFormation substitutes it, so it is another string."""
    old = "Resources:\n  M:\n    D: !Sub '{\"a\": 1}'\n"
    comparison = diff.redact(diff.compare(old, old.replace("!Sub ", "").replace("1", "2")))
    assert '"a": 2' in diff.render(comparison, within_json=True)
