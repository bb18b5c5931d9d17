"""The hooks of a watch: what they note of every iteration, and what they measure of some."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from recipe.training.nan_causes import Origin
from recipe.watching import hooks
from recipe.watching.kept import Kept
from recipe.watching.looks import Looker
from recipe.watching.pace import Pace
from recipe.watching.record import STEADY, Record

FLUSH = 16
"""Losses on an accelerator that are read together: each reading waits for it."""


@dataclass
class Listener:
    """Listens to one model and its optimizer, and keeps the record of their training."""

    given: nn.Module
    """As the user trains it, wrapped or not."""
    optimizer: Any
    loss: Callable[..., Any] | None
    pace: Pace
    failed: Callable[[Exception], None]
    """Told of an error in a hook."""
    broken: Callable[[], None]
    """Called when it is certain that the training has become NaN."""
    told: bool = False
    """A callback of a framework says where batches begin, and updates where there is no optimizer
    of torch."""
    record: Record = field(default_factory=Record)
    origin: Origin | None = None
    """Of the first loss that was not finite."""
    wild_at: int = 0
    """Its iteration."""
    look: bool = False
    """Whether this iteration is looked at."""

    def __post_init__(self) -> None:
        self.model = hooks.unwrapped(self.given)
        self.looker, self.kept = Looker(self.model), Kept(self.model, self.loss)
        self.compiled = hooks.is_compiled(self.given) or hooks.is_compiled(self.model)
        self._handles: list[Any] = []
        self._leaving: Any = None
        self._pending: list[Tensor] = []
        self._wild = 0
        self._between = False
        """Weights are kept from before an update."""
        self._computed = True
        self._quiet_until = 0
        """The iteration before which losses alone are taken."""
        self._keeps = self.kept.can_keep
        self._sharded = hooks.is_sharded(self.model)

    def listen(self) -> None:
        """Add the hooks, and keep the weights with which training begins."""
        if self._keeps and not self.kept.weights:
            self.kept.keep_weights()
        root = self.given if self.compiled else self.model
        if not self.told:
            self._add(root.register_forward_pre_hook, self._called, with_kwargs=True)
        if isinstance(self.loss, nn.Module):
            self._add(self.loss.register_forward_pre_hook, self._compared, with_kwargs=True)
        if self.optimizer is not None:
            if not self.told:
                self._add(self.optimizer.register_step_pre_hook, self._before_update)
            self._add(self.optimizer.register_step_post_hook, self._after_update)

    def _add(self, register: Any, function: Callable[..., None], **how: Any) -> None:
        self._handles.append(register(hooks.Hook(function, self.failed), **how))

    def release(self) -> None:
        """Take them away."""
        self.close_activations()
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    # Forward

    def _called(self, module: nn.Module, args: Any, kwargs: Mapping[str, Any]) -> None:
        if module.training and torch.is_grad_enabled():
            self.kept.called(args, kwargs)
            if self.look:
                self.open_activations(module)

    def begin(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """A batch begins, as a framework says."""
        if args or kwargs:
            self.kept.called(args, kwargs)
        self.open_activations()

    def _compared(self, _loss: nn.Module, args: Any, kwargs: Mapping[str, Any]) -> None:
        if torch.is_grad_enabled():
            self.kept.compared((*args[1:], *kwargs.values()))

    def open_activations(self, module: nn.Module | None = None) -> None:
        """Where this iteration is looked at, look at its activations, to the end of the call of a
        module or to `close_activations`.
        """
        if not self.look or self.compiled or self.looker.watches_activations:
            return
        began = self.pace.clock()
        if module is not None:
            leave = hooks.Hook(lambda *_: self.close_activations(), self.failed)
            self._leaving = module.register_forward_hook(leave, always_call=True)
        call = self.kept.now
        items = (call.items if call else None) or 1
        self.looker.open_activations(items, self.pace.clock)
        self.pace.book(self.pace.clock() - began)

    def close_activations(self) -> None:
        """The end of that."""
        if not self.looker.watches_activations:
            return
        began = self.pace.clock()
        inside = self.looker.close_activations()
        if self._leaving is not None:
            self._leaving.remove()
            self._leaving = None
        self.pace.book(inside + self.pace.clock() - began)

    # Updates

    def _before_update(self, optimizer: Any, args: Any, kwargs: Mapping[str, Any]) -> None:
        if self.look and not self._between:
            scale = getattr(optimizer, "grad_scale", None)
            closure = bool(args) or kwargs.get("closure") is not None
            self.before_update(1.0 if scale is None else float(scale), computed=not closure)

    def _after_update(self, optimizer: Any, *_: Any) -> None:
        self.record.counted[1] += 1
        self.after_update(optimizer.param_groups[0].get("lr"))

    def before_update(self, scale: float = 1.0, *, computed: bool = True) -> None:
        """Where this iteration is looked at, between the backward pass and the update: read
        gradients, which are `scale` times too large, and keep weights. With `computed` false the
        update itself computes them: they are read behind it.
        """
        if self._sharded or not self.look or self._between:
            return
        began = self.pace.clock()
        if computed:
            self.looker.read_gradients(scale)
        self._computed = computed
        self.looker.keep_weights()
        self._between = True
        self.pace.book(self.pace.clock() - began)

    def after_update(self, lr: Any = None) -> None:
        """Behind the update: see how far they moved. That ends the look."""
        if not self._between:
            return
        began = self.pace.clock()
        self._between = self.look = False
        if not self._computed:
            self.looker.read_gradients()
        self.looker.after_update()
        look, record = self.looker.end(), self.record
        if lr is not None:
            record.rate(float(lr))
        steady = record.lr is None or record.lr >= STEADY * record.highest_lr
        if steady and look.update_ratio is not None and math.isfinite(look.update_ratio):
            record.steady.append(look.update_ratio)
        if not look.broken:
            record.looks.seen.append(look)
            sound = look.update_ratio is None or math.isfinite(look.update_ratio)
            if self._keeps and not self._wild and sound:
                self.kept.keep_weights()
        self.pace.book(self.pace.clock() - began)
        self.pace.looked()

    # Losses

    def quick(self, loss: Any) -> bool:
        """Take the loss of an iteration in which nothing else is to be done, where that is so: most
        of those of a fast loop, in which a microsecond counts.
        """
        pace = self.pace
        if pace.iterations + 1 >= self._quiet_until or not isinstance(loss, Tensor):
            return False
        if not loss.is_cpu or loss.numel() != 1:
            return False
        number = loss.item()
        if not -math.inf < number < math.inf:
            return False
        self._wild = 0
        pace.iterations += 1
        self.record.iterations += 1
        self.record.losses.append(number)
        return True

    def stepped(self, loss: Any, number: float | None, batch: Any = None) -> None:
        """An iteration has this loss; its number, or None where reading it would wait."""
        record = self.record
        record.iterations += 1
        if self._handles:
            record.counted[0] += 1
        if batch is not None:
            self.kept.told(batch, called=self.told or bool(self._handles))
        if number is not None:
            self._take(number, loss)
        else:
            self._pending.append(loss.detach())
            if len(self._pending) >= FLUSH:
                self.flush(loss)
        if not self.look:
            self.look = self.pace.due()
            if self.look and not self._handles:
                self.listen()
            elif self._handles and not self.look and not self.told and self.pace.too_dense:
                self.pace.dense = False
                self.release()  # here and not in a hook: somebody goes through them then
            listens = self.look or self._handles or self._pending or record.diverged
            self._quiet_until = 0 if listens else self.pace.next
        elif self.optimizer is None and not self.told:
            if self._between:
                self.after_update()
            else:
                self.before_update()

    def flush(self, loss: Any = None) -> None:
        """Read the losses that wait on an accelerator."""
        pending, self._pending = self._pending, []
        if pending:
            for value in torch.stack([p.float().reshape(()) for p in pending]).tolist():
                self._take(value, loss)

    def _take(self, value: float, loss: Any) -> None:
        record = self.record
        if math.isfinite(value):
            if not record.diverged:
                self._wild = 0
                record.losses.append(value)
            return
        self._wild += 1
        unseen = not self.pace.dense and self._wild == 1
        """The batch was not kept: the next one is, and says more."""
        self._quiet_until = 0
        if self.origin is None or (self._wild == 2 and self.origin.phase == "growth"):
            self.wild_at = self.wild_at or record.iterations
            self.origin = self.kept.origin(loss, _course(record.losses))
        if unseen and not self._handles:
            self.listen()
        if unseen:
            return
        if not record.diverged and (self._wild > 1 or not self.kept.weights_are_finite()):
            record.diverged = True
            self.broken()

    def end(self) -> None:
        """The training is over: a loss that was not finite in its last iteration counts."""
        self.flush()
        self.record.diverged = self.record.diverged or self._wild > 0

    def rate(self) -> None:
        """Read the rate of the optimizer."""
        if self.optimizer is not None:
            self.record.rate(float(self.optimizer.param_groups[0].get("lr", 0.0)))


def _course(losses: list[float]) -> str:
    """How the losses went before, in words."""
    if len(losses) < 2:
        return ""
    last = ", ".join(f"{value:.4g}" for value in losses[-5:])
    return f"the loss began at {losses[0]:.4g} and was {last} in the end"
