"""What a user's own update step does with a batch, as hooks see it: which items it passes through
the model, what gradient each output gets, and what becomes of gradients until the optimizer steps.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils._python_dispatch import TorchDispatchMode

_NORMS = ("_foreach_norm", "linalg_vector_norm", "norm", "linalg_norm")
_SCALES = ("mul_", "div_", "_foreach_mul_", "_foreach_div_", "mul", "div")


@dataclass
class Forward:
    """A pass of some items through the model, with gradient."""

    call: int
    x: Tensor
    outputs: Tensor
    grad: Tensor | None = None
    """Of what was passed backward, with respect to the outputs."""
    backward: int = -1
    """Which backward pass that was."""


@dataclass
class Window:
    """From one step of the optimizer to the next."""

    forwards: list[Forward] = field(default_factory=list)
    fresh: list[dict[str, Tensor]] = field(default_factory=list)
    """Gradients that each backward pass gave."""
    stepped: dict[str, Tensor] = field(default_factory=dict)
    """Gradients with which the optimizer steps."""
    clipped: list[int] = field(default_factory=list)
    """Backward passes that were done whenever a norm of gradients was taken."""
    scaled_after: int = 0
    """Times that gradients were multiplied after the last norm of them."""
    call: int = 0
    rates: int = 0
    """Changes of the learning rate."""


class Watch(TorchDispatchMode):
    """Follows calls of an update step."""

    def __init__(self, model: nn.Module, optimizer: Optimizer) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.model, self.optimizer = model, optimizer
        self.windows: list[Window] = []
        self.now = Window()
        self.call = 0
        self.quiet = False
        self.rate = self._rate()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if not self.quiet:
            name = func.__name__.split(".")[0]
            if name in _NORMS and self._of_gradients(args):
                done = len(self.now.fresh)
                if not self.now.clipped or self.now.clipped[-1] != done:
                    self.now.clipped.append(done)
                self.now.scaled_after = 0
            elif name in _SCALES and self._of_gradients(args):
                self.now.scaled_after += 1
        return result

    def _of_gradients(self, args: Any) -> bool:
        """Whether an operation takes the gradient of the first parameter that has one."""
        first = next((p.grad for p in self.model.parameters() if p.grad is not None), None)
        given = args[0] if args else None
        tensors = given if isinstance(given, list | tuple) else [given]
        return first is not None and any(
            isinstance(t, Tensor) and t.data_ptr() == first.data_ptr() for t in tensors
        )

    def _rate(self) -> list[float]:
        return [float(group["lr"]) for group in self.optimizer.param_groups]

    def _sees_rate(self) -> None:
        if (rate := self._rate()) != self.rate:
            self.rate = rate
            self.now.rates += 1

    @contextmanager
    def following(self) -> Iterator[None]:
        """Watch what is done within."""
        handles: list[Any] = [
            self.model.register_forward_hook(self._passed),
            self.optimizer.register_step_pre_hook(self._steps),
            self.optimizer.register_step_post_hook(self._stepped),
        ]
        handles += [
            p.register_hook(self._taker(name))  # type: ignore[no-untyped-call]
            for name, p in self.model.named_parameters()
            if p.requires_grad
        ]
        own = torch.autograd.backward

        def backward(*args: Any, **kwargs: Any) -> None:
            self._sees_rate()
            self.now.fresh.append({})
            self.quiet = True
            try:
                own(*args, **kwargs)
            finally:
                self.quiet = False

        torch.autograd.backward = backward
        try:
            with self:
                yield
        finally:
            torch.autograd.backward = own
            for handle in handles:
                handle.remove()
        self._sees_rate()
        self.call += 1

    def _taker(self, name: str) -> Callable[[Tensor], None]:
        def take(grad: Tensor) -> None:
            if self.now.fresh:
                fresh = self.now.fresh[-1]
                fresh[name] = fresh[name] + grad if name in fresh else grad.detach().clone()

        return take

    def _passed(self, _: nn.Module, given: Any, outputs: Any) -> None:
        if not (torch.is_grad_enabled() and isinstance(outputs, Tensor) and outputs.requires_grad):
            return
        if not given or not isinstance(given[0], Tensor):
            return
        seen = Forward(self.call, given[0].detach().clone(), outputs.detach().clone())
        self.now.forwards.append(seen)

        def take(grad: Tensor) -> None:
            seen.grad = grad.detach().clone() if seen.grad is None else seen.grad + grad
            seen.backward = len(self.now.fresh) - 1

        outputs.register_hook(take)  # type: ignore[no-untyped-call]

    def _steps(self, *_: Any) -> None:
        self.quiet = True
        self.now.stepped = {
            name: p.grad.detach().clone()
            for name, p in self.model.named_parameters()
            if p.grad is not None
        }

    def _stepped(self, *_: Any) -> None:
        self.quiet = False
        self._sees_rate()
        self.now.call = self.call
        self.windows.append(self.now)
        self.now = Window()
