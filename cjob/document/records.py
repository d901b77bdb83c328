"""Plain data: frozen classes with named fields, for what a command needs at its start.

To a type checker they are the standard library's dataclasses. When run they share one set of
methods; `dataclasses` writes and compiles six for each class and imports `inspect`, which together
takes longer than rendering ten jobs. A field's default is a class attribute and never changes.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Never, NoReturn, TypeVar

__all__ = ["EMPTY", "dataclass", "fields", "replace"]

T = TypeVar("T")

EMPTY: Mapping[str, Never] = MappingProxyType({})
"""The default of a field that is a map."""


def fields(plain: object) -> tuple[str, ...]:
    """Name the fields of a class or an instance, in order, inherited ones first."""
    names: tuple[str, ...] = plain.__fields__  # type: ignore[attr-defined]
    return names


class _Methods:
    """What a class is given; an instance holds the values that it was made with."""

    def __init__(self, *given: object, **named: object) -> None:
        names, of = fields(self), type(self)
        values = dict(zip(names, given, strict=False)) | named
        if len(given) > len(names) or len(values) < len(given) + len(named):
            raise TypeError(f"{of.__name__} is given more than {', '.join(names)}")
        if unknown := [name for name in named if name not in names]:
            raise TypeError(f"{of.__name__} has no field {unknown[0]!r}")
        if missing := [name for name in names if name not in values and not hasattr(of, name)]:
            raise TypeError(f"{of.__name__} is made without {missing[0]!r}")
        vars(self).update((n, values[n] if n in values else getattr(of, n)) for n in names)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} cannot be changed: {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} cannot be changed: {name!r}")

    def __eq__(self, other: object) -> bool:
        return _values(self) == _values(other) if type(self) is type(other) else NotImplemented

    def __hash__(self) -> int:
        return hash(_values(self))

    def __repr__(self) -> str:
        of = type(self)
        pairs = ((name, getattr(self, name)) for name in fields(self))
        told = (f"{k}={v!r}" for k, v in pairs if not hasattr(of, k) or v != getattr(of, k))
        return f"{of.__name__}({', '.join(told)})"


def _values(plain: object) -> tuple[object, ...]:
    return tuple(getattr(plain, name) for name in fields(plain))


def _made(plain: type[T]) -> type[T]:
    inherited = getattr(plain, "__fields__", ())
    own = (name for name in plain.__annotations__ if name not in inherited)
    plain.__fields__ = (*inherited, *own)  # type: ignore[attr-defined]
    for name in ("__init__", "__setattr__", "__delattr__", "__eq__", "__hash__", "__repr__"):
        setattr(plain, name, vars(_Methods)[name])
    return plain


if TYPE_CHECKING:
    from dataclasses import dataclass, replace  # noqa: TID251 - for type checkers
else:

    def dataclass(
        *,
        frozen: bool,
        kw_only: bool = False,  # noqa: ARG001 - for the type checker to mind
    ) -> Callable[[type[T]], type[T]]:
        """Decorate a class; it is always frozen."""
        if not frozen:
            raise TypeError("plain data is frozen")
        return _made

    def replace(plain: T, /, **changes: object) -> T:
        """Return the same with other values in some fields."""
        return type(plain)(**dict(zip(fields(plain), _values(plain), strict=True)) | changes)
