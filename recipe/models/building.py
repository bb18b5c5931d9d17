"""Fresh models from the user's factory."""

import inspect
from collections.abc import Callable

import torch
from torch import Tensor, nn

from recipe.border.advice import UNKNOWN
from recipe.border.faults import said_of
from recipe.core.errors import UsageError
from recipe.data.trees import Values
from recipe.experiment import Experiment
from recipe.models.blocks import check_head, find_blocks, freeze
from recipe.models.pretrained import SCRATCH, file_of, load_start, load_weights, reset_weights
from recipe.models.randomness import seeded, settings_kept


def build_model(experiment: Experiment, seed: int, device: torch.device) -> nn.Module:
    """A fresh model, its initial weights a function of `seed`, or those that the experiment names;
    its lower blocks are frozen where the experiment says so.

    Raises:
        UsageError: the factory raised, or returned something other than a module; head or weights
            do not fit it.

    """
    with seeded(seed, device):
        model = construct(experiment)
    if experiment.freeze:
        blocks = experiment.blocks or find_blocks(model, experiment.head)
        freeze(model, blocks, experiment.freeze, experiment.head)
    return model.to(device)


def construct(experiment: Experiment) -> nn.Module:
    """A fresh model with the weights that it is to begin with, nothing frozen; drawn from the
    random numbers of the caller.

    Raises:
        UsageError: see `build_model`.

    """
    model = _made(experiment)
    if experiment.head is not None:
        check_head(model, experiment.head)
    _begin(model, experiment)
    return model


def _made(experiment: Experiment) -> nn.Module:
    """What the factory returns."""
    given = {**experiment.model_args, **_named_weights(experiment)}
    try:
        with settings_kept():
            model = experiment.model(**given)
    except UsageError:
        raise
    except Exception as error:
        args = ", ".join(f"{k}={v!r}" for k, v in given.items())
        called = f" called with ({args})"
        raise UsageError(said_of(error, "The model factory", UNKNOWN, called)) from error
    if not isinstance(model, nn.Module):
        raise UsageError(
            f"The model factory returned {type(model).__name__}: "
            "return a torch.nn.Module, freshly made at every call."
        )
    return model


def _named_weights(experiment: Experiment) -> dict[str, str | None]:
    """Weights that the factory loads by their name.

    Raises:
        UsageError: it does not take any.

    """
    name = experiment.weights
    if name is None or file_of(name) is not None:
        return {}
    if not accepts_argument(experiment.model, "weights"):
        raise UsageError(
            f"weights={str(name)!r} is no file, and the model factory takes no `weights`: name an "
            "existing file, or write the factory with an argument of that name."
        )
    return {"weights": None if experiment.begin_from == SCRATCH else str(name)}


def accepts_argument(factory: Callable[..., object], name: str) -> bool:
    """Whether a callable has an argument of this name; one that does not tell is taken to."""
    try:
        known = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):
        return True
    return any(p.name == name or p.kind is p.VAR_KEYWORD for p in known)


def _begin(model: nn.Module, experiment: Experiment) -> None:
    """Give the model the weights that it is to begin with."""
    file, start = file_of(experiment.weights), experiment.begin_from
    if start == SCRATCH:
        if experiment.weights is None:
            reset_weights(model, experiment.head)
        return
    if file is not None:
        load_weights(model, file, experiment.head)
    if start is not None:
        load_start(model, experiment.starts, start)


def batch_norms(model: nn.Module) -> list[nn.modules.batchnorm._BatchNorm]:
    """Its layers that normalise by batch."""
    kind = nn.modules.batchnorm._BatchNorm  # noqa: SLF001 - the base of all of them
    return [module for module in model.modules() if isinstance(module, kind)]


def channels_last_works(model: nn.Module, x: Values | None) -> bool:
    """Whether `model` runs on channels-last images: convolutions are faster there.

    A `view` on features of this layout raises, so it is tried on a copy of one small batch.
    """
    if (
        not isinstance(x, Tensor)
        or x.ndim != 4
        or not any(isinstance(m, nn.Conv2d) for m in model.modules())
    ):
        return False
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            model(x[:2].contiguous(memory_format=torch.channels_last))
    except Exception:  # noqa: BLE001 - the step that uses the plain layout will say what is wrong
        return False
    finally:
        model.train(was_training)
    return True
