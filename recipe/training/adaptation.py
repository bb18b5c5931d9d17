"""Model, batches, loss and task brought together, whatever the user's items and model look like.

One pass over a few items shows how the model is called and what it returns. What follows from
that is decided here, once, and said; behind it a model is a function from a batch to outputs, and
a loss one of outputs and targets.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from recipe.core.errors import UsageError
from recipe.data.datasets import Splits, Suit, eval_size_for
from recipe.data.item_parts import TARGETS
from recipe.data.trees import (
    Tree,
    Values,
    as_structure,
    described,
    every_tensor,
    natural,
)
from recipe.experiment import MODEL_LOSS, Experiment
from recipe.models.adapted import Adapter, adapt, adapter_of
from recipe.models.building import build_model
from recipe.models.calling import Calling, find_calling, not_given
from recipe.models.outputs import OutputPicker
from recipe.models.own_loss import LOGITS, LOSS, carried, declared
from recipe.models.randomness import seeded
from recipe.tasks import TASKS, LanguageModel, Task
from recipe.tasks.by_loss import ByLoss
from recipe.training.checks import check_loss, check_val
from recipe.training.mask_meaning import with_mask_meaning
from recipe.training.model_kinds import give_targets, per_token, shifted, shifts_labels
from recipe.training.model_probe import CPU, Probe, ask, takes_all, try_out, value_of
from recipe.training.tree_losses import ModelLoss, Natural, OfPart, OfTrees, beside_loss

SAMPLE = 4
"""Items of the pass."""
SAME = 1e-4
"""Relative difference of two losses that are one and the same, but for rounding."""
Say = Callable[[str], None]


def adapted(
    experiment: Experiment, data: Splits, say: Say = lambda _: None
) -> tuple[Experiment, Splits]:
    """The experiment with a factory of models that take its batches and return its outputs, and
    with loss and task that look at these; data that suit them. Both are what they were where items
    are pairs of tensors and the model a function of one.

    Raises:
        UsageError: the model takes none of what the items have, or its outputs cannot be found.

    """
    try:
        model = build_model(experiment, 0, CPU)
    except UsageError:
        return experiment, data  # the first step says the same, where the user sees it
    if (known := adapter_of(model)) is not None:  # a remedy was applied to one that was adapted
        return experiment, _suited(data, *known.suits)
    sample = data.train.sample(SAMPLE, torch.Generator().manual_seed(0))
    probe = Probe(sample.x.cpu(), sample.y.cpu(), model)
    calling = _calling(experiment, probe)
    probe.adapter = Adapter(with_mask_meaning(model, calling, probe.x))
    try_out(probe)
    if experiment.val is not None and not isinstance(experiment.val, int | float):
        _look_at_val(experiment, data, probe)
    if experiment.resolved_task.asks_model and experiment.loss is None:
        experiment = replace(experiment, loss=MODEL_LOSS)
    if (
        shifts_labels(model)
        and isinstance(probe.y, Tensor)
        and experiment.loss in (None, MODEL_LOSS)
        and carried(model) is None
    ):
        experiment, data = _shifted(experiment, data, probe, say)
    elif experiment.loss == MODEL_LOSS:
        experiment, data = _with_own_loss(experiment, data, probe, say)
    elif probe.returned is not None:
        experiment = _with_outputs(experiment, probe, say)
    if probe.adapter.changes:
        _say_calling(probe, say)
        experiment = replace(experiment, model=Adapting(experiment.model, probe.adapter))
    return _natural(experiment, probe), _in_small_batches(data, probe)


def _in_small_batches(data: Splits, probe: Probe) -> Splits:
    """Evaluated in batches whose outputs fit into memory: a vocabulary for every token, classes for
    every pixel.
    """
    returned = probe.returned if probe.evaluated is None else probe.evaluated
    if returned is None:
        return data
    outputs = sum(tensor.numel() for tensor in every_tensor(as_structure(returned)))
    size = eval_size_for(outputs // max(1, len(probe.x)))
    if size >= data.train.eval_size:
        return data
    return Splits(data.train.evaluated_by(size), data.val.evaluated_by(size))


def _calling(experiment: Experiment, probe: Probe) -> Calling | None:
    """How `forward` takes a batch; a model whose loss is asked for with whole batches may have none
    that takes them.

    Raises:
        UsageError: see `find_calling`.

    """
    try:
        return find_calling(probe.model, probe.x)
    except UsageError:
        own = declared(probe.model) if experiment.loss == MODEL_LOSS else None
        if own is None or not own.whole_batch:
            raise
    return None


def _look_at_val(experiment: Experiment, data: Splits, probe: Probe) -> None:
    """Validation items that were declared apart have to be like those of training."""
    if probe.evaluated is None:
        return
    with seeded(0, CPU):
        sample = data.val.sample(SAMPLE, torch.Generator().manual_seed(0))
    model = build_model(experiment, 0, CPU).eval()
    check_val(model, probe.adapter.calling, (probe.x, probe.y), (sample.x.cpu(), sample.y.cpu()))


def _shifted(
    experiment: Experiment, data: Splits, probe: Probe, say: Say
) -> tuple[Experiment, Splits]:
    """A causal language model of Hugging Face: its loss is the cross-entropy of labels moved by one
    step, so data and task say the same without it.
    """
    if probe.returned is not None:
        probe.adapter = replace(
            probe.adapter, picker=probe.pick(LanguageModel(), experiment.outputs)
        )
    say(
        "Labels are moved by one step, as this model does in its own loss: each token is predicted "
        "from those before it."
    )
    probe.y = shifted(probe.x, probe.y)[1]
    task = LanguageModel() if experiment.task == "classification" else experiment.task
    probe.adapter = replace(probe.adapter, suits=(shifted,))
    return replace(experiment, loss=None, task=task), _suited(data, shifted)


def _with_own_loss(
    experiment: Experiment, data: Splits, probe: Probe, say: Say
) -> tuple[Experiment, Splits]:
    """A model that computes its loss. Where that is the task's own, it need not be asked."""
    own = declared(probe.model)
    if own is None:
        task = experiment.resolved_task
        why = (
            f"task={task.name!r} takes the model's own loss" if task.asks_model else "loss='model'"
        )
        raise UsageError(
            f"{why}, but {type(probe.model).__name__}.forward takes no targets: it has no "
            f"parameter called {', '.join(TARGETS)}. Rename it, or pass a loss(outputs, targets)."
        )
    asked = ask(experiment, probe, own)
    logits = asked.get(LOGITS)
    experiment = replace(experiment, task=_task_of_outputs(experiment, logits, probe.y, say))
    task = experiment.resolved_task
    alone = probe.returned is not None  # else it cannot do without the targets
    if alone and isinstance(logits, Tensor) and isinstance(probe.y, Tensor):
        usual = value_of(task.loss, logits, probe.y)
        if usual is not None and math.isclose(usual, float(asked[LOSS][0]), rel_tol=SAME):
            probe.adapter = replace(probe.adapter, picker=probe.pick(task, experiment.outputs))
            say(f"The model's own loss is the usual one of {task.name}, so it is computed here.")
            return replace(experiment, loss=None), data
    probe.adapter = replace(
        probe.adapter, own_loss=own, suits=(give_targets,), picker=OutputPicker(experiment.outputs)
        if isinstance(experiment.outputs, str | int) else OutputPicker(function=experiment.outputs),
    )  # fmt: skip
    loss = ModelLoss(task.loss)
    moved = shifts_labels(probe.model)
    scored = beside_loss(task, loss, logits, None if moved else probe.y)
    say(f"The loss is {own}.")
    return replace(experiment, loss=loss, task=scored), _suited(data, give_targets)


def _with_outputs(experiment: Experiment, probe: Probe, say: Say) -> Experiment:
    """Outputs found in what the model returns; all of it where the loss takes all of it."""
    task, loss = experiment.resolved_task, experiment.loss
    picker = OutputPicker()
    if not isinstance(probe.returned, Tensor) or experiment.outputs is not None:
        whole = callable(loss) and experiment.outputs is None and takes_all(loss, probe)
        if not isinstance(probe.y, Tensor) and (whole or experiment.outputs is None):
            probe.adapter = replace(probe.adapter, whole=True)
            return _scored_by_loss(experiment, probe)
        picker = probe.pick(task, experiment.outputs)
        probe.adapter = replace(probe.adapter, picker=picker, whole=whole)
        say(f"Outputs: {picker}" + (", beside which the loss takes all that is returned." if whole
                                    else "."))  # fmt: skip
        if whole and isinstance(task, ByLoss):
            return _scored_by_loss(experiment, probe)
        if whole and picker.name is not None:
            return replace(experiment, task=OfPart(task, picker.name))
    if not isinstance(probe.y, Tensor):
        return _scored_by_loss(experiment, probe)
    logits = picker(probe.returned)
    if callable(loss) and not probe.adapter.whole and not isinstance(probe.returned, Tensor):
        check_loss(loss, probe.returned, logits, picker.name, probe.y)
    return replace(experiment, task=_task_of_outputs(experiment, logits, probe.y, say))


def _task_of_outputs(experiment: Experiment, logits: Any, y: Values, say: Say) -> str | Task:
    """The declared task; one of tokens where nothing was declared and outputs are of that shape."""
    if (
        experiment.task == "classification"
        and not callable(experiment.loss)
        and per_token(logits, y)
    ):
        say("The task is token_classification: outputs have the scores of a class for every token.")
        return TASKS["token_classification"]
    return experiment.task


def _scored_by_loss(experiment: Experiment, probe: Probe) -> Experiment:
    """Of targets that are trees: only the loss knows what they mean.

    Raises:
        UsageError: there is none.

    """
    if not callable(experiment.loss):
        raise UsageError(
            f"The targets are {described(probe.y)}, not one tensor, so no usual loss fits: pass "
            "loss=, a function of what the model returns and of these targets; or loss='model'."
        )
    task = experiment.resolved_task
    return replace(experiment, task=OfTrees(Natural(experiment.loss), task))


def _natural(experiment: Experiment, probe: Probe) -> Experiment:
    """The user's own functions, which are given batches as the user knows them."""
    changed: dict[str, Any] = {}
    trees = isinstance(probe.x, Tree) or isinstance(probe.y, Tree) or probe.adapter.whole
    for name in ("loss", "metric", "augment"):
        value = getattr(experiment, name)
        if trees and callable(value) and not isinstance(value, ModelLoss):
            usual = (
                experiment.resolved_task.loss if name == "loss" and probe.adapter.whole else None
            )
            changed[name] = Natural(value, usual)
    return replace(experiment, **changed) if changed else experiment


def _say_calling(probe: Probe, say: Say) -> None:
    calling = probe.adapter.calling
    if calling is not None:
        given = calling.arguments(natural(probe.x))[1]
        told = calling if calling.mask in given else replace(calling, mask=None)
        if str(told):
            say(f"The model is {told}.")
    if left := not_given(calling, probe.x):
        say(f"Not given to the model: {', '.join(left)}.")


def _suited(data: Splits, *suits: Suit) -> Splits:
    train, val = data.train, data.val
    for suit in suits:
        train = train if suit in train.suits else train.suited(suit)
        val = val if suit in val.suits else val.suited(suit)
    return replace(data, train=train, val=val)


@dataclass(frozen=True)
class Adapting:
    """The user's factory, whose models are adapted."""

    factory: Callable[..., nn.Module]
    adapter: Adapter

    def __call__(self, *args: Any, **given: Any) -> nn.Module:
        """A fresh model."""
        model = self.factory(*args, **given)
        return adapt(model, self.adapter) if isinstance(model, nn.Module) else model

    @property
    def __wrapped__(self) -> Callable[..., nn.Module]:
        """What tells the arguments that may be searched."""
        return self.factory
