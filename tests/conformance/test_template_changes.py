"""All that rendered templates consist of is known to the comparison: its kind, what it replaces."""

from collections.abc import Iterator

import cfn_flip
import pytest
import rendered_cases
import unredacted
from rendered_cases import Rendered

from cjob import diff
from cjob.diff.categories import OTHER
from cjob.diff.replacement import DEPENDS, replacement

RENDERED = 60


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Rendered, ...]:
    """Render templates that no person's patches and overrides changed."""
    folder = tmp_path_factory.mktemp("rendered")
    return rendered_cases.rendered(folder, RENDERED, may_be_all=True, with_changed=False)


def sections(case: Rendered) -> dict[str, dict[str, object]]:
    """Return a template's sections as values, as they come to a program."""
    found = diff.changes(unredacted.compare("", case.template))
    return {change.path: change.new for change in found if isinstance(change.new, dict)}


def resources(case: Rendered) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Yield name, type and all else of a template's resources."""
    for name, one in sections(case)["Resources"].items():
        assert isinstance(one, dict)
        yield name, one["Type"], one


def properties(resource: dict[str, object]) -> list[str]:
    """Return the names of a resource's properties."""
    found = resource["Properties"]
    assert isinstance(found, dict)
    return list(found)


def paths(value: object, above: str) -> Iterator[str]:
    """Yield the paths of a value and of all in it."""
    yield above
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, f"{above}.{key}")
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from paths(inner, f"{above}[{at}]")


def test_every_property_of_a_rendered_template_is_in_the_table(cases: tuple[Rendered, ...]) -> None:
    """Whether its change makes the resource anew is never left open."""
    unknown = {
        (of, name)
        for case in cases
        for _, of, resource in resources(case)
        for name in properties(resource)
        if replacement(of, name) == DEPENDS
    }
    assert cases
    assert unknown == set()


def test_every_value_of_a_rendered_template_has_a_kind(cases: tuple[Rendered, ...]) -> None:
    """A person reads what a change is about, wherever in a template it is."""
    found = {
        (path, "")
        for case in cases
        for section, value in sections(case).items()
        if section != "Resources"
        for path in paths(value, section)
    } | {
        (path, of)
        for case in cases
        for name, of, resource in resources(case)
        for path in paths(resource, f"Resources.{name}")
    }
    assert cases
    assert {place for place in found if diff.category_of(*place) == OTHER} == set()


def test_values_are_those_that_another_reader_gives(cases: tuple[Rendered, ...]) -> None:
    """Functions in full and scalars alike; cfn-flip reads templates for many tools."""
    assert cases
    for case in cases:
        other, own = cfn_flip.load_yaml(case.template), sections(case)
        assert in_texts({name: other[name] for name in own}) == in_texts(own)


def in_texts(value: object) -> object:
    """Return mappings unchanged and scalars as strings: the other reader has more types."""
    if isinstance(value, dict):
        return {key: in_texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [in_texts(inner) for inner in value]
    return str(value)
