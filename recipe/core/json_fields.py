"""Reading records back from JSON: which field is read how."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import MappingProxyType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def record(
    kind: type[T],
    data: Mapping[str, Any],
    readers: Mapping[str, Callable[[Any], Any]] = MappingProxyType({}),
) -> T:
    """A record of this class, some of its fields read by readers; fields that a later version
    added are passed over.

    Raises:
        TypeError: it is no record, or lacks a field.

    """
    if not isinstance(data, Mapping):
        raise TypeError(f"a {kind.__name__} was expected, and this is a {type(data).__name__}")
    known = {field.name for field in fields(kind) if field.init}  # type: ignore[arg-type]
    return kind(**read_fields({k: v for k, v in data.items() if k in known}, readers))


def read_fields(
    data: Mapping[str, Any], readers: Mapping[str, Callable[[Any], Any]]
) -> dict[str, Any]:
    """The values of a record, those that have a reader read by it."""
    return {key: readers[key](value) if key in readers else value for key, value in data.items()}


def each(reader: Callable[[Any], Any]) -> Callable[[Iterable[Any]], tuple[Any, ...]]:
    """Reads a list of records, each by `reader`."""
    return lambda values: tuple(reader(value) for value in values)


def one_of(kind: Any) -> Callable[[Any], Any]:
    """Reads one of the values of a Literal; ValueError for another one."""

    def check(value: Any) -> Any:
        if value not in get_args(kind):
            raise ValueError(f"{value!r} is none of {', '.join(get_args(kind))}")
        return value

    return check


def check_types(record: Any) -> None:
    """Raise TypeError where a field of a dataclass, or of one within it, holds something else than
    it is declared to.
    """
    hints = _hints(type(record))  # type: ignore[arg-type]  # classes can be hashed
    for field in fields(record):
        value = getattr(record, field.name)
        if not fits(value, hints[field.name]):
            raise TypeError(f"{field.name} of a {type(record).__name__} is {str(value)[:80]!r}")
        for part in value if isinstance(value, tuple) else (value,):
            for each in part if isinstance(part, tuple) else (part,):
                if is_dataclass(each) and not isinstance(each, type):
                    check_types(each)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    """Of a class, worked out once and not for each record."""
    return get_type_hints(kind)


def fits(value: Any, hint: Any) -> bool:
    """Whether a value is of a declared type; a whole number is a real one, too, and truth is
    neither.
    """
    origin, args = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if origin in (Union, UnionType):
        return any(fits(value, each) for each in args)
    if origin is Literal:
        return value in args
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        if args[1:] == (...,):
            return all(fits(each, args[0]) for each in value)
        return len(value) == len(args) and all(map(fits, value, args))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(
            fits(k, args[0]) and fits(v, args[1]) for k, v in value.items()
        )
    if hint in (int, float):
        return isinstance(value, int if hint is int else int | float) and not isinstance(
            value, bool
        )
    if hint is None or isinstance(hint, type):
        return value is None if hint is None else isinstance(value, hint)
    return True
