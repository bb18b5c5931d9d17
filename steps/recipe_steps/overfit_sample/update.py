"""A user's own update step or optimizer, watched for two calls beside what a sound one does."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from recipe.context import Context
from recipe.errors import UsageError
from recipe.results import Scalar
from recipe.training.data import TensorData
from recipe.training.models import build_model, no_dropout, seeded
from recipe.training.optimizers import build_optimizer, usual_rates

CALLS = 2
SIGN_CALLS = 10
"""Updates on one batch after which its loss has to be lower."""
REST = 1e-5
"""Relative size of a gradient left over from before that counts as cleared."""
NAMED = 3


@dataclass
class Watched:
    """What hooks saw during one call."""

    fresh: dict[str, Tensor] = field(default_factory=dict)
    """Gradients as the backward pass gave them."""
    kept: dict[str, Tensor] = field(default_factory=dict)
    """Gradients as they stood after it, sums with whatever was there before."""
    steps: int = 0
    step_first: bool = False
    """The optimizer stepped before there was a backward pass in this call."""
    training: bool = True
    """Whether the model was in training mode whenever it was called."""

    def gets(self, name: str, grad: Tensor) -> None:
        """A parameter gets its gradient of this backward pass."""
        earlier = self.fresh.get(name)
        self.fresh[name] = grad.detach().clone() if earlier is None else earlier + grad.detach()

    def keeps(self, name: str, parameter: Tensor) -> None:
        """The gradient was added to what stood in .grad."""
        if parameter.grad is not None:
            self.kept[name] = parameter.grad.detach().clone()

    def steps_now(self, *_: Any) -> None:
        """The optimizer is about to step."""
        self.steps += 1
        self.step_first |= not self.fresh

    def runs(self, module: nn.Module, _: Any) -> None:
        """The model is about to run."""
        self.training &= module.training or not torch.is_grad_enabled()


def update_marks(ctx: Context, sample: TensorData, batch_size: int) -> dict[str, Scalar]:
    """Scalars; nothing when update step and optimizer are the recipe's own."""
    if ctx.experiment.update is None and isinstance(ctx.experiment.optimizer, str):
        return {}
    model = build_model(ctx.experiment, ctx.seed_for("update"), ctx.device).train()
    lr = ctx.experiment.lr or usual_rates(ctx.experiment)[1]
    optimizer = build_optimizer(replace(ctx.experiment, weight_decay=0.0), model, lr)
    batches = [
        (sample.x[k * batch_size :][:batch_size], sample.y[k * batch_size :][:batch_size])
        for k in range(CALLS)
    ]
    batches = [batch for batch in batches if len(batch[0])]
    rates = [group["lr"] for group in optimizer.param_groups]
    seen: list[Watched] = []
    with seeded(ctx.seed_for("update"), ctx.device):
        for batch in batches:
            before = {name: p.detach().clone() for name, p in model.named_parameters()}
            seen.append(_watch(ctx, model, optimizer, batch))
        last = seen[-1]
        moved = {n for n, p in model.named_parameters() if not torch.equal(p.detach(), before[n])}
        scalars = _summary(seen, moved)
        scalars["update_changes_rate"] = rates != [g["lr"] for g in optimizer.param_groups]
        if last.steps and ctx.experiment.update is not None:
            scalars |= _direction(ctx, batches[0], lr)
    return scalars


def _summary(seen: list[Watched], moved: set[str]) -> dict[str, Scalar]:
    last = seen[-1]
    reached = [name for name, grad in last.fresh.items() if bool((grad != 0).any())]
    kept = [
        name for name in reached
        if (last.kept[name] - last.fresh[name]).norm() > REST * last.fresh[name].norm()
    ]  # fmt: skip
    missed = [name for name in reached if name not in moved]
    return {
        "update_steps": sum(watched.steps for watched in seen),
        "update_keeps_gradients": len(kept) if len(seen) > 1 and seen[0].steps else 0,
        "update_step_first": any(watched.step_first for watched in seen),
        "update_evaluation_mode": not all(watched.training for watched in seen),
        "update_reached": len(reached),
        "update_misses": len(missed),
        "update_misses_names": ", ".join(missed[:NAMED]),
    }


def _watch(
    ctx: Context, model: nn.Module, optimizer: Optimizer, batch: tuple[Tensor, Tensor]
) -> Watched:
    watched = Watched()
    with _hooks(model, optimizer, watched):
        _update(ctx, model, optimizer, batch)
    return watched


@contextmanager
def _hooks(model: nn.Module, optimizer: Optimizer, watched: Watched) -> Iterator[None]:
    handles: list[Any] = [
        optimizer.register_step_pre_hook(watched.steps_now),
        model.register_forward_pre_hook(watched.runs),
    ]
    for name, p in model.named_parameters():
        if p.requires_grad:
            handles += [
                p.register_hook(partial(watched.gets, name)),  # type: ignore[no-untyped-call]
                p.register_post_accumulate_grad_hook(partial(watched.keeps, name)),  # type: ignore[no-untyped-call]
            ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _update(
    ctx: Context, model: nn.Module, optimizer: Optimizer, batch: tuple[Tensor, Tensor]
) -> float:
    x, y = batch[0].clone(), batch[1].clone()
    if ctx.experiment.update is not None:
        try:
            return float(ctx.experiment.update(model, optimizer, (x, y)))
        except Exception as error:
            raise UsageError(
                f"The update step raised {type(error).__name__}: {error}; it is called as "
                "update(model, optimizer, (x, y)) and returns the loss."
            ) from error
    optimizer.zero_grad()
    loss = ctx.experiment.loss_function(model(x), y)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return float(loss.detach())


def _direction(ctx: Context, batch: tuple[Tensor, Tensor], lr: float) -> dict[str, Scalar]:
    """How the loss of the task changes over some updates on one batch, without dropout."""
    model = build_model(ctx.experiment, ctx.seed_for("direction"), ctx.device).train()
    optimizer = build_optimizer(replace(ctx.experiment, weight_decay=0.0), model, lr / SIGN_CALLS)

    def loss() -> float:
        with torch.no_grad():
            return float(ctx.experiment.loss_function(model(batch[0].clone()), batch[1]))

    with no_dropout(model):
        before = loss()
        returned = [_update(ctx, model, optimizer, batch) for _ in range(SIGN_CALLS)]
        model.train()
        after = loss()
    return {
        "update_reference_change": after - before,
        "update_reported_change": returned[-1] - returned[0],
    }
