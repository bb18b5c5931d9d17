"""What a program can do about an own update step: train in the usual way instead."""

from dataclasses import replace
from typing import TYPE_CHECKING

from recipe.plugin import Remedy, RemedyInput
from recipe_steps.symptoms import NOT_LEARNING

if TYPE_CHECKING:
    from recipe.plugin import Experiment

OTHER_SCHEDULE = ("needs-lr-decay", "decayed-too-early", "underfitting", *NOT_LEARNING)
"""What follows from a rate that an update step sets by itself."""


def usual_update(subject: RemedyInput) -> "Experiment | None":
    from recipe.plugin import OPTIMIZERS, optimizer_family

    experiment = subject.experiment
    if experiment.update is not None:
        return replace(experiment, update=None)
    if isinstance(experiment.optimizer, str):
        return None
    kind, _ = optimizer_family(experiment)
    return replace(experiment, optimizer=kind if kind in OPTIMIZERS else "adam")


leave_rate = Remedy("leave the rate to the declared schedule", usual_update)
