"""Training items in order: by brightness, contrast, length, target and distance to the nearest
other one; which stand at the ends, and which lie far beyond all others.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from recipe.plugin import Context, Curve, Evidence, Scalar, Sheet, TensorData
from recipe_steps.inspect.label_probe import columns_of
from recipe_steps.rows import main_part
from recipe_steps.sheets import column_names, each_label, is_single, pictures_of, sheet_of

LEAST, MOST = 50, 3000
"""Items from which it is said that one is odd, and that are looked at."""
ENDS = 4
"""Items that are shown of either end."""
GRID = np.linspace(0, 1, 200)
"""Shares of the items at which a curve has a point."""
TOGETHER, FEW = 0.01, 10
"""Share and number of the items that may be odd together."""
DISTINCT, ROUNDING = 20, 1e4
"""Values that the others have to take: of fewer no range can be told; and times their range from
which they are one value, but for rounding."""
NAMED = 5
BLANK = 1e-6
"""Of the largest contrast: a picture of one colour."""
SENTINEL = 10.0
"""Times the range of all others by which a cell of a table lies beyond them: incomes and counts
have long tails, and 999999 for a missing value is no part of one."""


@dataclass(frozen=True)
class Axis:
    """A value of every item."""

    name: str
    values: np.ndarray
    low: str
    """What the items at the lower end are."""
    high: str
    factor: float = 1.0
    """Times the range of all others by which an odd one lies beyond them."""
    judged: bool = True


def extremes(ctx: Context, train: TensorData) -> Evidence:
    """Scalars about odd items, curves `by_<axis>` of sorted values and the sheet `extremes`."""
    if len(train) > MOST:
        taken = np.unique(np.linspace(0, len(train) - 1, MOST).round().astype(int))
        train, places = train.part(taken.tolist()), taken
    else:
        places = np.arange(len(train))
    part = main_part(train.x)
    if part is None or not part.ndim or len(part) != len(train) or part.is_complex():
        return Evidence()
    axes = [axis for axis in _axes(ctx, train, part) if np.isfinite(axis.values).all()]
    shown = [axis for axis in axes if axis.low]
    scalars = _odd(axes, places) | _blank(part, places)
    curves: dict[str, Curve] = {
        f"by_{axis.name}": tuple(_share_of_range(np.quantile(axis.values, GRID)).tolist())
        for axis in shown
        if float(np.ptp(axis.values)) > 0
    }
    return Evidence(scalars, curves, _sheet(ctx, train, shown, places))


def _share_of_range(values: np.ndarray) -> np.ndarray:
    shares: np.ndarray = (values - values[0]) / (values[-1] - values[0])
    return shares


def _axes(ctx: Context, train: TensorData, part: Tensor) -> Iterator[Axis]:
    pictures = pictures_of(part)
    if pictures is not None:
        flat = pictures.detach().cpu().float().flatten(1)
        yield Axis("brightness", flat.mean(1).numpy(), "darkest", "brightest")
        yield Axis("contrast", flat.std(1).numpy(), "flattest", "most contrast")
    elif not part.is_floating_point() and part.ndim == 2 and part.dtype != torch.uint8:
        # Zero fills up what is shorter, where anything does.
        real = part != 0
        lengths = real.sum(1).double().cpu().numpy()
        if len(np.unique(lengths)) > 1 and bool((real[:, 1:] <= real[:, :-1]).all()):
            yield Axis("length", lengths, "shortest", "longest", factor=2.0)
    elif part.ndim == 2:
        names = column_names(ctx, part.shape[1])
        for name, column in zip(names, part.detach().cpu().double().numpy().T, strict=True):
            yield Axis(name, column, "", "", factor=SENTINEL)
    if ctx.task.target_kind == "real" and is_single(train) and isinstance(train.y, Tensor):
        y = train.y.detach().flatten().cpu().double().numpy()
        yield Axis("target", y, "smallest target", "largest target", factor=SENTINEL)
    near = _nearest(part, pictures is not None)
    if near is not None:
        judged = pictures is not None  # of a table one rare category is far from all others
        yield Axis("distance", near, "nearest to another", "farthest from others", 2.0, judged)


def _nearest(part: Tensor, is_picture: bool) -> np.ndarray | None:
    """The distance of every item to its nearest other one, in deviations of all values."""
    from sklearn.neighbors import NearestNeighbors

    columns = columns_of(part.detach().cpu())
    if columns is None or len(columns) < 3 or not np.isfinite(columns).all():
        return None
    spread = np.full(columns.shape[1], columns.std()) if is_picture else columns.std(0)
    columns = columns[:, spread > 0] / spread[spread > 0]
    if not columns.size:
        return None
    found: np.ndarray = NearestNeighbors(n_neighbors=1).fit(columns).kneighbors()[0][:, 0]
    return found


def _odd(axes: list[Axis], places: np.ndarray) -> dict[str, Scalar]:
    """The items that lie furthest beyond all others, relative to the range of these."""
    best: dict[str, Scalar] = {}
    for axis in axes:
        if len(axis.values) < LEAST or not axis.judged:
            continue
        found = beyond(axis.values, axis.factor)
        if found is None or found[1] <= float(best.get("odd_by", 0.0) or 0.0):
            continue
        odd, by = found
        rest = np.delete(axis.values, odd)
        best = {
            "odd_axis": axis.name, "odd_by": by, "odd_count": len(odd),
            "odd_items": ", ".join(str(place) for place in sorted(places[odd].tolist())[:NAMED]),
            "odd_value": float(axis.values[odd[0]]), "odd_low": float(rest.min()),
            "odd_high": float(rest.max()),
        }  # fmt: skip
    return best


def beyond(values: np.ndarray, factor: float) -> tuple[list[int], float] | None:
    """The few values at one end that are apart from all others, and by how many times the range of
    these; None where that is no more than `factor`.
    """
    order = np.argsort(values, kind="stable")
    most = min(FEW, max(1, int(TOGETHER * len(values))))
    best: tuple[list[int], float] | None = None
    for ranked in (order, order[::-1]):
        for count in range(1, most + 1):
            odd, rest = ranked[-count:], values[ranked[:-count]]
            width = float(rest.max() - rest.min())
            gap = abs(float(values[odd[0]] - rest[-1]))
            if len(np.unique(rest)) < DISTINCT or not factor * width < gap < ROUNDING * width:
                continue
            if best is None or gap / width > best[1]:
                best = odd.tolist(), gap / width
    return best


def _blank(part: Tensor, places: np.ndarray) -> dict[str, Scalar]:
    """Pictures of one colour among others."""
    pictures = pictures_of(part)
    if pictures is None:
        return {}
    spread = pictures.detach().cpu().float().flatten(1).std(1).numpy()
    blank = np.flatnonzero(spread <= BLANK * spread.max())
    if not len(blank):
        return {"blank_items": 0}
    named = ", ".join(str(place) for place in places[blank].tolist()[:NAMED])
    return {"blank_items": len(blank), "blank_share": len(blank) / len(spread),
            "blank_where": named}  # fmt: skip


def _sheet(
    ctx: Context, train: TensorData, axes: list[Axis], places: np.ndarray
) -> dict[str, Sheet]:
    """The items at both ends of every axis."""
    ends = min(ENDS, len(train) // 2)
    chosen: list[int] = []
    words: list[str] = []
    for axis in axes:
        order = np.argsort(axis.values, kind="stable").tolist()
        chosen += [*order[:ends], *order[::-1][:ends]]
        words += [axis.low] * ends + [axis.high] * ends
    if not chosen:
        return {}
    few = train.part(chosen)
    known = [f"{word}: {label}" if label else word
             for word, label in zip(words, each_label(ctx, few), strict=True)]  # fmt: skip
    labels = [f"{what}\n#{places[place]}" for what, place in zip(known, chosen, strict=True)]
    made = sheet_of(ctx, few.x, labels, across=2 * ends)
    return {} if made is None else {"extremes": made}
