"""Reading records back from JSON: which field is read how."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, TypeVar, get_args

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
