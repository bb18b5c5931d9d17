"""The named optimizers over many trials at once, each with its own rate, decay and momentum.

Weights of K trials stand as one matrix [K, P]; hyperparameters are columns [K, 1]. The updates
are those of torch.optim with the settings of `optimizers`, written out.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from recipe.experiment import Experiment
from recipe.training.optimizers import RMSPROP_ALPHA, beta2_of, epsilon_of, momentum_of


class FusedOptimizer(ABC):
    """Keeps its state as matrices [K, P] and loses rows when trials end."""

    def __init__(self, experiments: Sequence[Experiment], weights: Tensor) -> None:
        """State for the trials whose weights are the rows of `weights`."""
        self.decay = _column(weights, [e.weight_decay or 0.0 for e in experiments])
        self.momentum = _column(weights, [momentum_of(e) for e in experiments])
        self.beta2 = _number_or_column(weights, [beta2_of(e) for e in experiments])
        self.epsilon = _number_or_column(weights, [epsilon_of(e) for e in experiments])
        self.state = {name: torch.zeros_like(weights) for name in self.slots}
        self.steps = 0

    slots: tuple[str, ...] = ()

    def keep(self, rows: Tensor) -> None:
        """Go on with these rows only."""
        self.decay, self.momentum = self.decay[rows], self.momentum[rows]
        self.beta2, self.epsilon = _rows_of(self.beta2, rows), _rows_of(self.epsilon, rows)
        self.state = {name: value[rows] for name, value in self.state.items()}

    @torch.no_grad()
    def step(self, weights: Tensor, grad: Tensor, lr: Tensor) -> None:
        """Update `weights` [K, P] in place by the gradients [K, P] at the rates [K, 1]."""
        self.steps += 1
        self._step(weights, grad, lr)

    @abstractmethod
    def _step(self, weights: Tensor, grad: Tensor, lr: Tensor) -> None: ...


class _SGD(FusedOptimizer):
    """Nesterov momentum, the first buffer being the gradient itself."""

    slots = ("velocity",)

    def _step(self, weights: Tensor, grad: Tensor, lr: Tensor) -> None:
        grad = grad.addcmul(weights, self.decay)
        velocity = self.state["velocity"].mul_(self.momentum).add_(grad)
        weights.sub_(grad.addcmul_(velocity, self.momentum).mul_(lr))


class _Adam(FusedOptimizer):
    slots = ("mean", "square")
    decoupled = False

    def _step(self, weights: Tensor, grad: Tensor, lr: Tensor) -> None:
        if self.decoupled:
            weights.mul_(1 - lr * self.decay)
        else:
            grad = grad.addcmul(weights, self.decay)
        mean = self.state["mean"].lerp_(grad, (1 - self.momentum).expand_as(grad))
        square = self.state["square"].mul_(self.beta2)
        if isinstance(self.beta2, Tensor):
            square.addcmul_(grad, grad * (1 - self.beta2))
        else:
            square.addcmul_(grad, grad, value=1 - self.beta2)
        root = square.sqrt().div_((1 - self.beta2**self.steps) ** 0.5).add_(self.epsilon)
        weights.sub_((lr / (1 - self.momentum**self.steps)) * mean / root)


class _AdamW(_Adam):
    decoupled = True


class _RMSprop(FusedOptimizer):
    """torch.optim's: momentum only where one was asked for."""

    slots = ("square", "velocity")

    def _step(self, weights: Tensor, grad: Tensor, lr: Tensor) -> None:
        grad = grad.addcmul(weights, self.decay)
        square = self.state["square"].mul_(RMSPROP_ALPHA)
        square.addcmul_(grad, grad, value=1 - RMSPROP_ALPHA)
        scaled = grad.div_(square.sqrt().add_(self.epsilon))
        weights.sub_(self.state["velocity"].mul_(self.momentum).add_(scaled) * lr)


FUSED: dict[str, type[FusedOptimizer]] = {
    "sgd": _SGD,
    "adam": _Adam,
    "adamw": _AdamW,
    "rmsprop": _RMSprop,
}


def _number_or_column(like: Tensor, values: Sequence[float]) -> float | Tensor:
    """One number where all trials have the same, as nearly always."""
    return values[0] if len(set(values)) == 1 else _column(like, values)


def _rows_of(value: float | Tensor, rows: Tensor) -> float | Tensor:
    return value[rows] if isinstance(value, Tensor) else value


def _column(like: Tensor, values: Sequence[float]) -> Tensor:
    return torch.tensor(values, dtype=like.dtype, device=like.device).reshape(-1, 1)
