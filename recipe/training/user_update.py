"""The update step that an experiment brings."""

from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from recipe.border.faults import declared_at, said_of
from recipe.border.in_place import with_place_of_write
from recipe.core.errors import RecipeError, UsageError
from recipe.data.single_items import Batch
from recipe.data.trees import natural
from recipe.experiment import Experiment
from recipe.models.adapted import as_declared

ADAPTED = "takes_adapted"
"""Attribute of an update step of ours: it takes the model and the batches that training has, in
place of those that the user declared."""


def own_update(
    experiment: Experiment, model: nn.Module, optimizer: Optimizer, batch: Batch
) -> Tensor | float:
    """Call the user's own update step; the loss it returns.

    Raises:
        UsageError: it raised.
        RecipeError: there is none.

    """
    if experiment.update is None:
        raise RecipeError("No update step was declared.")
    update = experiment.update
    if getattr(update, ADAPTED, False):
        return update(model, optimizer, batch)
    try:
        with as_declared(model):
            x, y = natural(batch[0]), natural(batch[1])
            loss = with_place_of_write(lambda: update(model, optimizer, (x, y)))
    except UsageError:
        raise
    except Exception as error:
        otherwise = "it is called as update(model, optimizer, (x, y)) and returns the loss"
        raise UsageError(said_of(error, "The update step", otherwise)) from error
    return _checked(loss, experiment)


def _checked(loss: Any, experiment: Experiment) -> Tensor | float:
    """The loss, which is one number.

    Raises:
        UsageError: it is something else.

    """
    if isinstance(loss, Tensor) and loss.numel() == 1:
        return loss.reshape(())
    if hasattr(loss, "__float__") and not isinstance(loss, Tensor):
        return float(loss)
    what = f"a tensor of shape {list(loss.shape)}" if isinstance(loss, Tensor) else (
        "nothing" if loss is None else f"a {type(loss).__name__}"
    )  # fmt: skip
    where = declared_at(experiment.update)
    raise UsageError(
        f"The update step returned {what}{f' ({where})' if where else ''}: end it with return "
        "loss, the mean loss of the batch."
    )
