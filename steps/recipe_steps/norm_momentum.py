"""The momentum of batch normalisation, and a repair that sets the usual one."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from recipe.plugin import Remedy, RemedyInput

if TYPE_CHECKING:
    from recipe.plugin import Experiment

USUAL_MOMENTUM = 0.1
"""The default of torch.nn."""


def _usual_momentum(subject: RemedyInput) -> "Experiment":
    from recipe.plugin import batch_norms

    make = subject.experiment.model

    def usual(**given: Any) -> Any:
        model = make(**given)
        for layer in batch_norms(model):
            layer.momentum = USUAL_MOMENTUM
        return model

    return replace(subject.experiment, model=usual)


usual_momentum = Remedy("use batch normalisation's usual momentum", _usual_momentum)
