"""A user's own update step or optimizer, watched for two calls beside what a sound one does."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from recipe.plugin import (
    Batch,
    Context,
    Scalar,
    TensorData,
    build_model,
    build_optimizer,
    no_dropout,
    seeded,
    usual_rates,
    wants_closure,
)
from recipe_steps.overfit_sample.accumulation import accumulation_marks
from recipe_steps.overfit_sample.update_step_loss import inner_loss_marks, reported_loss

CALLS, MOST_CALLS = 2, 64
SIGN_CALLS = 10
"""Updates on one batch after which its loss has to be lower."""
GENTLE = 0.01
"""Of that rate: so small that a step along the gradient cannot overshoot."""
REST = 1e-5
"""Relative size of a gradient left over from before that counts as cleared."""
NAMED = 3
TURNS = 10
"""More calls, where some parameters got no gradient: of a judge that is trained five times as often
as its generator (Gulrajani et al. 2017)."""


@dataclass
class Watched:
    """What hooks saw during one call."""

    fresh: dict[str, Tensor] = field(default_factory=dict)
    """Gradients as the backward passes gave them."""
    rest: set[str] = field(default_factory=set)
    """Parameters that had a gradient before the first of them."""
    steps: int = 0
    step_first: bool = False
    """The optimizer stepped before there was a backward pass in this call."""
    step_on_nothing: bool = False
    """The optimizer stepped when all gradients had been cleared again."""
    training: bool = True
    """Whether the model was in training mode in the pass before a step."""
    last_pass_in_training: bool = True

    def gets(self, name: str, parameter: Tensor, grad: Tensor) -> None:
        """A parameter gets its gradient of this backward pass."""
        if name not in self.fresh:
            earlier = parameter.grad
            if earlier is not None and float(earlier.norm()) > REST * float(grad.norm()):
                self.rest.add(name)
        self.fresh[name] = grad.detach().clone()

    def steps_now(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """The optimizer is about to step; with a closure the backward pass is yet to come."""
        self.steps += 1
        self.training &= self.last_pass_in_training
        if any(map(callable, (*args, *kwargs.values()))):
            return
        self.step_first |= not self.fresh
        held = [p.grad for group in optimizer.param_groups for p in group["params"]]
        cleared = not any(grad is not None and bool((grad != 0).any()) for grad in held)
        learning = any(bool((grad != 0).any()) for grad in self.fresh.values())
        self.step_on_nothing |= cleared and learning

    def runs(self, module: nn.Module, _: Any) -> None:
        """The model is about to run."""
        if torch.is_grad_enabled():
            self.last_pass_in_training = module.training


def update_marks(ctx: Context, sample: TensorData, batch_size: int) -> dict[str, Scalar]:
    """Scalars; nothing when update step and optimizer are the recipe's own."""
    if ctx.experiment.update is None and isinstance(ctx.experiment.optimizer, str):
        return {}
    model = build_model(ctx.experiment, ctx.seed_for("update"), ctx.device).train()
    lr = ctx.experiment.lr or usual_rates(ctx.experiment)[1]
    optimizer = build_optimizer(replace(ctx.experiment, weight_decay=0.0), model, lr)
    whole: list[Batch] = [
        sample.copied(k, k + batch_size) for k in range(0, len(sample), batch_size)
    ]
    batches = [batch for batch in whole if len(batch[0]) > 1] or whole
    rates = [group["lr"] for group in optimizer.param_groups]
    seen: list[Watched] = []
    before = [p.detach().clone() for p in model.parameters()]
    with seeded(ctx.seed_for("update"), ctx.device):
        for call in range(MOST_CALLS):  # gradients may be gathered over several calls
            seen.append(_watch(ctx, model, optimizer, batches[call % len(batches)]))
            if len(seen) >= CALLS and seen[-1].steps:
                break
        scalars = _summary(seen, model, optimizer)
        if not scalars["update_steps"] and _changed(model, before):
            # By optimizers of its own, such as the two of a generator and its judge.
            scalars |= {"update_steps": len(seen), "update_misses": 0}
        if ctx.experiment.update is not None and scalars["update_has_gradient"]:
            scalars |= _unreached(ctx, model, optimizer, batches, seen)
        scalars["update_changes_rate"] = rates != [g["lr"] for g in optimizer.param_groups]
        if scalars["update_steps"] and ctx.experiment.update is not None:
            scalars |= _direction(ctx, batches[0], lr)
            gentle = _direction(ctx, batches[0], lr * GENTLE)
            scalars["update_gentle_change"] = gentle["update_reference_change"]
            with suppress(RuntimeError, ValueError, IndexError):  # other marks say what is wrong
                scalars |= inner_loss_marks(ctx, batches[0])
    if ctx.experiment.update is not None:
        scalars |= accumulation_marks(ctx)
    return scalars


def _unreached(
    ctx: Context, model: nn.Module, optimizer: Optimizer, batches: list[Batch], seen: list[Watched]
) -> dict[str, Scalar]:
    """Parameters that get no gradient in any of some calls: two networks may take turns."""
    trainable = {name: p for name, p in model.named_parameters() if p.requires_grad}
    reached = {name for watched in seen for name in watched.fresh}
    with suppress(RuntimeError, ValueError, IndexError):
        for call in range(TURNS):
            if trainable.keys() <= reached:
                break
            reached |= _watch(ctx, model, optimizer, batches[call % len(batches)]).fresh.keys()
    left = [name for name in trainable if name not in reached]
    weights = sum(p.numel() for p in trainable.values())
    return {
        "update_parameters": len(trainable),
        "update_unreached": len(left),
        "update_unreached_share": sum(trainable[name].numel() for name in left) / max(1, weights),
        "update_unreached_names": ", ".join(left[:NAMED]),
    }


def _changed(model: nn.Module, before: list[Tensor]) -> bool:
    pairs = zip(model.parameters(), before, strict=True)
    return any(not torch.equal(p, earlier) for p, earlier in pairs)


def _summary(seen: list[Watched], model: nn.Module, optimizer: Optimizer) -> dict[str, Scalar]:
    last = seen[-1]
    handed = {id(p) for group in optimizer.param_groups for p in group["params"]}
    own = dict(model.named_parameters())
    reached = [name for name, grad in last.fresh.items() if bool((grad != 0).any())]
    steps = sum(watched.steps for watched in seen)
    nothing = not steps or last.step_on_nothing
    missed = [name for name in reached if nothing or id(own[name]) not in handed]
    return {
        "update_steps": steps,
        "update_keeps_gradients": len(last.rest) if len(seen) > 1 and seen[-2].steps else 0,
        "update_step_first": any(watched.step_first for watched in seen)
        and any(watched.fresh for watched in seen),
        "update_has_gradient": any(watched.fresh for watched in seen),
        "update_evaluation_mode": not all(watched.training for watched in seen),
        "update_reached": len(reached),
        "update_misses": len(missed),
        "update_misses_names": ", ".join(missed[:NAMED]),
    }


def _watch(ctx: Context, model: nn.Module, optimizer: Optimizer, batch: Batch) -> Watched:
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
    handles += [
        p.register_hook(partial(watched.gets, name, p))  # type: ignore[no-untyped-call]
        for name, p in model.named_parameters()
        if p.requires_grad
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _update(ctx: Context, model: nn.Module, optimizer: Optimizer, batch: Batch) -> float:
    x, y = batch[0].clone(), batch[1].clone()
    if ctx.experiment.update is not None:
        return reported_loss(ctx.experiment, model, optimizer, (x, y))

    def evaluated() -> float:
        optimizer.zero_grad()
        loss = ctx.experiment.loss_function(model(x.clone()), y)
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    loss = evaluated()
    optimizer.step(*([evaluated] if wants_closure(optimizer) else []))
    return loss


def _direction(ctx: Context, batch: Batch, lr: float) -> dict[str, Scalar]:
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
        "update_reference_loss": before,
        "update_reported_loss": returned[0],
        "update_reference_change": after - before,
    }
