"""Rendered templates after accidents and edits: what a comparison tells of them always holds."""

import copy
import json
import re
from collections.abc import Iterator

import pytest
import rendered_cases
import unredacted
from applied import JSON, backwards, forwards, steps
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import mutated

from cjob import diff
from cjob.diff.nodes import IGNORED
from cjob.document.models import Change
from cjob.reporting.errors import InputError

RENDERED = 12
FUNCTION = re.compile(r"Fn::.+|Ref|Condition")
WORD = re.compile(r"[A-Za-z0-9_./-]+")
NULLS = ("", "~", "null")

Templates = tuple[str, ...]

a_while = settings(
    deadline=None, suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large)
)


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """Render some jobs; their addons are templates, too."""
    found = rendered_cases.rendered(tmp_path_factory.mktemp("rendered"), RENDERED)
    return tuple(text for case in found for text in (case.template, case.addons) if text)


def value_of(template: str) -> JSON:
    """Return a template as programs are told of it when it is new."""
    found = diff.changes(unredacted.compare("", template))
    return {steps(change.path)[0]: change.new for change in found}


def seen(value: JSON) -> JSON:
    """Return a value as far as it is compared: without functions' names, and scalars as texts."""
    if isinstance(value, dict):
        # The copy of the manifest stays where it is, whatever becomes of what is around it.
        value = {key: item for key, item in value.items() if key != IGNORED}
        if len(value) == 1 and FUNCTION.fullmatch(name := next(iter(value))):
            argument = seen(value[name])
            return ".".join(argument) if _joins(name, argument) else argument
        return {key: seen(item) for key, item in value.items()}
    if isinstance(value, list):
        return [seen(item) for item in value]
    text = value if isinstance(value, str) else json.dumps(value)
    return "null" if text in NULLS else text.lower()


def _joins(name: str, argument: JSON) -> bool:
    is_list = isinstance(argument, list) and all(isinstance(part, str) for part in argument)
    return name == "Fn::GetAtt" and is_list


def scalars(value: JSON) -> Iterator[str]:
    """Yield the scalars in a value that are written in one way only."""
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from scalars(inner)
        elif isinstance(inner, str) and WORD.fullmatch(inner):
            yield inner


def shown(change: Change) -> Iterator[tuple[str, str]]:
    """Yield each scalar that surely is in the text, with the sign of its line."""
    for sign, value in (("-", change.old), ("+", change.new)):
        # Of a value that becomes another one, what is in both need not be shown.
        if change.op != "change" or not isinstance(value, dict | list):
            yield from ((sign, text) for text in scalars([value]))


def check(old: str, new: str) -> None:
    """Compare, and hold what is told against the templates themselves."""
    compared = diff.compare(old, new)
    comparison = unredacted.unredacted(compared)
    text, found = diff.render(comparison), diff.changes(comparison)
    assert comparison.changed == bool(text) == bool(found)
    before, after = value_of(old), value_of(new)
    assert seen(after) == seen(forwards(found, before))
    assert seen(before) == seen(backwards(found, after))
    lines = [line.lstrip() for line in text.splitlines()]
    signed = {sign: "\n".join(line for line in lines if line[:1] in (sign, "~")) for sign in "-+"}
    for sign, scalar in (pair for change in found for pair in shown(change)):
        assert scalar in signed[sign]
    assert diff.render(diff.redact(compared)).count("\n") >= bool(text)
    assert unredacted.text(new, new) == ""


@given(st.data())
@a_while
def test_an_accident_in_a_template_s_text_is_refused_or_told(
    templates: Templates, data: st.DataObject
) -> None:
    """A refusal has its place and a hint; all else holds."""
    old = data.draw(st.sampled_from(templates))
    new = data.draw(mutated([old]))
    if (refusal := refused(new)) is None:
        check(old, new)
    else:
        assert refusal.place
        assert refusal.hint


def refused(template: str) -> InputError | None:
    """Return what is said against a template."""
    try:
        diff.compare(template, template)
    except InputError as error:
        return error
    return None


@given(st.data())
@a_while
def test_edits_of_a_template_are_told(templates: Templates, data: st.DataObject) -> None:
    """Whatever is changed, put in, left out or moved, in several places at once."""
    old = value_of(data.draw(st.sampled_from(templates)))
    new = data.draw(edited(old))
    check(json.dumps(old), json.dumps(new, indent=2))


@st.composite
def edited(draw: st.DrawFn, value: JSON) -> JSON:
    """Return a value after a few edits."""
    made = copy.deepcopy(value)
    # Of the value as it was: what is put into itself again and again becomes too deep to walk.
    sources = list(_places(value))
    for _ in range(draw(st.integers(1, 6))):
        places = list(_places(made))
        holder, key = places[draw(st.integers(0, len(places) - 1))]
        kind = draw(st.sampled_from(("change", "remove", "repeat", "move", "graft")))
        other, other_key = sources[draw(st.integers(0, len(sources) - 1))]
        taken = copy.deepcopy(other[other_key])
        if kind == "change":
            holder[key] = draw(st.sampled_from(("changed", "", 7, True, "two\nlines", "a: b")))
        elif kind == "remove":
            del holder[key]
        elif kind == "graft":
            holder[key] = taken
        elif isinstance(holder, list):
            item = holder[key] if kind == "repeat" else holder.pop(key)
            holder.insert(draw(st.integers(0, len(holder))), copy.deepcopy(item))
        else:
            holder[f"New{key}"] = taken
    return made


def _places(value: JSON) -> Iterator[tuple[JSON, JSON]]:
    """Yield every map and list in a value with each of its keys or indexes."""
    for key in value if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])
