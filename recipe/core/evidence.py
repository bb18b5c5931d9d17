"""What a step measured, and how a plot of it is described (standard library only).

A non-finite number never enters: it becomes None here, so no comparison in a rule can let a NaN
pass as "not above the limit".
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from recipe.core.json_fields import record

Scalar = float | int | bool | str | None
Curve = tuple[float | None, ...]


def finite(value: float | None) -> float | None:
    """`value`, or None when it is NaN or infinite."""
    if value is None or not math.isfinite(value):
        return None
    return float(value)


def curve(values: Iterable[float | None]) -> Curve:
    """A curve with its non-finite points as None."""
    return tuple(finite(value) for value in values)


def keep_finite(record: Any, *names: str) -> None:
    """Set fields of a frozen record that are not finite to None."""
    for name in names:
        object.__setattr__(record, name, finite(getattr(record, name)))


def _scalar(value: Scalar) -> Scalar:
    if isinstance(value, float):
        return finite(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    raise TypeError(f"Evidence holds numbers, booleans and strings; got {type(value).__name__}.")


@dataclass(frozen=True)
class Sheet:
    """A few items as a person would look through them: pictures, lines, or rows of text."""

    labels: tuple[str, ...]
    """What stands with each item."""
    pictures: tuple[str, ...] = ()
    """Of each item a PNG or JPEG file, in base64."""
    lines: tuple[Curve, ...] = ()
    """Of each item its values in order."""
    rows: tuple[tuple[str, ...], ...] = ()
    """Of each item its cells as text."""
    header: tuple[str, ...] = ()
    """Names of the cells."""
    across: int = 1
    """Items beside each other."""
    note: str = ""
    """What holds for all of them, such as the range of their values."""


def sheet_from_json(data: Mapping[str, Any]) -> Sheet:
    """Read back one sheet: JSON has lists where a sheet has tuples."""
    rows = tuple(tuple(row) for row in data.get("rows", ()))
    lines = tuple(curve(values) for values in data.get("lines", ()))
    plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
    return Sheet(**{**plain, "rows": rows, "lines": lines})


@dataclass(frozen=True)
class Evidence:
    """What a step measured, without a verdict: named scalars, curves, and sheets of items."""

    scalars: Mapping[str, Scalar] = field(default_factory=dict)
    curves: Mapping[str, Curve] = field(default_factory=dict)
    sheets: Mapping[str, Sheet] = field(default_factory=dict)

    def __post_init__(self) -> None:
        scalars = {name: _scalar(value) for name, value in self.scalars.items()}
        curves = {name: curve(values) for name, values in self.curves.items()}
        sheets = {
            name: made if isinstance(made, Sheet) else sheet_from_json(made)
            for name, made in self.sheets.items()
        }
        object.__setattr__(self, "scalars", scalars)
        object.__setattr__(self, "curves", curves)
        object.__setattr__(self, "sheets", sheets)

    def number(self, name: str) -> float | None:
        """The scalar as a float; None when it is missing, not a number, or was not finite."""
        value = self.scalars.get(name)
        return float(value) if isinstance(value, int | float) else None

    def flag(self, name: str) -> bool:
        """True only when the scalar is present and true."""
        return self.scalars.get(name) is True

    def text(self, name: str) -> str | None:
        """The scalar when it is a string."""
        value = self.scalars.get(name)
        return value if isinstance(value, str) else None

    def curve(self, name: str) -> Curve:
        """The curve, or an empty one when it was not measured."""
        return self.curves.get(name, ())


@dataclass(frozen=True)
class Figure:
    """A plot described as data: which curves of the evidence, on which axes.

    Kinds: `line` (series over x), `bars` (series over x as bars), `map` (series[0] as colour
    over x and series[1]), `dots` (series over x, each point alone), `sheet` (the sheet of items
    that series[0] names). Reports draw it; results do not know how.
    """

    name: str
    title: str
    series: tuple[str, ...]
    kind: Literal["line", "bars", "map", "dots", "sheet"] = "line"
    x: str | None = None
    x_label: str = "iteration"
    y_label: str = "loss"
    log_x: bool = False
    log_y: bool = False
    mark_x: tuple[str, ...] = ()
    """Scalars shown as vertical lines: the chosen point."""
    mark_y: tuple[str, ...] = ()
    """Scalars shown as horizontal lines: the expected value."""
    caption: str = ""
    """What it shows and how to read it, in one sentence; empty: the report says what is drawn."""


def figure_from_json(data: Mapping[str, Any]) -> Figure:
    """Read back one figure: JSON has lists where a figure has tuples."""
    plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
    return record(Figure, plain)
