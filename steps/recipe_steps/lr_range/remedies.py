"""What a program can do about a learning rate that does not fit."""

from dataclasses import replace
from typing import TYPE_CHECKING

from recipe.plugin.remedy import Patient, Remedy

if TYPE_CHECKING:
    from recipe.experiment import Experiment


def _best_rate(patient: Patient) -> "Experiment | None":
    best = patient.evidence.number("best_lr")
    return None if best is None else replace(patient.experiment, lr=best)


def _without_clipping(patient: Patient) -> "Experiment":
    return replace(patient.experiment, clip_norm=None)


best_rate = Remedy("take the rate at which the loss fell most", _best_rate, as_declared=True)
without_clipping = Remedy("do not clip the gradient", _without_clipping)
