"""Panels of a search as plain data: parameters as places on axes, and what is drawn over them."""

import math
from dataclasses import dataclass

from recipe.core.evidence import Scalar


@dataclass(frozen=True)
class Scale:
    """The values of a parameter as places on an axis."""

    name: str
    values: tuple[Scalar, ...]
    """Distinct, in order; where they are no numbers, in the order in which they came."""
    numeric: bool
    log: bool

    def place(self, value: Scalar) -> float:
        """A number itself, anything else its position."""
        if self.numeric and isinstance(value, int | float):
            return float(value)
        return float(self.values.index(value))


@dataclass(frozen=True)
class Slice:
    """Scores over one parameter."""

    scale: Scale
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    best: int


@dataclass(frozen=True)
class SlicePanel:
    """Side by side, one parameter each."""

    title: str
    y_label: str
    slices: tuple[Slice, ...]
    joined: bool = False
    """The points of a numeric parameter are joined: there is one at each value."""


@dataclass(frozen=True)
class ParallelPanel:
    """A line per trial through its values, each axis from 0 to 1."""

    title: str
    value_label: str
    scales: tuple[Scale, ...]
    lines: tuple[tuple[float | None, ...], ...]
    """Places in the order of the scales; None for a parameter that a condition left out."""
    scores: tuple[float, ...]
    best: int


@dataclass(frozen=True)
class Bar:
    """A named amount and what to write beside it."""

    label: str
    value: float
    note: str = ""


@dataclass(frozen=True)
class BarPanel:
    """Horizontal bars, the first on top; `centred` ones show a funnel."""

    title: str
    x_label: str
    bars: tuple[Bar, ...]
    centred: bool = False


@dataclass(frozen=True)
class CoveragePanel:
    """Points of two ways to search the same ranges, side by side."""

    title: str
    scales: tuple[Scale, Scale]
    """The important parameter and another one."""
    ways: tuple[tuple[str, tuple[tuple[float, float], ...]], ...]
    """A caption and the points of each."""


SearchPanel = SlicePanel | ParallelPanel | BarPanel | CoveragePanel


def share_of(scale: Scale, value: Scalar) -> float:
    """Where on the axis a value lies, from 0 to 1."""
    places = [scale.place(v) for v in scale.values]
    low, high, at = min(places), max(places), scale.place(value)
    if scale.log:
        low, high, at = math.log(low), math.log(high), math.log(at)
    return (at - low) / (high - low)
