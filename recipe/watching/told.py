"""What callbacks of frameworks tell a watch of their metrics."""

import math
from collections.abc import Mapping
from typing import Any

from recipe.logs.column_names import kind_of, split_of, words_of

_FIRST = ("val_loss", "eval_loss", "valid_loss", "validation_loss")


def told_metrics(metrics: Mapping[str, Any], score: str | None = None) -> dict[str, float]:
    """The arguments of `Watch.val` in the metrics of a framework, by their names.

    Args:
        metrics: all that it has, numbers or tensors with one.
        score: which of them is the score; by default the first of the validation whose name is
            that of one.

    """
    numbers = {name: v for name, value in metrics.items() if (v := _number(value)) is not None}
    found: dict[str, float] = {}
    for name in sorted(numbers, key=lambda name: name not in _FIRST):
        words = words_of(name)
        place = (split_of(words), kind_of(words))
        told = {("val", "loss"): "loss", ("val", "score"): "score", ("train", "score"):
                "train_score"}.get(place)  # fmt: skip
        if told is not None and not (told == "score" and score):
            found.setdefault(told, numbers[name])
    if score and score in numbers:
        found["score"] = numbers[score]
    return found


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, RuntimeError):
        return None
    return None if math.isinf(number) else number
