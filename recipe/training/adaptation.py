"""Model, batches, loss and task brought together, whatever the user's items and model look like.

One pass over a few items shows how the model is called and what it returns. What follows from
that is decided here, once, and said; behind it a model is a function from a batch to outputs, and
a loss one of outputs and targets.
"""

import math
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from recipe.core.errors import UsageError
from recipe.data.datasets import Splits, Suit
from recipe.data.item_parts import TARGETS
from recipe.data.trees import Tree, Values, described, natural
from recipe.experiment import MODEL_LOSS, Experiment
from recipe.models.adapted import Adapter, adapt, adapter_of
from recipe.models.building import build_model
from recipe.models.calling import Calling, find_calling, not_given
from recipe.models.outputs import OutputPicker, find_output
from recipe.models.own_loss import LOGITS, LOSS, ByForward, target_parameter
from recipe.models.randomness import seeded
from recipe.models.user_errors import error_location
from recipe.tasks import TASKS, LanguageModel, Task
from recipe.training.mask_meaning import with_mask_meaning
from recipe.training.model_kinds import give_targets, per_token, shifted, shifts_labels
from recipe.training.tree_losses import ModelLoss, Natural, OfPart, OfTrees

SAMPLE = 4
"""Items of the pass."""
SAME = 1e-4
"""Relative difference of two losses that are one and the same, but for rounding."""
CPU = torch.device("cpu")
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
    probe = _Probe(sample.x.cpu(), sample.y.cpu(), model)
    probe.adapter = Adapter(with_mask_meaning(model, find_calling(model, probe.x), probe.x))
    _pass(experiment, probe)
    if (
        shifts_labels(model)
        and isinstance(probe.y, Tensor)
        and experiment.loss in (None, MODEL_LOSS)
    ):
        experiment, data = _shifted(experiment, data, probe, say)
    elif experiment.loss == MODEL_LOSS:
        experiment, data = _with_own_loss(experiment, data, probe, say)
    elif probe.returned is not None:
        experiment = _with_outputs(experiment, probe, say)
    if probe.adapter.changes:
        _say_calling(probe, say)
        experiment = replace(experiment, model=Adapting(experiment.model, probe.adapter))
    return _natural(experiment, probe), data


@dataclass
class _Probe:
    """What one pass over a few items showed."""

    x: Values
    y: Values
    model: nn.Module
    adapter: Adapter = field(default_factory=Adapter)
    returned: Any = None
    """In training mode, or in evaluation mode where the other failed; None where both failed, which
    the first step tells of."""
    evaluated: Any = None
    """In evaluation mode."""

    def pick(self, task: Task, declared: Any) -> OutputPicker:
        """Where the outputs are in what it returned."""

        def fits(outputs: Tensor) -> bool:
            if not outputs.ndim or len(outputs) != len(self.y):
                return False
            y = self.y
            if not isinstance(y, Tensor):
                return True
            return per_token(outputs, y) or task.shape_problem(outputs, y) is None

        return find_output(self.returned, declared, fits)


def _pass(experiment: Experiment, probe: _Probe) -> None:
    """Fill in what the model returns in both modes."""
    found = {}
    for training in (False, True):
        model = build_model(experiment, 0, CPU).train(training)
        args, kwargs = _arguments(probe)
        with suppress(Exception), torch.no_grad(), seeded(0, CPU):  # the first step says why not
            found[training] = model(*args, **kwargs)
    probe.evaluated = found.get(False)
    probe.returned = found.get(True, probe.evaluated)


def _arguments(probe: _Probe) -> tuple[tuple[Any, ...], dict[str, Any]]:
    calling = probe.adapter.calling or Calling()
    return calling.arguments(natural(probe.x.clone()))


def _shifted(
    experiment: Experiment, data: Splits, probe: _Probe, say: Say
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
    experiment: Experiment, data: Splits, probe: _Probe, say: Say
) -> tuple[Experiment, Splits]:
    """A model that computes its loss. Where that is the task's own, it need not be asked."""
    name = target_parameter(probe.model)
    if name is None:
        raise UsageError(
            f"loss='model', but {type(probe.model).__name__}.forward takes no targets: it has no "
            f"parameter called {', '.join(TARGETS)}. Rename it, or pass a loss(outputs, targets)."
        )
    own = ByForward(name)
    asked = _asked(experiment, probe, own)
    logits = asked.get(LOGITS)
    experiment = replace(experiment, task=_task_of_outputs(experiment, logits, probe.y, say))
    task = experiment.resolved_task
    alone = probe.returned is not None  # some answer only where they are given the targets
    if alone and isinstance(logits, Tensor) and isinstance(probe.y, Tensor):
        usual = _value(task.loss, logits, probe.y)
        if usual is not None and math.isclose(usual, float(asked[LOSS][0]), rel_tol=SAME):
            probe.adapter = replace(probe.adapter, picker=probe.pick(task, experiment.outputs))
            say(f"The model's own loss is the usual one of {task.name}, so it is computed here.")
            return replace(experiment, loss=None), data
    probe.adapter = replace(
        probe.adapter, own_loss=own, suits=(give_targets,), picker=OutputPicker(experiment.outputs)
        if isinstance(experiment.outputs, str | int) else OutputPicker(function=experiment.outputs),
    )  # fmt: skip
    loss = ModelLoss(task.loss)
    scored = OfPart(task, LOGITS) if logits is not None else OfTrees(loss)
    say(f"The loss is the model's own, which is given the targets as {name}.")
    return replace(experiment, loss=loss, task=scored), _suited(data, give_targets)


def _asked(experiment: Experiment, probe: _Probe, own: ByForward) -> dict[str, Any]:
    """What the model answers that is given the targets of the sample.

    Raises:
        UsageError: it fails.

    """
    model = build_model(experiment, 0, CPU).eval()
    args, kwargs = _arguments(probe)
    try:
        with torch.no_grad(), seeded(0, CPU):
            answer = own.asked(model, model.forward, args, kwargs, natural(probe.y))
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(
            f"The model cannot compute its own loss of {len(probe.x)} items (inputs "
            f"{described(probe.x)}; targets {described(probe.y)}): {str(error).splitlines()[0]} "
            f"({error_location(error)})."
        ) from error
    return answer.as_tree(OutputPicker(), len(probe.x))


def _with_outputs(experiment: Experiment, probe: _Probe, say: Say) -> Experiment:
    """Outputs found in what the model returns; all of it where the loss takes all of it."""
    task, loss = experiment.resolved_task, experiment.loss
    picker = OutputPicker()
    if not isinstance(probe.returned, Tensor) or experiment.outputs is not None:
        whole = callable(loss) and experiment.outputs is None and _takes_all(loss, probe)
        if not isinstance(probe.y, Tensor) and (whole or experiment.outputs is None):
            probe.adapter = replace(probe.adapter, whole=True)
            return _scored_by_loss(experiment, probe)
        picker = probe.pick(task, experiment.outputs)
        probe.adapter = replace(probe.adapter, picker=picker, whole=whole)
        say(f"Outputs: {picker}" + (", beside which the loss takes all that is returned." if whole
                                    else "."))  # fmt: skip
        if whole and picker.name is not None:
            return replace(experiment, task=OfPart(task, picker.name))
    if not isinstance(probe.y, Tensor):
        return _scored_by_loss(experiment, probe)
    logits = picker(probe.returned)
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


def _scored_by_loss(experiment: Experiment, probe: _Probe) -> Experiment:
    """Of targets that are trees: only the loss knows what they mean.

    Raises:
        UsageError: there is none.

    """
    if not callable(experiment.loss):
        raise UsageError(
            f"The targets are {described(probe.y)}, not one tensor, so no usual loss fits: pass "
            "loss=, a function of what the model returns and of these targets; or loss='model'."
        )
    return replace(experiment, task=OfTrees(Natural(experiment.loss)))


def _takes_all(loss: Callable[..., Any], probe: _Probe) -> bool:
    """Whether a loss takes all that the model returns."""
    return _value(loss, probe.returned, natural(probe.y)) is not None


def _value(loss: Callable[..., Any], outputs: Any, targets: Any) -> float | None:
    with suppress(Exception), torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(loss(outputs, targets))
    return None


def _natural(experiment: Experiment, probe: _Probe) -> Experiment:
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


def _say_calling(probe: _Probe, say: Say) -> None:
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
