"""Changes inside of texts that are JSON: the definition of a state machine is one."""

import json

import pytest

from cjob import diff
from cjob.diff.inside import inside
from cjob.diff.summary import INSIDES, insides
from cjob.release import Against, Change, Diff, Inner

OLD = {"TimeoutSeconds": 60, "Retry": [{"MaxAttempts": 2}], "a.b": 1, "gone": True}
NEW = {"TimeoutSeconds": 60, "Retry": [{"MaxAttempts": 5}, {}], "a.b": 2, "come": None}


def test_what_differs_inside_is_listed_by_its_path() -> None:
    """As in the template: keys by dots, indexes in brackets, odd keys quoted."""
    found = inside(json.dumps(OLD), json.dumps(NEW, indent=2))
    assert sorted(found, key=lambda inner: inner.path) == [
        Inner(op="change", path="Retry[0].MaxAttempts", old=2, new=5),
        Inner(op="add", path="Retry[1]", new={}),
        Inner(op="change", path='["a.b"]', old=1, new=2),
        Inner(op="add", path="come"),
        Inner(op="remove", path="gone", old=True),
    ]


def test_another_layout_of_the_same_data_has_no_difference_inside() -> None:
    """The text differs all the same, and that is told of it."""
    assert inside(json.dumps(OLD), json.dumps(OLD, indent=4)) == ()


@pytest.mark.parametrize(
    "text", ["plain", "{not: json}", "[1, NaN]", "", '"text"', "[" * 5000, 7, None, {"Ref": "X"}]
)
def test_what_is_no_structure_in_json_has_nothing_inside(text: object) -> None:
    """It is one value, and is compared as one."""
    assert inside(text, json.dumps(OLD)) == ()
    assert inside(json.dumps(OLD), text) == ()


def test_a_change_of_a_template_carries_what_is_inside() -> None:
    """Through the function that the text is the argument of."""
    old, new = (
        f"Resources:\n  M:\n    Properties:\n      D: !Sub '{json.dumps({'n': n})}'\n"
        for n in (1, 2)
    )
    (change,) = diff.changes(diff.compare(old, new))
    assert change.inside == (Inner(op="change", path="n", old=1, new=2),)


def test_people_are_told_the_first_of_them() -> None:
    """And how many more there are, on lines of their own."""
    inner = tuple(
        Inner(op="change", path=f"n{number}", old=number, new="\x1b")
        for number in range(INSIDES + 2)
    )
    changes = (Change(op="change", path="Resources.M.Properties.D", inside=inner),)
    against = Against(status="", stack_id="", template="", parameters="", tags="")
    lines = insides(Diff(changed=True, text="", changes=changes, against=against))
    assert lines[0] == "in Resources.M.Properties.D:"
    assert lines[1] == '  ~ n0: 0 -> "\\u001b"'
    assert lines[-1] == "  … and 2 more"
    assert len(lines) == INSIDES + 2
