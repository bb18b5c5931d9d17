"""What a program can do about a learning rate that does not fit."""

from dataclasses import replace
from typing import TYPE_CHECKING

from recipe.plugin import Remedy, RemedyInput

if TYPE_CHECKING:
    from recipe.plugin import Experiment


def _best_rate(subject: RemedyInput) -> "Experiment | None":
    best = subject.evidence.number("best_lr")
    return None if best is None else replace(subject.experiment, lr=best)


def _without_clipping(subject: RemedyInput) -> "Experiment":
    return replace(subject.experiment, clip_norm=None)


best_rate = Remedy(
    "take the rate at which the loss fell most", _best_rate, as_declared=True, edits=("best-rate",)
)
without_clipping = Remedy("do not clip the gradient", _without_clipping, edits=("no-clipping",))
