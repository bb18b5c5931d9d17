"""What a `training_step` computes: a usual loss of the outputs, or one that only it knows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from recipe.border.faults import error_location
from recipe.core.errors import UsageError
from recipe.data.trees import as_structure, as_values, natural
from recipe.experiment import MODEL_LOSS
from recipe.frameworks.batches import Rebatch, count_of, parted, rebatch_of, twice
from recipe.frameworks.fresh_models import Copied, Remade
from recipe.frameworks.lightning_modules import CPU, ready
from recipe.frameworks.loss_finding import (
    FoundLoss,
    find_usual_loss,
    guessed_task,
    logits_call,
    loss_of,
    outputs_of,
    value_of,
    watched,
)
from recipe.frameworks.training_step import ByTrainingStep, through
from recipe.models.calling import Calling, find_calling
from recipe.models.own_loss import declare
from recipe.models.randomness import seeded

MOST_PASSES = 64
"""Calls of the step in which every class has been a target, at most."""


@dataclass(frozen=True)
class _Finish:
    """What is done to a fresh module so that it answers as a model."""

    path: str
    softmax: bool
    own: ByTrainingStep | None

    def __call__(self, module: nn.Module) -> nn.Module:
        """The module."""
        module = ready(module)
        if self.own is not None:
            return declare(module, self.own)
        return through(module, self.path, softmax=self.softmax)


def fields_of_loss(
    factory: Callable[..., nn.Module], batch: Any, changes: dict[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Model, loss and task of the experiment, and what is said of them."""
    rebatch = rebatch_of(batch, changes.get("target"))
    seen = _look(factory, batch)
    inputs, y = parted(batch, rebatch)
    fields: dict[str, Any] = {}
    if rebatch.kind is None:
        fields["batch"] = twice
    found = None
    if isinstance(seen.logits, Tensor) and rebatch.kind is not None:
        found = find_usual_loss(seen.logits, y, float(seen.loss), seen.module)
    if found is not None and not _for_every_class(found, factory, rebatch, inputs, y):
        found = None
    if found is not None and _forwards(factory, seen, inputs):
        finish = _Finish(seen.path or "", found.softmax, None)
        fields |= {"task": found.task, "loss": found.loss}
        said = _said(found, seen)
    else:
        finish = _Finish("", softmax=False, own=ByTrainingStep(rebatch, seen.path))
        fields |= {"task": guessed_task(seen.logits, y), "loss": MODEL_LOSS}
        said = []
    fields["model"] = _finished(factory, finish)
    return fields, said


def _finished(factory: Any, finish: _Finish) -> Callable[..., nn.Module]:
    if isinstance(factory, Remade):
        return Remade(factory.kind, factory.given, finish)
    return Copied(factory.kept, finish)


def _said(found: FoundLoss, seen: "_Seen") -> list[str]:
    where = f" of self.{seen.path}" if seen.path else ""
    if found.softmax:
        said = (
            f"training_step computes the cross-entropy of a softmax of the outputs{where}: that "
            "softmax is part of the model here."
        )
        return [said]
    loss = "the usual loss" if found.loss is None else getattr(
        found.loss, "__name__", type(found.loss).__name__)  # fmt: skip
    return [f"training_step computes {loss} of {found.task} from the outputs{where}."]


@dataclass(frozen=True)
class _Seen:
    """What one call of `training_step` showed."""

    module: nn.Module
    loss: Tensor
    logits: Tensor | None
    path: str | None


def _look(factory: Callable[..., nn.Module], batch: Any) -> _Seen:
    """Call `training_step` once.

    Raises:
        UsageError: it fails or returns no loss.

    """
    with seeded(0, CPU):
        module = factory().train()
        name = type(module).__name__
        try:
            with watched(module) as calls:
                returned = module.training_step(batch, 0)  # type: ignore[operator]
        except Exception as error:
            raise UsageError(
                f"{name}.training_step raised {type(error).__name__}: {error} "
                f"({error_location(error)}) for {count_of(batch)} items; it has to work without a "
                "running Trainer."
            ) from error
    loss = loss_of(returned)
    if loss is None:
        raise UsageError(
            f"{name}.training_step returned a {type(returned).__name__}: return the loss, or a "
            "dict with a key 'loss'."
        )
    call = logits_call(calls, module, count_of(batch))
    logits = None if call is None else outputs_of(call.returned, count_of(batch))
    return _Seen(module, loss.detach(), logits, None if call is None else call.path)


def _for_every_class(
    found: FoundLoss, factory: Callable[..., nn.Module], rebatch: Rebatch, inputs: Any, y: Any
) -> bool:
    """Whether the loss is the same with every class as the target: of a few items, weights of
    classes may not show.
    """
    if not isinstance(y, Tensor) or y.is_floating_point() or y.ndim != 1:
        return True
    classes, start = 1, 0
    while start < classes and start < MOST_PASSES * len(y):
        targets = (start + torch.arange(len(y))) % classes
        try:
            seen = _look(factory, rebatch(inputs, targets.to(y.dtype)))
        except UsageError:
            return True
        if seen.logits is None or seen.logits.ndim < 2:
            return True
        if start or classes > 1:
            value = value_of(found, seen.logits, targets.to(y.dtype))
            if value is None or abs(value - float(seen.loss)) > 1e-4 * abs(value) + 1e-8:
                return False
            start += len(y)
        classes = max(classes, seen.logits.shape[1])
        if classes == 1:
            return True
    return True


def _forwards(factory: Callable[..., nn.Module], seen: _Seen, inputs: Any) -> bool:
    """Whether the model, called with the inputs alone, gives the outputs that `training_step`
    computes the loss of: it may flatten or scale them before.
    """
    if seen.path is None or seen.logits is None:
        return False
    x = as_values(as_structure(inputs))
    with seeded(0, CPU):
        module = through(factory().train(), seen.path)
        try:
            calling = find_calling(module, x) or Calling()
            args, kwargs = calling.arguments(natural(x))
            returned = module(*args, **kwargs)
        except Exception:  # noqa: BLE001 - then training_step is called for the loss
            return False
    outputs = outputs_of(returned, len(seen.logits))
    return outputs is not None and outputs.shape == seen.logits.shape and torch.allclose(
        outputs, seen.logits, rtol=1e-4, atol=1e-5
    )  # fmt: skip
