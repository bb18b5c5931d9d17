"""Columns that tell the training labels and not those of validation, and one that is the target."""

import math

import torch
from torch import Tensor

from recipe.plugin import Scalar, Tree, Values
from recipe_steps.rows import mean_ranks

MOST_COLUMNS, MOST_CLASSES = 512, 20
FEWEST = 40
"""Items of each part."""
TELLS, LOST = 0.2, 0.5
"""Correlation of ranks that is worth a word, and the share of it that is left in validation."""
DEVIATIONS = 6.0
"""Of the difference between both correlations (Fisher's z): of 500 columns none by chance."""


MANY_INPUTS = 8
MOST_PLACES, MOST_ROWS, ROUNDING = 4096, 2000, 1e-9
"""Values of an item, items, and how far a squared correlation may be from 1."""


def target_among_inputs(x: Values, y: Values) -> dict[str, Scalar]:
    """`target_input`: the value of an item, counted from 0 over all of its places, that is the
    target but for scale and offset; nothing where there is none, or no other input beside it.
    `target_input_is_copy`: it is a label, or the very value among many inputs: data that are made
    up to be easy have a scaled one among few.

    Args:
        x: real values [n, ...].
        y: one target for each item.

    """
    if isinstance(x, Tree) or isinstance(y, Tree) or not x.is_floating_point():
        return {}
    rows = x.flatten(1) if x.ndim > 1 else x[:, None]
    if y.numel() != len(rows) or len(rows) < FEWEST or not 2 <= rows.shape[1] <= MOST_PLACES:
        return {}
    target = y.flatten()[:MOST_ROWS].double().cpu()
    target -= target.mean()
    columns = rows.detach()[:MOST_ROWS].double().cpu()
    columns = columns - columns.mean(0)
    sizes = columns.square().sum(0) * target.square().sum()
    squared = (columns * target[:, None]).sum(0).square() / sizes.clamp_min(1e-300)
    squared[sizes <= 0] = 0.0
    place = int(squared.nan_to_num(0.0).argmax())
    if abs(1 - float(squared[place])) >= ROUNDING:
        return {}
    same = torch.allclose(columns[:, place], target, rtol=1e-5, atol=1e-6 * float(target.std()))
    label = len(torch.unique(target)) <= MOST_CLASSES
    copy = label or (same and rows.shape[1] >= MANY_INPUTS)
    return {"target_input": place, "target_input_is_copy": copy}


def leaking_inputs(train: tuple[Values, Values], val: tuple[Values, Values]) -> dict[str, Scalar]:
    """The column of a table that tells the training labels by most more than those of validation:
    `leak_column`, and its rank correlation with a label or value in both parts; nothing where all
    tell alike.
    """
    (x, y), (other, asked) = train, val
    if isinstance(x, Tree) or isinstance(y, Tree):
        return {}
    if isinstance(other, Tree) or isinstance(asked, Tree):
        return {}
    if not (x.ndim == 2 and x.is_floating_point() and 1 <= x.shape[1] <= MOST_COLUMNS):
        return {}
    if y.numel() != len(x) or asked.numel() != len(other) or min(len(x), len(other)) < FEWEST:
        return {}
    found: dict[str, Scalar] = {}
    before, after = _ranked(x), _ranked(other)
    furthest = DEVIATIONS
    error = math.sqrt(1 / (len(x) - 3) + 1 / (len(other) - 3))
    for here, there in _answers(y.flatten(), asked.flatten()):
        shown, left = before.T @ _ranked(here[:, None]), after.T @ _ranked(there[:, None])
        shown, left = shown.flatten() / len(x), left.flatten() / len(other)
        left = left * shown.sign()
        apart = (_fisher(shown.abs()) - _fisher(left)) / error
        apart[(shown.abs() < TELLS) | (left > LOST * shown.abs())] = 0.0
        column = int(apart.argmax())
        if float(apart[column]) > furthest:
            furthest = float(apart[column])
            found = {
                "leak_column": column,
                "leak_train": float(shown[column].abs()),
                "leak_val": float(left[column]),
            }
    return found


def _answers(y: Tensor, asked: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Values as they are, or each class against all others."""
    if y.is_floating_point():
        return [(y.double().cpu(), asked.double().cpu())]
    classes = torch.unique(y)
    if len(classes) > MOST_CLASSES or asked.is_floating_point():
        return []
    return [((y == k).double().cpu(), (asked == k).double().cpu()) for k in classes[-19:]]


def _ranked(columns: Tensor) -> Tensor:
    """Ranks of each column [n, d], equal values with the mean of theirs, to a mean of 0 and a
    variance of 1; a constant column is 0.
    """
    ranks = torch.from_numpy(mean_ranks(columns.detach().cpu().numpy()))
    ranks -= ranks.mean(0)
    spread = ranks.square().mean(0).sqrt()
    return torch.where(spread > 0, ranks / spread.clamp(min=1e-12), 0.0)


def _fisher(correlation: Tensor) -> Tensor:
    return correlation.clamp(-1 + 1e-6, 1 - 1e-6).atanh()
