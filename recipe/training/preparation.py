"""Model, data and task made to suit each other: where a model leaves something to its first batch
or computes in float64, and where a loss wants outputs that no score of ours can read.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from recipe.border.faults import error_location
from recipe.core.errors import UsageError, in_a_line
from recipe.data.datasets import Splits, TensorData
from recipe.data.single_items import Batch, as_double
from recipe.data.trees import Values, described, natural
from recipe.experiment import Experiment, LossFunction
from recipe.models.blocks import Block, find_blocks, freeze
from recipe.models.building import build_model
from recipe.models.calling import Calling, find_calling
from recipe.tasks import Classification, Regression, Task
from recipe.tasks.by_loss import loss_accepts, shares, takes_label, tells_apart
from recipe.tasks.classification import LossOfClasses
from recipe.tasks.regression import LossAsScore
from recipe.training.adaptation import adapted
from recipe.training.fresh_factory import check_fresh
from recipe.training.ignored_labels import with_ignored_label
from recipe.training.movable_loss import movable
from recipe.training.suiting import with_suited_inputs, with_suited_labels

LOOKED_AT = 64
"""Items that tell what shape outputs have."""
SAMPLE = 2
"""Items that tell lazy layers their sizes: one alone may be squeezed to nothing."""


def prepare(
    experiment: Experiment, data: Splits, say: Callable[[str], None] = lambda _: None
) -> tuple[Experiment, Splits]:
    """The experiment with lazy layers that know their sizes, with a task that can read the outputs
    and, where blocks may be frozen, with their names; and data of the model's precision.

    Lazy layers (`nn.LazyLinear`) have no weights before a first pass: the factory then makes one
    over a few items, in evaluation mode. Data are float32, and float64 for a model whose weights
    are. Nothing changes for any other model.

    Raises:
        UsageError: the factory fails or gives no fresh model, or one with lazy layers cannot
            process a batch.

    """
    experiment, data = with_outputs(experiment, data, say, check_fresh(experiment))
    data = with_suited_labels(experiment, data, say)
    experiment = with_ignored_label(experiment, data, say)
    if experiment.head is not None or experiment.freeze or "freeze" in experiment.space:
        experiment = replace(experiment, blocks=_blocks(experiment, data))
    if callable(experiment.loss) and (task := _by_loss(experiment, data, experiment.loss)):
        experiment = replace(experiment, task=task)
    return replace(experiment, loss=movable(experiment.loss)), data


def with_outputs(
    experiment: Experiment,
    data: Splits,
    say: Callable[[str], None] = lambda _: None,
    model: nn.Module | None = None,
) -> tuple[Experiment, Splits]:
    """The experiment with models that take its batches and return outputs, and data in their
    precision: the part of `prepare` that a trained model needs for its answers.

    Args:
        experiment: with the factory.
        data: training and validation items.
        say: takes notes for the user.
        model: a fresh one of the factory, where one was made: a big one takes long.

    Raises:
        UsageError: see `prepare`.

    """
    if model is None:
        model = build_model(experiment, 0, torch.device("cpu"))
    if _is_double(model):
        data = replace(data, train=data.train.suited(_doubled), val=data.val.suited(_doubled))
    lazy = is_lazy(model)
    data = with_suited_inputs(model, data, say)
    if lazy:
        x = data.train.sample(SAMPLE, torch.Generator().manual_seed(0)).x
        experiment = replace(experiment, model=_sized(experiment.model, x))
    return adapted(experiment, data, say)


def _blocks(experiment: Experiment, data: Splits) -> tuple[Block, ...]:
    """What `freeze` counts.

    Raises:
        UsageError: more blocks are to be frozen than there are.

    """
    x = data.train.sample(SAMPLE, torch.Generator().manual_seed(0)).x.cpu()
    model = build_model(replace(experiment, freeze=0), 0, torch.device("cpu"))
    blocks = find_blocks(model, experiment.head, x)
    if experiment.head is not None and not blocks:
        raise UsageError(
            f"The head {experiment.head!r} is the whole model: name the layer that is new, or "
            "leave out head=."
        )
    freeze(model, blocks, experiment.freeze, experiment.head)
    return blocks


@torch.no_grad()
def _by_loss(experiment: Experiment, data: Splits, loss: LossFunction) -> Task | None:
    """A task that is scored by the loss, where that takes shares of classes as targets, several
    outputs for one target, or, beside a metric, one output less than there are classes.
    """
    task = experiment.resolved_task
    if type(task) not in (Regression, Classification):
        return None
    sample = data.train.sample(LOOKED_AT, torch.Generator().manual_seed(0))
    x, y = sample.x.cpu(), sample.y.cpu()
    if not isinstance(y, Tensor):
        return None
    if type(task) is Classification and y.ndim == 2 and shares(y):
        return LossAsScore(loss) if loss_accepts(loss, y, y) else None
    if y.numel() != len(y):
        return None
    try:
        outputs = build_model(experiment, 0, torch.device("cpu")).eval()(x.clone()).float()
    except Exception:  # noqa: BLE001 - the first step says what is wrong
        return None
    if outputs.ndim != 2 or len(outputs) != len(y) or outputs.shape[1] < 2:
        return None
    if type(task) is Regression:
        return LossAsScore(loss) if tells_apart(loss, outputs, y) else None
    labels = y
    if isinstance(data.train, TensorData) and isinstance(data.train.y, Tensor):
        labels = data.train.y
    labels = labels[task.counted(labels)].flatten()
    exact = len(labels) and (int(labels.min()), int(labels.max())) == (0, outputs.shape[1])
    if exact and experiment.metric is not None and takes_label(loss, outputs):
        return LossOfClasses(loss)
    return None


def is_lazy(model: nn.Module) -> bool:
    """Whether weights are missing until a first pass."""
    kinds = UninitializedParameter | UninitializedBuffer
    return any(isinstance(value, kinds) for value in (*model.parameters(), *model.buffers()))


def _is_double(model: nn.Module) -> bool:
    kinds = {p.dtype for p in model.parameters() if p.is_floating_point()}
    return kinds == {torch.float64}


def _doubled(x: Values, y: Values) -> Batch:
    return as_double(x), as_double(y)


def _sized(make: Callable[..., nn.Module], x: Values) -> Callable[..., nn.Module]:
    def sized(**given: Any) -> nn.Module:
        model = make(**given)
        if isinstance(model, nn.Module):
            _first_pass(model, x)
        return model

    return sized


@torch.no_grad()
def _first_pass(model: nn.Module, x: Values) -> None:
    """Without dropout, and without a mark on running statistics."""
    modes = [(module, module.training) for module in model.modules()]
    device = next((p.device for p in model.parameters()), x.device)
    try:
        calling = find_calling(model, x) or Calling()
        args, kwargs = calling.arguments(natural(x.clone().to(device)))
        model.eval()(*args, **kwargs)
    except Exception as error:
        raise UsageError(
            f"The model has lazy layers and cannot process a batch of shape {described(x)}: "
            f"{in_a_line(error)} ({error_location(error)})."
        ) from error
    for module, training in modes:
        module.training = training
