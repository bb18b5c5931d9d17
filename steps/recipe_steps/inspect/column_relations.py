"""Whether the columns of validation say of the targets what those of training say, by a permutation
test; and whether they do so in another order.
"""

import numpy as np
import torch
from torch import Tensor

from recipe.plugin import Scalar, Values
from recipe_steps.inspect.moved import LEAST_ITEMS, chance_of
from recipe_steps.inspect.undoing import other_orders
from recipe_steps.rows import mean_ranks

UNLIKE, ALIKE = 1e-6, 0.01
"""Chance of a random split below which the parts tell different things of their targets, and above
which they tell the same."""
MOST_ITEMS, MOST_CLASSES, MOST_PRODUCTS = 4000, 10, 256


def column_relations(train: tuple[Values, Values], val: tuple[Values, Values]) -> dict[str, Scalar]:
    """The order that brings validation into line (`columns_undone`), and the chance that a random
    split is as unlike as the parts are (`columns_chance`) and are then (`columns_chance_undone`).

    Compared are the products of standardised columns and targets, item by item, whose means are
    the correlations of both.

    Args:
        train: inputs [n, columns] and targets [n].
        val: likewise.

    Returns:
        Nothing where the parts are alike, where no order makes them alike, and for inputs that are
        no table of real values.

    """
    tables = [_table(*part) for part in (train, val)]
    if tables[0] is None or tables[1] is None or tables[0][0].shape[1] != tables[1][0].shape[1]:
        return {}
    (x, y), (other, given) = tables[0], tables[1]
    targets = _signals(torch.cat([y, given]).cpu().numpy())
    if targets is None:
        return {}
    chance = _chance(x, other, targets)
    if chance >= UNLIKE:
        return {}
    for name, undo in other_orders(x, other):
        undone = _chance(x, undo(other), targets)
        if undone >= ALIKE:
            return {
                "columns_undone": name, "columns_chance": chance, "columns_chance_undone": undone,
            }  # fmt: skip
    return {}


def _table(x: Values, y: Values) -> tuple[Tensor, Tensor] | None:
    """Some rows [n, columns] with one target each; None where they are none of finite values."""
    if not isinstance(x, Tensor) or not isinstance(y, Tensor):
        return None
    if x.ndim != 2 or x.shape[1] < 2 or len(x) < LEAST_ITEMS or y.numel() != len(x):
        return None
    if not x.is_floating_point() or y.is_complex():
        return None
    rows = slice(None, None, max(1, len(x) // MOST_ITEMS))
    x, y = x[rows].double(), y.flatten()[rows].double()
    return (x, y) if torch.isfinite(x).all() and torch.isfinite(y).all() else None


def _signals(targets: np.ndarray) -> np.ndarray | None:
    """Centred targets [n, k]: a column for each class of a few, else the value itself."""
    values = np.unique(targets)
    if len(values) < 2:
        return None
    few = len(values) <= MOST_CLASSES
    signals = (targets[:, None] == values[:-1] if few else targets[:, None]).astype(float)
    signals -= signals.mean(0)
    return np.asarray(signals / np.maximum(signals.std(0), 1e-12))


def _chance(train: Tensor, val: Tensor, targets: np.ndarray) -> float:
    """Of a random split that is as unlike. Columns are ranks within their part: levels and spreads
    are another matter.
    """
    ranks = [mean_ranks(part.cpu().numpy()) for part in (train, val)]
    varied = np.logical_and(*(each.std(0) > 0 for each in ranks))
    columns = np.concatenate([
        (each - each.mean(0))[:, varied] / each.std(0)[varied] for each in ranks
    ])  # fmt: skip
    products = (columns[:, :, None] * targets[:, None, :]).reshape(len(columns), -1)
    if products.shape[1] > MOST_PRODUCTS:
        some = np.linspace(0, products.shape[1] - 1, MOST_PRODUCTS).round().astype(int)
        products = products[:, some]
    return chance_of(products, len(train), ranked=False)
