"""Training beside validation data: missing classes, shifted inputs, features that never vary."""

import math
from collections import Counter, defaultdict
from statistics import pvariance

import torch
from torch import Tensor

from recipe.plugin import Scalar, Tree, Values, row_hashes
from recipe_steps.inspect.drift import (
    CONTINUES,
    MOST_VALUES,
    at_the_split,
    distance,
    features,
    levels,
)

LEAST_ITEMS = 50
"""Validation items below which a comparison of distributions says too little."""
SHIFT, STRETCH = 0.35, 2.5
"""Distance of two means in spreads (5 % to 95 % quantile), and ratio of two spreads, either of
which makes a feature count as preprocessed differently; of both together, the norm. Means of
random halves of 50 normal values differ by 0.06 spreads, their spreads by a factor of 1.2."""
LEAST_BATCHES = 3
SOME_ROWS, LEAST_LOG = 5000, -30.0
"""Rows that the frequency of values is taken from, and a log of a chance that is none."""
LEAST_OF_CLASS = 10
"""Items of a class from which its repeats are counted."""


def compare_labels(train: Tensor, val: Tensor) -> dict[str, Scalar]:
    """Classes of one part that the other lacks, and how likely chance would leave them out.

    Returns:
        For each part `<part>_lacks` (a count) and `<part>_lacks_chance`: the expected number of
        classes as large as the largest of these whose items would all fall into the other part
        of a random split.

    """
    counts = {"train": Counter(train.flatten().tolist()), "val": Counter(val.flatten().tolist())}
    sizes = {name: sum(found.values()) for name, found in counts.items()}
    scalars: dict[str, Scalar] = {}
    for part, other in (("val", "train"), ("train", "val")):
        lacking = [counts[other][c] for c in counts[other] if c not in counts[part]]
        share = sizes[other] / sum(sizes.values())
        scalars[f"{part}_lacks"] = len(lacking)
        scalars[f"{part}_lacks_chance"] = len(counts[other]) * share ** max(lacking, default=0)
    return scalars


def compare_inputs(train: Tensor, val: Tensor) -> dict[str, Scalar]:
    """The share of features whose level or spread differs between the parts, and the worst one;
    and the share of those that differ although validation goes on where training ends.

    Features (see `shared_axes`) with no spread in either part are left out.
    """
    if not (train.is_floating_point() or train.dtype == torch.uint8) or len(val) < LEAST_ITEMS:
        return {}
    t_mean, t_spread = levels(_some_features(train))
    v_mean, v_spread = levels(_some_features(val))
    varied = (t_spread > 0) & (v_spread > 0)
    if not varied.any():
        return {}
    spread = torch.maximum(t_spread, v_spread)
    shift, stretch = (t_mean - v_mean).abs() / spread, v_spread / t_spread
    apart = distance(shift, stretch, SHIFT, STRETCH)
    differs = varied & (apart > 1)
    drifts = torch.zeros_like(differs)
    if differs.any() and len(train) >= LEAST_ITEMS:
        jump = distance(*at_the_split(train, val, spread), SHIFT, STRETCH)
        drifts = differs & (jump < CONTINUES * apart)
    worst = int(apart.where(varied, -1.0).argmax())
    return {
        "differing_features": differs[varied].float().mean().item(),
        "drifting_features": drifts[varied].float().mean().item(),
        "largest_shift": shift[worst].item(),
        "largest_stretch": max(stretch[worst].item(), 1 / stretch[worst].item()),
    }


def goes_on(train: Tensor, val: Tensor) -> bool:
    """Whether validation goes on where training ends, in most of the features by how far these lie
    apart: drift, and no other preprocessing.
    """
    if min(len(train), len(val)) < LEAST_ITEMS:
        return False
    (t_mean, t_spread), (v_mean, v_spread) = levels(_some_features(train)), levels(
        _some_features(val))  # fmt: skip
    varied = (t_spread > 0) & (v_spread > 0)
    if not varied.any():
        return False
    spread = torch.maximum(t_spread, v_spread)
    apart = distance((t_mean - v_mean).abs() / spread, v_spread / t_spread, SHIFT, STRETCH)
    jump = distance(*at_the_split(train, val, spread), SHIFT, STRETCH)
    return bool(jump[varied].sum() < CONTINUES * apart[varied].sum())


def _some_features(x: Tensor) -> Tensor:
    return features(x[:: max(1, x.numel() // MOST_VALUES)])


def repeats_of_classes(x: Values, y: Values) -> dict[str, Scalar]:
    """The smallest and largest share, over the classes, of training items whose input occurs
    again: a class that was sampled more often repeats itself, the others do not.
    """
    if (
        isinstance(y, Tree)
        or y.numel() != len(y)
        or (y.is_floating_point() and len(torch.unique(y)) > 2)
    ):
        return {}
    rows, labels = row_hashes(x), y.flatten().tolist()
    count = Counter(rows)
    sizes = Counter(labels)
    again = Counter(label for row, label in zip(rows, labels, strict=True) if count[row] > 1)
    shares = [again[label] / size for label, size in sizes.items() if size >= LEAST_OF_CLASS]
    if not shares:
        return {}
    return {
        "repeats_least": min(shares),
        "repeats_most": max(shares),
    }


def repeats_by_chance(x: Values) -> float:
    """How many other items an item of a table equals by chance, if its columns were independent;
    zero for anything but a table. By the pairs of items that share a value, so that a column
    without any does not meet itself.
    """
    rows = x[:SOME_ROWS]
    if isinstance(rows, Tree) or isinstance(x, Tree) or x.ndim != 2 or len(rows) < 2:
        return 0.0
    log_chance = 0.0
    for column in range(x.shape[1]):
        counts = torch.unique(rows[:, column], return_counts=True)[1].cpu().double()
        pairs = float((counts * (counts - 1)).sum()) / (len(rows) * (len(rows) - 1))
        log_chance += math.log(pairs) if pairs else -math.inf
        if log_chance < LEAST_LOG:
            return 0.0
    return len(x) * math.exp(log_chance)


def constant_features(x: Tensor | None, distinct: int) -> dict[str, Scalar]:
    """How many items differ from each other, how often they would repeat by chance, and how many
    columns of a table never vary.
    """
    if x is None:
        return {"distinct_inputs": distinct}
    scalars: dict[str, Scalar] = {
        "distinct_inputs": distinct,
        "inputs_seen": len(x),
        "repeats_by_chance": repeats_by_chance(x),
        "whole_table": is_whole_table(x, distinct),
    }
    if x.ndim == 2 and x.is_floating_point() and len(x) > 1:
        same = (x == x[:1]).all(0)
        scalars |= {"constant_features": int(same.sum()), "features": x.shape[1]}
    return scalars


def told_by_inputs(x: Values, y: Values) -> float | None:
    """The share of what there is to know about one target per item that is known to who has seen
    each input with its targets: of the way from the most frequent label to all labels, or of the
    variance. Nothing for several targets.
    """
    if isinstance(y, Tree) or y.numel() != len(y) or y.is_complex():
        return None
    groups: dict[int, list[float]] = defaultdict(list)
    for row, target in zip(row_hashes(x), y.flatten().cpu().double().tolist(), strict=True):
        groups[row].append(target)
    if y.is_floating_point():
        every = y.cpu().double().var(correction=0).item()
        rest = sum(len(group) * pvariance(group) for group in groups.values()) / len(y)
        return 1 - rest / every if every > 0 else None
    chance = max(Counter(y.flatten().tolist()).values()) / len(y)
    right = sum(max(Counter(group).values()) for group in groups.values()) / len(y)
    return (right - chance) / (1 - chance) if chance < 1 else None


def is_whole_table(x: Tensor, distinct: int) -> bool:
    """Whether two or more columns occur in all combinations of their values, as in a truth table:
    there is no other row that could be held out. (One column always does.)
    """
    if x.ndim != 2:
        return False
    varying, combinations = 0, 1
    for column in range(x.shape[1]):
        levels_of_it = len(torch.unique(x[:, column]))
        varying += levels_of_it > 1
        combinations *= levels_of_it
        if combinations > distinct:
            return False
    return varying > 1 and combinations == distinct


def batch_order(y: Tensor, batch_size: int, kind: str, seed: int) -> dict[str, Scalar]:
    """How varied the targets of a batch are in the order of the data, relative to a random order:
    the mean number of classes, or for real targets the mean variance, of the whole batches.
    """
    count = len(y) // batch_size
    if count < LEAST_BATCHES or batch_size < 2 or y.numel() != len(y):
        return {}
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    values = y.flatten().cpu()
    there, mixed = (
        part[: count * batch_size].reshape(count, batch_size) for part in (values, values[order])
    )

    def variety(batches: Tensor) -> float:
        if kind == "real":
            return batches.float().var(1).mean().item()
        return sum(len(batch.unique()) for batch in batches) / len(batches)

    least = variety(mixed)
    return {"batch_variety": variety(there) / least} if least > 0 else {}
