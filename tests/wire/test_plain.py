"""Plain data behaves as the frozen dataclasses that type checkers take it for."""

from collections.abc import Callable, Mapping

import pytest

from cjob.document.records import EMPTY, dataclass, fields, replace


@dataclass(frozen=True, kw_only=True)
class Box:
    """Something with a name."""

    name: str
    labels: Mapping[str, str] = EMPTY


@dataclass(frozen=True, kw_only=True)
class Parcel(Box):
    """A box on its way; it says again what a box has, with a default."""

    name: str = "parcel"
    weight: int


@dataclass(frozen=True, kw_only=True)
class Crate(Box):
    """Another kind with the same fields as a box."""


def shown(value: int) -> str:
    """Return a value's digits."""
    return str(value)


@dataclass(frozen=True)
class Stamp:
    """Something without a map, so that sets can have it; made without keywords."""

    value: int
    shape: Callable[[int], str] = shown
    country = "nowhere"


def test_fields_stand_in_the_order_of_writing() -> None:
    """Inherited ones come first, and keep their place where they are said again."""
    assert fields(Box) == ("name", "labels")
    assert fields(Parcel(weight=1)) == ("name", "labels", "weight")


def test_a_field_that_is_not_given_has_its_default() -> None:
    """Its own class's, before that of a class that it inherits from."""
    parcel = Parcel(weight=1)
    assert (parcel.name, dict(parcel.labels), parcel.weight) == ("parcel", {}, 1)


@pytest.mark.parametrize(
    ("given", "message"),
    [({}, "Box is made without 'name'"), ({"name": "a", "nam": "b"}, "Box has no field 'nam'")],
)
def test_wrong_fields_are_refused(given: Mapping[str, str], message: str) -> None:
    """A missing one and an unknown one are named."""
    with pytest.raises(TypeError, match=message):
        Box(**given)  # type: ignore[arg-type]


def test_values_may_be_given_by_their_place() -> None:
    """What has no type in the class is no field; a function stays one, and takes no self."""
    stamp = Stamp(1, lambda value: value * "|")
    assert (fields(stamp), stamp.country) == (("value", "shape"), "nowhere")
    assert (stamp.shape(3), Stamp(1).shape(3)) == ("|||", "3")
    for given, named in (((1, str, 2), {}), ((1,), {"value": 2})):
        with pytest.raises(TypeError, match="Stamp is given more than value, shape"):
            Stamp(*given, **named)  # type: ignore[arg-type]


def test_equal_are_those_of_one_class_with_equal_values() -> None:
    """However a value came to be there."""
    assert Box(name="a") == Box(name="a", labels={})
    assert Box(name="a") != Box(name="b")
    assert Box(name="a") != Crate(name="a")
    assert len({Stamp(1), Stamp(1, shown), Stamp(2)}) == 2


def test_nothing_in_it_can_be_changed() -> None:
    """Neither set nor deleted; a changed copy leaves the first as it was."""
    box = Box(name="a")
    with pytest.raises(AttributeError, match="cannot be changed: 'name'"):
        box.name = "b"  # type: ignore[misc]
    with pytest.raises(AttributeError, match="cannot be changed: 'name'"):
        del box.name
    assert replace(box, name="b") == Box(name="b")
    assert box == Box(name="a")


def test_it_shows_what_was_given() -> None:
    """What is as always is left out."""
    assert repr(Parcel(weight=2)) == "Parcel(weight=2)"
    assert repr(Box(name="a", labels={"b": "c"})) == "Box(name='a', labels={'b': 'c'})"


def test_the_decorator_takes_only_what_it_does() -> None:
    """Any other kind of class is the standard library's."""
    with pytest.raises(TypeError, match="plain data is frozen"):
        dataclass(frozen=False)
