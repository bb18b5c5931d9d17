"""A training that diverged, replayed from its seed up to the step whose loss was not finite."""

from dataclasses import dataclass, field
from itertools import islice

import torch
from torch import Tensor, nn

from recipe.data.datasets import Splits
from recipe.data.single_items import Batch
from recipe.data.trees import Tree, every_tensor
from recipe.experiment import Experiment
from recipe.models.randomness import seeded
from recipe.training.execution_mode import PLAIN
from recipe.training.loop import Training
from recipe.training.nan_causes import Origin
from recipe.training.nan_trace import origin_of_nan
from recipe.training.plan import epoch_batches, model_input

_State = dict[str, Tensor]


@dataclass
class _Kept:
    """The weights after each of the last two updates."""

    model: nn.Module
    states: list[_State] = field(default_factory=list)

    def keep(self) -> None:
        """Keep them as they are now."""
        state = {
            name: value.detach().clone()
            for name, value in self.model.state_dict().items()
            if isinstance(value, Tensor)
        }
        self.states = [*self.states[-1:], state]


def replayed_origin(
    experiment: Experiment, data: Splits, *, seed: int, device: torch.device, most: int
) -> tuple[int, Origin] | None:
    """Where the first value that is not finite came from, in a training that diverged.

    Args:
        experiment: resolved, with the settings of the trial.
        data: what it was trained on.
        seed: of the trial.
        device: where.
        most: iterations that are replayed.

    Returns:
        The iteration, counted from one, and the origin; None where the loss stays finite for so
        long, in the plain way of training, or nothing is found.

    """
    if experiment.update is not None:
        return None
    training = Training(experiment, data, seed=seed, device=device)
    kept = _Kept(training.model)
    kept.keep()

    def after(losses: list[float]) -> bool:
        kept.keep()
        return len(losses) >= most

    done = len(training.losses(after))
    if done >= min(most, len(training.rates)):
        return None
    found = _origin(training, kept.states[-1], done)
    if found is not None and found.phase == "weights" and len(kept.states) > 1 and done:
        found = _origin(training, kept.states[0], done - 1) or found
    return None if found is None else (done + 1, found)


def _origin(training: Training, state: _State, iteration: int) -> Origin | None:
    """Replay the forward and backward pass of one iteration from these weights."""
    epoch, place = divmod(iteration, training.iterations_per_epoch)
    batch = _batch(training, epoch, place)
    if batch is None:
        return None
    model, experiment = training.model, training.experiment
    model.load_state_dict(state)
    model.train()
    with seeded(training.seed, training.device):
        x, y = model_input(experiment, PLAIN, batch[0]), batch[1]
        return origin_of_nan(
            model, lambda: experiment.loss_function(model(x), y), _tensors(x, y), items=len(x)
        )


def _batch(training: Training, epoch: int, place: int) -> Batch | None:
    batches = epoch_batches(training.experiment, training.data, training.seed, epoch)
    return next(islice(batches, place, None), None)


def _tensors(*values: Tensor | Tree) -> list[Tensor]:
    return [tensor for each in values for tensor in every_tensor(each)]
