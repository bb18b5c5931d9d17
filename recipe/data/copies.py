"""Whether items repeat because they were copied, or because there are few different ones."""

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from recipe.data.trees import Tree, Values

CHANCE = 1e-3
"""Chance below which repeats are copies: a false alarm in a thousand data sets."""
LEAST_DIFFERENT = 32
"""Different items from which their counts tell how they were drawn; a plan of an experiment has
fewer settings, and repeats each as often."""
MANY_VALUES, MOST_OF_ONE = 20, 0.1
"""Different values of a continuous column, and the share that the most frequent may have: zeros of
what did not occur, and the median in place of what is missing, repeat by themselves."""
SMOOTH = 0.02
"""Mean squared step of the ranks of one column in the order of another, over that of a random order
(von Neumann 1941), below which it is a function of it: a power, a sine."""
DEVIATIONS = 2.5
"""Standard deviations by which observed numbers may differ from expected ones."""
COLUMNS, ROWS = 64, 4000
"""Values of an item, and items, that are looked at."""
NEIGHBOURS, NEAREST_OF = 8, 2000
"""Neighbours of an item beside which the nearest one is too near, and the most items of which
distances are taken."""
LEAST_DIMENSION = 2.0
"""Of the points, from which a short distance says something: on a line neighbours are near."""


def chance_of_repeats(
    inputs: Sequence[Hashable], answers: Sequence[Hashable], columns: np.ndarray | None
) -> float:
    """The chance that independent draws repeat each other as these items do, the smaller of two:

    - by how often each item is there. Of independent draws, from whatever distribution, the number
      f(k) of items that are there k times follows a mixture of Poisson laws, and g(k) = k! f(k) is
      then convex on a logarithmic scale: g(k - 1) g(k + 1) >= g(k)^2 (Cauchy and Schwarz). A file
      glued to itself has every item twice, and none three times.
    - by the columns: how often two different rows agree in each continuous one.

    Args:
        inputs: a key for each item, the same for equal inputs.
        answers: a key for each target.
        columns: numbers [n, k] of the items; see `numbers_of`.

    Returns:
        1 where no item repeats, or nothing can be told.

    """
    if len(set(inputs)) == len(inputs):
        return 1.0
    found = Counter(zip(inputs, answers, strict=True))
    chances = [_by_counts(Counter(found.values()), _is_plan(columns, len(set(inputs))))]
    if columns is not None and columns.dtype.kind != "i":
        chances.append(_by_columns(inputs, columns))
    return min(chances)


def _by_counts(times: Counter[int], plan: bool) -> float:
    """Of the items that are there k times, for the most frequent k above one: Poisson's chance of
    so few that are there k + 1 times.
    """
    if plan or times.total() < LEAST_DIFFERENT or max(times) < 2:
        return 1.0
    often = max((k for k in times if k > 1), key=lambda k: (times[k], -k))
    # The expected numbers that make these ones likely at all: k was chosen since it is frequent.
    fewer, here = float(times.get(often - 1, 0)), float(times[often])
    fewer += DEVIATIONS * (1 + math.sqrt(fewer))
    here = max(0.0, here - DEVIATIONS * math.sqrt(here))
    least = often / (often + 1) * here**2 / fewer
    return _poisson_at_most(times.get(often + 1, 0), least)


def _poisson_at_most(count: int, mean: float) -> float:
    from scipy.special import pdtr

    return float(pdtr(count, mean))


def _is_plan(columns: np.ndarray | None, different: int) -> bool:
    """Whether the items are all combinations of some values."""
    if columns is None:
        return False
    combinations, varying = 1, 0
    for column in columns.T:
        values = len(np.unique(column))
        combinations *= values
        varying += values > 1
        if combinations > different:
            return False
    return varying > 1 and combinations == different  # one column always is


def _by_columns(inputs: Sequence[Hashable], columns: np.ndarray) -> float:
    """How many others an item equals by chance, by its continuous columns; 1 without any."""
    told = _say_something(columns)
    rows_told = [row for row, says in zip(inputs, told, strict=True) if says]
    first = dict(zip(reversed(rows_told), reversed(np.flatnonzero(told)), strict=True))
    if len(first) == len(rows_told):
        return 1.0
    rows = columns[list(first.values())[:ROWS]]
    kept = rows[:, _continuous(rows, columns)]
    log_chance, pairs = 0.0, len(rows) * (len(rows) - 1)
    for column in kept.T:
        counts = np.unique(column, return_counts=True)[1]
        log_chance += math.log((float((counts * (counts - 1)).sum()) + 2) / pairs)
    return min(1.0, len(inputs) * math.exp(max(log_chance, -600.0))) if kept.size else 1.0


def _continuous(rows: np.ndarray, whole: np.ndarray) -> list[int]:
    """Columns of many values, none of which is frequent, without those that follow from others.

    Args:
        rows: different ones.
        whole: all of them, in which some value may be frequent.

    """
    kept: dict[int, _Sorted] = {}
    for place, column in enumerate(rows.T):
        most = np.unique(whole[:, place], return_counts=True)[1].max()
        if len(np.unique(column)) < MANY_VALUES or most > MOST_OF_ONE * len(whole):
            continue
        sort = _Sorted.of(column)
        if not any(sort.follows(other) or other.follows(sort) for other in kept.values()):
            kept[place] = sort
    return list(kept)


def near_copies(columns: np.ndarray | None) -> list[tuple[int, int]]:
    """Pairs of items that are nearly the same: rounded, scaled down and up again, with a trace of
    noise.

    Of points that are spread evenly in d dimensions, the nearest is t times as far as the k-th
    nearest with a chance of at most (k - 1) t^d. The dimension is that of the points themselves,
    from the distances of the farther neighbours (Levina and Bickel 2004). Only columns of measured
    values count, and no pair that is equal in all of them: see `chance_of_repeats`.
    """
    if (
        columns is None
        or columns.dtype.kind == "i"
        or not 3 * NEIGHBOURS < len(columns) <= NEAREST_OF
    ):
        return []
    columns = columns[:, np.isfinite(columns).all(0)]
    measured = columns[:, _continuous(columns, columns)] if columns.size else columns
    if measured.shape[1] < LEAST_DIMENSION:
        return []
    points = torch.from_numpy((measured - measured.mean(0)) / measured.std(0))
    distances = torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist")
    distances.fill_diagonal_(math.inf)
    near, which = distances.topk(NEIGHBOURS, largest=False)
    dimension = _dimension(near)
    if dimension < LEAST_DIMENSION:
        return []
    chance = (NEIGHBOURS - 1) * (near / near[:, -1:]) ** dimension * len(points)
    hits = ((chance < CHANCE) & (near > 0)).nonzero().tolist()
    return [(item, int(which[item, rank])) for item, rank in hits]


def joined(groups: Sequence[int], pairs: Sequence[tuple[int, int]]) -> list[int]:
    """Groups of items, those of each pair made one."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first: dict[int, int] = {}
    links = [(place, first.setdefault(group, place)) for place, group in enumerate(groups)]
    one, other = np.array([*links, *pairs]).T
    n = len(groups)
    _, labels = connected_components(coo_array((np.ones(len(one)), (one, other)), shape=(n, n)))
    found: list[int] = labels.tolist()
    return found


def _dimension(near: Tensor) -> float:
    """From distances [n, k] of the nearest neighbours but the closer half, where copies are."""
    k = near.shape[1]
    ranks = range(k // 2, k - 1)
    logs = (near[:, -1:] / near[:, k // 2 : k - 1]).log()
    logs = logs[logs.isfinite().all(1)]
    expected = sum(sum(1 / j for j in range(rank + 1, k)) for rank in ranks) / len(ranks)
    mean = float(logs.mean()) if len(logs) else 0.0
    return expected / mean if mean > 0 else 0.0


def _say_something(columns: np.ndarray) -> np.ndarray:
    """Which items hold more than one value: a blank picture and a row of zeros are not copied."""
    if columns.shape[1] < 2:
        return np.ones(len(columns), dtype=bool)
    varies: np.ndarray = (columns != columns[:, :1]).any(1)
    return varies


@dataclass(frozen=True)
class _Sorted:
    """The order of a column's values, and the rank of each."""

    order: np.ndarray
    ranks: np.ndarray

    @staticmethod
    def of(column: np.ndarray) -> "_Sorted":
        order = column.argsort(kind="stable")
        return _Sorted(order, order.argsort())

    def follows(self, other: "_Sorted") -> bool:
        """Whether the column is a smooth function of another."""
        steps = np.diff(self.ranks[other.order]).astype(float)
        return bool(steps @ steps / len(steps) < SMOOTH * len(self.order) ** 2 / 6)


def numbers_of(x: Values) -> np.ndarray | None:
    """Some values of each item as columns: float64 of measured values, int64 where all are whole
    numbers such as tokens; None where there are no tensors to take them from.
    """
    found = list(x.tensors().values()) if isinstance(x, Tree) else [x]
    flat = [
        part.detach().reshape(len(part), -1) for part in found
        if part.ndim and len(part) == len(x) and not part.is_complex()
    ]  # fmt: skip
    measured = [part for part in flat if part.is_floating_point() or part.dtype == torch.uint8]
    flat = [part for part in measured or flat if part.shape[1]]
    if not flat:
        return None
    each = max(1, COLUMNS // len(flat))
    some = [part[:, :: -(-part.shape[1] // each)].cpu() for part in flat]
    return torch.cat([part.double() if measured else part.long() for part in some], 1).numpy()
