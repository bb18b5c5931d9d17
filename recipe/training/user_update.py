"""The update step that an experiment brings."""

from torch import Tensor, nn
from torch.optim import Optimizer

from recipe.core.errors import RecipeError, UsageError, raised
from recipe.data.single_items import Batch
from recipe.data.trees import natural
from recipe.experiment import Experiment
from recipe.models.adapted import as_declared
from recipe.models.user_errors import error_location


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
    try:
        with as_declared(model):
            return experiment.update(model, optimizer, (natural(batch[0]), natural(batch[1])))
    except Exception as error:
        raise UsageError(
            f"The update step raised {raised(error)} "
            f"({error_location(error)}); it is called as update(model, optimizer, (x, y)) and "
            "returns the loss."
        ) from error
