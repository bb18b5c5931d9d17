"""Training beside validation data: missing classes, shifted inputs, features that never vary."""

import math
from collections import Counter

import torch
from torch import Tensor

from recipe.results import Scalar
from recipe_steps.rows import row_hashes, shared_axes

LEAST_ITEMS = 50
"""Validation items below which a comparison of distributions says too little."""
MOST_VALUES = 2_000_000
"""Input values of each part that are looked at."""
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
    """The share of features whose level or spread differs between the parts, and the worst one.

    Features (see `shared_axes`) with no spread in either part are left out.
    """
    if not (train.is_floating_point() or train.dtype == torch.uint8) or len(val) < LEAST_ITEMS:
        return {}
    t_mean, t_spread = _level(_features(train))
    v_mean, v_spread = _level(_features(val))
    varied = (t_spread > 0) & (v_spread > 0)
    if not varied.any():
        return {}
    shift = ((t_mean - v_mean).abs() / torch.maximum(t_spread, v_spread))[varied]
    stretch = (v_spread / t_spread)[varied].log().abs()
    distance = torch.hypot(shift / SHIFT, stretch / math.log(STRETCH))
    worst = int(distance.argmax())
    return {
        "differing_features": (distance > 1).float().mean().item(),
        "largest_shift": shift[worst].item(),
        "largest_stretch": stretch[worst].exp().item(),
    }


def _features(x: Tensor) -> Tensor:
    """Values as [n, features]."""
    every = max(1, x.numel() // MOST_VALUES)
    x = x[::every].float()
    shared = shared_axes(x)
    if len(shared) == x.ndim:
        return x.reshape(-1, 1)
    return x.movedim(1, -1).flatten(0, -2)


def _level(values: Tensor) -> tuple[Tensor, Tensor]:
    """Mean of each feature without its tails, and the distance between these."""
    ordered = values.sort(0).values
    low, high = (ordered[round(q * (len(ordered) - 1))] for q in (0.05, 0.95))
    return torch.clamp(values, low, high).mean(0), high - low


def repeats_of_classes(x: Tensor, y: Tensor) -> dict[str, Scalar]:
    """The smallest and largest share, over the classes, of training items whose input occurs
    again: a class that was sampled more often repeats itself, the others do not.
    """
    if y.numel() != len(y) or (y.is_floating_point() and len(torch.unique(y)) > 2):
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
        "repeats_by_chance": _repeats_by_chance(x),
    }


def _repeats_by_chance(x: Tensor) -> float:
    """How many other items an item of a table equals by chance, if its columns were independent;
    zero for anything but a table.
    """
    if x.ndim != 2:
        return 0.0
    rows = x[:SOME_ROWS]
    log_chance = 0.0
    for column in range(x.shape[1]):
        counts = torch.unique(rows[:, column], return_counts=True)[1].double()
        log_chance += math.log(float((counts / counts.sum()).square().sum()))
        if log_chance < LEAST_LOG:
            break
    return len(x) * math.exp(log_chance)


def constant_features(x: Tensor, distinct: int) -> dict[str, Scalar]:
    """How many items differ from each other, and how many columns of a table never vary."""
    scalars: dict[str, Scalar] = {"distinct_inputs": distinct, "inputs_seen": len(x)}
    if x.ndim == 2 and x.is_floating_point() and len(x) > 1:
        same = (x == x[:1]).all(0)
        scalars |= {"constant_features": int(same.sum()), "features": x.shape[1]}
    return scalars


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
