"""Items that are there more than once, in training or in both parts."""

from collections import Counter

import numpy as np

from recipe.plugin import (
    Scalar,
    TensorData,
    chance_of_repeats,
    near_copies,
    numbers_of,
    row_hashes,
)
from recipe_steps.inspect.rules import ONE_INPUT
from recipe_steps.inspect.splits import constant_features, repeats_of_classes, told_by_inputs
from recipe_steps.rows import main_part

NAMED = 3
"""Pairs."""


def all_repeats(train: TensorData, val: TensorData) -> dict[str, Scalar]:
    """How often items repeat, within training and across to validation, and by how much chance."""
    found = _repeats(train, val)
    often = found["most_frequent_input"] or 0
    found |= repeats_of_classes(train.x, train.y)
    if often >= ONE_INPUT:  # type: ignore[operator]
        found["told_by_inputs"] = told_by_inputs(train.x, train.y)
    return found


def _repeats(train: TensorData, val: TensorData) -> dict[str, Scalar]:
    """Validation items that stand in training too, beside how often training repeats itself, and
    how likely independent items would repeat as all of these do.
    """
    inputs, held = row_hashes(train.x), row_hashes(val.x)
    rows = Counter(inputs)
    repeated = sum(count for count in rows.values() if count > 1)
    overlap = sum(row in rows for row in held)
    scalars: dict[str, Scalar] = {
        "most_frequent_input": max(rows.values()) / len(train),
        "overlap": overlap,
        "val_inputs_seen": len(held),
        "overlap_share": overlap / len(held),
        "repeated_share": repeated / len(train),
    }
    numbers = _side_by_side(numbers_of(train.x), numbers_of(val.x))
    if overlap:
        answers = [*row_hashes(train.y), *row_hashes(val.y)]
        scalars["repeats_chance"] = chance_of_repeats([*inputs, *held], answers, numbers)
    pairs = near_copies(numbers)
    across = {max(pair) for pair in pairs if min(pair) < len(train) <= max(pair)}
    scalars |= {"near_overlap": len(across), "near_overlap_share": len(across) / len(held)}
    if repeated:
        answers = row_hashes(train.y)
        scalars["train_repeats_chance"] = chance_of_repeats(inputs, answers, numbers_of(train.x))
    within = [pair for pair in pairs if max(pair) < len(train)]
    if within:
        near = {place for pair in within for place in pair}
        scalars |= {"near_repeats": len(near), "near_repeated_share": len(near) / len(train),
                    "near_repeats_where": _named(within)}  # fmt: skip
    return scalars | constant_features(main_part(train.x), len(rows))


def _side_by_side(one: np.ndarray | None, other: np.ndarray | None) -> np.ndarray | None:
    if one is None or other is None or one.shape[1:] != other.shape[1:]:
        return None
    return np.concatenate([one, other])


def _named(pairs: list[tuple[int, int]]) -> str:
    """A few pairs of places, each once."""
    each = sorted({(min(pair), max(pair)) for pair in pairs})
    return ", ".join(f"{one} and {other}" for one, other in each[:NAMED])
