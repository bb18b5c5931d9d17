"""Axes of plots: logarithmic where asked and possible, with plain numbers at the ticks."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW_TICKS = 6
NARROW = 3.0
"""Below this ratio a logarithm bends next to nothing, and its ticks would be one or two."""
FEW_DECADES = 1e3
"""Below this ratio of largest to smallest value there is room for ticks at 2 and 5."""


def set_scale(
    axes: "Axes", which: Literal["x", "y"], values: Sequence[float], *, log: bool, ticks: int = 9
) -> None:
    """Make one axis logarithmic if `log`, and if it shows a positive value.

    Values of zero (no weight decay, a loss of exactly 0) keep their place: the axis is then
    linear below the smallest positive value. `ticks` is how many there is room for.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    positive = [value for value in values if value > 0]
    if not log or not positive:
        return
    ratio = max(positive) / min(positive)
    if len(positive) == len(values) and 1 < ratio < NARROW:
        return
    axis, scale = (axes.xaxis, axes.set_xscale) if which == "x" else (axes.yaxis, axes.set_yscale)
    if len(positive) < len(values):
        scale("symlog", linthresh=min(positive), linscale=0.5)
    else:
        scale("log")
        if len(set(positive)) == 1:  # a single place has no scale but its value
            axis.set_ticks([positive[0]], [f"{positive[0]:.4g}"])
            axis.set_ticks([], minor=True)
            return
        digits = (1.0, 2.0, 3.0, 5.0, 7.0) if ratio < 10 else (1.0, 2.0, 5.0)
        crowded = ratio >= FEW_DECADES or (ratio > 10 and ticks < FEW_TICKS)
        subs = (1.0,) if crowded else digits
        axis.set_major_locator(LogLocator(subs=subs, numticks=ticks))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.4g}"))
    axis.set_minor_formatter(NullFormatter())
