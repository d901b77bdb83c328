"""Templates that cannot be compared: the error, its place and its hint."""

import pytest
import unredacted

from cjob import diff
from cjob.reporting.errors import InputError

REFUSED = {
    "an open bracket": ("a: [b\n", "2:1", "not valid YAML"),
    "a tab as indentation": ("a:\n\tb: 1\n", "2:1", "not valid YAML"),
    "a key given twice": ("a: 1\nb: 2\na: 3\n", "3:1", "'a' occurs twice; first at the file:1:1"),
    "a key given twice further in": ("x:\n  a: 1\n  'a': 2\n", "3:3", "occurs twice"),
    "an alias without anchor": ("a: *b\n", "1:4", "no anchor 'b'"),
    "a list as a key": ("a: {[b]: c}\n", "1:5", "a sequence is used as a key"),
    "a merge of a text": ("<<: x\n", "1:5", "can only merge"),
    "a merge of itself": ("a: &a {<<: *a}\n", "1:12", "can only merge"),
    "a list as a template": ("- a\n", "1:1", "must be a mapping, not a sequence"),
    "a text as a template": ("a\n", "1:1", "must be a mapping, not a scalar"),
    "more depth than a template has": ("a: " + "[" * 300 + "]" * 300, "1:203", "levels deep"),
    "a control character": ("a: \x01\n", "1:4", "not valid YAML"),
}


@pytest.mark.parametrize(("text", "where", "what"), REFUSED.values(), ids=REFUSED.keys())
def test_a_text_that_is_no_template_is_refused_with_its_place(
    text: str, where: str, what: str
) -> None:
    """The message names the document, line and column, and the hint what to do."""
    with pytest.raises(InputError) as raised:
        diff.compare("a: 1\n", text, new_name="the file")
    assert what in raised.value.message
    assert raised.value.place == f"the file:{where}"
    assert raised.value.hint


def test_the_side_that_is_wrong_is_named() -> None:
    """Both documents have names, which the caller may choose."""
    with pytest.raises(InputError) as raised:
        diff.compare("a: [", "a: 1")
    assert raised.value.place.startswith("the deployed template:")


def test_errors_behind_the_first_document_do_not_matter() -> None:
    """Only the first document is a template."""
    assert unredacted.text("a: 1\n---\na: 1\n---\n[", "a: 1\n") == ""


def test_a_bomb_of_aliases_does_no_harm() -> None:
    """Aliases are names, so what they would multiply to is never made."""
    levels = [f"x{i}: &x{i} [{', '.join([f'*x{i - 1}'] * 9)}]" for i in range(1, 30)]
    bomb = "x0: &x0 [lol]\n" + "\n".join(levels)
    text = unredacted.text(bomb, bomb.replace("lol", "lot"))
    assert text == "~ x0:\n    ~ - lol -> lot\n"
    assert len(diff.changes(unredacted.compare("", bomb))) == 30
