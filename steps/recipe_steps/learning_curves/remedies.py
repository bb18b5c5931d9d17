"""What a program can do about the shape of a learning curve; each is proved by retraining."""

from dataclasses import replace
from typing import TYPE_CHECKING

from recipe.remedy import Patient, Remedy

if TYPE_CHECKING:
    from recipe.experiment import Experiment

MORE_DECAY = 3.0


def _more_decay(patient: Patient) -> "Experiment | None":
    decay = patient.experiment.weight_decay or 1e-4
    return replace(patient.experiment, weight_decay=MORE_DECAY * decay)


more_decay = Remedy(f"weight decay x {MORE_DECAY:g}", _more_decay)
