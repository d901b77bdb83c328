"""Records: frozen classes with named fields, for what commands need when they start.

For a type checker these are the standard library's dataclasses. At run time they share one set of
methods: `dataclasses` imports `inspect`, and writes and compiles six methods for each class, which
takes longer than rendering ten jobs. What a type checker would take for more than a plain field,
and these classes do not support, is a TypeError when the class is made.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Never, NoReturn, TypeVar, get_origin

__all__ = ["EMPTY", "dataclass", "fields", "replace"]

T = TypeVar("T")

EMPTY: Mapping[str, Never] = MappingProxyType({})
"""The default of a field that is a mapping."""


def fields(record: object) -> tuple[str, ...]:
    """Return the names of a record's or a class's fields, in order, inherited ones first."""
    names: tuple[str, ...] = record.__fields__  # type: ignore[attr-defined]
    return names


class _Methods:
    """The methods of each record; an instance has its values as attributes."""

    def __init__(self, *given: object, **named: object) -> None:
        names, cls = fields(self), type(self)
        values = dict(zip(names, given, strict=False)) | named
        if len(given) > len(names) or len(values) < len(given) + len(named):
            raise TypeError(f"{cls.__name__} takes only {', '.join(names)}, each of them once")
        if unknown := [name for name in named if name not in names]:
            raise TypeError(f"{cls.__name__} has no field {unknown[0]!r}")
        if missing := [name for name in names if name not in values and not hasattr(cls, name)]:
            raise TypeError(f"{cls.__name__} requires {missing[0]!r}")
        vars(self).update((n, values[n] if n in values else getattr(cls, n)) for n in names)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is frozen: {name!r} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is frozen: {name!r} cannot be deleted")

    def __eq__(self, other: object) -> bool:
        return _values(self) == _values(other) if type(self) is type(other) else NotImplemented

    def __hash__(self) -> int:
        return hash(_values(self))

    def __repr__(self) -> str:
        cls = type(self)
        pairs = ((name, getattr(self, name)) for name in fields(self))
        shown = (f"{k}={v!r}" for k, v in pairs if not hasattr(cls, k) or v != getattr(cls, k))
        return f"{cls.__name__}({', '.join(shown)})"


def _values(record: object) -> tuple[object, ...]:
    return tuple(getattr(record, name) for name in fields(record))


def _make_record(cls: type[T]) -> type[T]:
    inherited = getattr(cls, "__fields__", ())
    if hasattr(cls, "__post_init__"):
        raise TypeError(f"{cls.__name__}.__post_init__ would never be called")
    annotations = {n: a for n, a in cls.__annotations__.items() if not _is_class_variable(a)}
    for name, annotation in annotations.items():
        _check_field(cls, name, annotation)
    own = (name for name in annotations if name not in inherited)
    cls.__fields__ = (*inherited, *own)  # type: ignore[attr-defined]
    for name in ("__init__", "__setattr__", "__delattr__", "__eq__", "__hash__", "__repr__"):
        setattr(cls, name, vars(_Methods)[name])
    return cls


def _is_class_variable(annotation: object) -> bool:
    if isinstance(annotation, str):
        return annotation.startswith("ClassVar")
    return annotation is ClassVar or get_origin(annotation) is ClassVar


def _check_field(cls: type, name: str, annotation: object) -> None:
    """Raise TypeError for what dataclasses would not take as a plain field with this default."""
    default = vars(cls).get(name)
    if isinstance(annotation, str) and annotation.startswith(("InitVar", "KW_ONLY")):
        raise TypeError(f"{cls.__name__}.{name}: {annotation} is not supported")
    if type(default).__module__ == "dataclasses":
        raise TypeError(f"{cls.__name__}.{name}: dataclasses.field is not supported")
    if isinstance(default, list | dict | set):
        raise TypeError(f"{cls.__name__}.{name}: a default is shared, so it must be immutable")


if TYPE_CHECKING:
    from dataclasses import dataclass, replace  # noqa: TID251 - for type checkers
else:

    def dataclass(
        *,
        frozen: bool,
        kw_only: bool = False,  # noqa: ARG001 - type checkers check it
    ) -> Callable[[type[T]], type[T]]:
        """Return the decorator that makes a class a record; it must be frozen."""
        if not frozen:
            raise TypeError("records are frozen")
        return _make_record

    def replace(record: T, /, **changes: object) -> T:
        """Return a copy of a record with other values in some fields."""
        return type(record)(**dict(zip(fields(record), _values(record), strict=True)) | changes)
