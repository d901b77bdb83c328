"""Records behave like the frozen dataclasses that they are for type checkers."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import InitVar
from typing import ClassVar

import pytest

from cjob.document.records import EMPTY, dataclass, fields, replace


@dataclass(frozen=True, kw_only=True)
class Box:
    """Something with a name."""

    name: str
    labels: Mapping[str, str] = EMPTY


@dataclass(frozen=True, kw_only=True)
class Parcel(Box):
    """A box on its way; it declares a field of the box again, with a default."""

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


def test_fields_are_in_the_order_of_the_class() -> None:
    """Inherited ones come first, and keep their place when they are declared again."""
    assert fields(Box) == ("name", "labels")
    assert fields(Parcel(weight=1)) == ("name", "labels", "weight")


def test_a_field_that_is_not_given_has_its_default() -> None:
    """The default of its own class wins over that of a base class."""
    parcel = Parcel(weight=1)
    assert (parcel.name, dict(parcel.labels), parcel.weight) == ("parcel", {}, 1)


@pytest.mark.parametrize(
    ("given", "message"),
    [({}, "Box requires 'name'"), ({"name": "a", "nam": "b"}, "Box has no field 'nam'")],
)
def test_wrong_fields_are_refused(given: Mapping[str, str], message: str) -> None:
    """The error names a missing or unknown field."""
    with pytest.raises(TypeError, match=message):
        Box(**given)  # type: ignore[arg-type]


def test_values_may_be_positional() -> None:
    """An attribute without annotation is not a field; a function is not bound to the record."""
    stamp = Stamp(1, lambda value: value * "|")
    assert (fields(stamp), stamp.country) == (("value", "shape"), "nowhere")
    assert (stamp.shape(3), Stamp(1).shape(3)) == ("|||", "3")
    for given, named in (((1, str, 2), {}), ((1,), {"value": 2})):
        with pytest.raises(TypeError, match="Stamp takes only value, shape, each of them once"):
            Stamp(*given, **named)  # type: ignore[arg-type]


def test_records_of_one_class_with_equal_values_are_equal() -> None:
    """Whether a value was given or is a default."""
    assert Box(name="a") == Box(name="a", labels={})
    assert Box(name="a") != Box(name="b")
    assert Box(name="a") != Crate(name="a")
    assert len({Stamp(1), Stamp(1, shown), Stamp(2)}) == 2


def test_a_record_cannot_be_changed() -> None:
    """Fields are neither set nor deleted; a changed copy leaves the original as it was."""
    box = Box(name="a")
    with pytest.raises(AttributeError, match="Box is frozen: 'name' cannot be set"):
        box.name = "b"  # type: ignore[misc]
    with pytest.raises(AttributeError, match="Box is frozen: 'name' cannot be deleted"):
        del box.name
    assert replace(box, name="b") == Box(name="b")
    assert box == Box(name="a")


def test_repr_shows_what_is_not_the_default() -> None:
    """The rest is left out."""
    assert repr(Parcel(weight=2)) == "Parcel(weight=2)"
    assert repr(Box(name="a", labels={"b": "c"})) == "Box(name='a', labels={'b': 'c'})"


def test_the_decorator_takes_only_what_it_does() -> None:
    """A class that can be changed is the standard library's."""
    with pytest.raises(TypeError, match="records are frozen"):
        dataclass(frozen=False)


@dataclass(frozen=True, kw_only=True)
class Limited(Box):
    """A box with attributes of the class."""

    limit: ClassVar[int] = 1
    unit: "ClassVar[str]" = "kg"


def test_a_class_variable_is_not_a_field() -> None:
    """As a type checker takes it, also if its annotation is a string."""
    assert fields(Limited) == ("name", "labels")
    assert (Limited.limit, Limited(name="a").unit) == (1, "kg")
    with pytest.raises(TypeError, match="Limited has no field 'limit'"):
        Limited(name="a", limit=2)  # type: ignore[call-arg]


def with_init_variable() -> type:
    """Return a class with a parameter that is not a field."""

    @dataclass(frozen=True, kw_only=True)
    class Record:
        scale: "InitVar[int]" = 1

    return Record


def with_post_init() -> type:
    """Return a class whose hook would not run."""

    @dataclass(frozen=True, kw_only=True)
    class Record:
        name: str

        def __post_init__(self) -> None:
            """Do nothing."""

    return Record


def with_field() -> type:
    """Return a class whose default would be the description of a field."""

    @dataclass(frozen=True, kw_only=True)
    class Record:
        names: tuple[str, ...] = dataclasses.field(default_factory=tuple)

    return Record


def with_mutable_default() -> type:
    """Return a class whose instances would share a list."""

    @dataclass(frozen=True, kw_only=True)
    class Record:
        names: list[str] = []  # noqa: RUF012 - what is refused

    return Record


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (with_init_variable, "Record.scale: InitVar.int. is not supported"),
        (with_post_init, "Record.__post_init__ would never be called"),
        (with_field, "Record.names: dataclasses.field is not supported"),
        (with_mutable_default, "Record.names: a default is shared, so it must be immutable"),
    ],
)
def test_what_records_do_not_support_is_refused(make: Callable[[], type], message: str) -> None:
    """Type checkers take the class for a dataclass, so at run time it must not be another."""
    with pytest.raises(TypeError, match=message):
        make()
