"""Rules about validation data that a trained model knows once something is undone in them."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from recipe.plugin import Evidence, Finding, Remedy, RemedyInput, finding, rule
from recipe_steps.label_rules import RANDOM

if TYPE_CHECKING:
    from recipe.plugin import Experiment

NAMED = 6
"""Classes that a message names."""


def _renumbered(subject: RemedyInput) -> "Experiment | None":
    """Validation labels under the numbers of training."""
    import torch
    from torch import Tensor

    val = subject.data.val
    x, y = getattr(val, "x", None), getattr(val, "y", None)
    pairs = _pairs(subject.evidence)
    if not pairs or not isinstance(x, Tensor) or not isinstance(y, Tensor):
        return None
    own = y.clone()
    for number, other in pairs:
        own = torch.where(y == other, torch.full_like(y, number), own)
    return replace(subject.experiment, val=(x, own))


def _pairs(evidence: Evidence) -> list[tuple[int, int]]:
    """Numbers of classes in training and in validation."""
    text = evidence.text("val_numbers")
    return [] if text is None else [(int(a), int(b)) for a, b in json.loads(text)]


renumber = Remedy(
    "give validation labels the numbers of training", _renumbered, corrects_score=True
)


@rule(
    "fail", exact=True,
    explains=["labels-look-random", "noisy-labels", "metric-disagrees-with-loss",
              "unstable-training", *RANDOM],
    remedy=renumber,
)  # fmt: skip
def validation_labels_renumbered(evidence: Evidence) -> Finding | None:
    """What: validation labels are the training labels with different numbers.

    Why: the labels of the two parts were encoded separately, so that the same class has two
    numbers: an encoder was fitted twice, one folder lacks a class, or categories are numbered in
    the order in which they appear. What the model knows then counts as wrong. The matching of
    numbers is found on one half of the validation items and has to hold on the other half.

    Fix: encode both parts with one table of classes, made from the training labels.
    """
    pairs, before, after = (
        _pairs(evidence), evidence.number("val_numbers_before"),
        evidence.number("val_numbers_after"),
    )  # fmt: skip
    if not pairs or before is None or after is None:
        return None
    told = ", ".join(f"{other} for {number}" for number, other in pairs[:NAMED])
    more = f" and {len(pairs) - NAMED} more" if len(pairs) > NAMED else ""
    return finding(
        "fail",
        f"Validation labels are the training labels under other numbers ({told}{more}): read so, "
        f"{after:.3g} of the answers are right instead of {before:.3g}.",
        "Encode training and validation labels with one table of classes.",
    )


RULES = (validation_labels_renumbered,)
