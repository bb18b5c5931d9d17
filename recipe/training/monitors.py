"""What is watched while a model trains: gradients, updates and activations.

Gradients and updates are read at a few iterations of each epoch, activations once per epoch on
a fixed sample, so that watching costs little.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil
from statistics import fmean, median
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from recipe.training.ranks import whole_tensor

SATURATED_SIGMOID = 0.01
"""Distance from 0 or 1 at which a sigmoid unit counts as saturated: its slope is then < 1 %."""
SATURATED_TANH = 0.98
"""|tanh| above which the slope is < 4 % of its maximum."""

_RECTIFIERS: frozenset[Any] = frozenset(
    {F.relu, F.relu6, torch.relu, Tensor.relu, F.relu_, Tensor.relu_}
)
_SIGMOIDS: frozenset[Any] = frozenset({F.sigmoid, torch.sigmoid, Tensor.sigmoid})
_TANHS: frozenset[Any] = frozenset((F.tanh, torch.tanh, Tensor.tanh))
_WATCHED = _RECTIFIERS | _SIGMOIDS | _TANHS


class UpdateMonitor:
    """Gradient norm and ratio of update to weight norm, per layer.

    Call `before_step` between backward and step, `after_step` behind it. The ratio
    |new - old| / |old| is taken per weight tensor (CS231n, "ratio of weights:updates", about
    1e-3 is typical); biases and gains start near zero, where the ratio says nothing, so tensors
    with fewer than two dimensions are left out.
    """

    def __init__(self, model: nn.Module) -> None:
        """Watch the trainable weights of `model`."""
        self.params = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self.weights = {n: p for n, p in self.params.items() if p.ndim > 1} or self.params
        self.samples: list[_Sample] = []
        self._old: list[Tensor] = []
        self._sizes: list[Tensor] = []
        self._limit = 0.0

    def clips(self, size: Tensor, limit: float) -> None:
        """The gradient's norm of an iteration, about to be cut to `limit`."""
        self._sizes.append(whole_tensor(size))
        self._limit = limit

    @torch.no_grad()
    def before_step(self) -> None:
        """Read the gradients and keep the weights."""
        grads = {name: p.grad for name, p in self.params.items() if p.grad is not None}
        self.samples.append(_Sample(list(grads), _norms(list(grads.values()))))
        self._old = [p.clone() for p in self.weights.values()]

    @torch.no_grad()
    def after_step(self) -> None:
        """Read how far the weights moved."""
        if not self._old:
            return
        sample = self.samples[-1]
        sample.sizes = _norms(self._old)
        torch._foreach_sub_(self._old, list(self.weights.values()))
        sample.moves = _norms(self._old)
        self._old = []

    def flush(self) -> dict[str, float]:
        """The epoch's figures, and forget them.

        Returns:
            `grad_norm` (norm over all layers), `update_ratio` (median over layers), and
            `grad_norm/<layer>` and `update_ratio/<layer>`, each a mean over the epoch's samples;
            with clipping `clipped_share`, of all its iterations.

        """
        norms: dict[str, list[float]] = defaultdict(list)
        ratios: dict[str, list[float]] = defaultdict(list)
        for names, gradients, sizes, moves in self._numbers():
            for name, norm in zip(names, gradients, strict=True):
                norms[name].append(norm)
            for name, size, distance in zip(self.weights, sizes, moves, strict=False):
                if size > 0:
                    ratios[name].append(distance / size)
        figures = update_figures(norms, ratios)
        if self._sizes:
            over = torch.stack(self._sizes) > self._limit
            figures["clipped_share"] = over.float().mean().item()
            self._sizes.clear()
        return figures

    def _numbers(self) -> Iterator[tuple[list[str], list[float], list[float], list[float]]]:
        """The samples as numbers, read from the device in one go, and forget them."""
        samples, self.samples = self.samples, []
        tensors = [t for s in samples for t in (*s.gradients, *s.sizes, *s.moves)]
        numbers = iter(torch.stack(tensors).tolist() if tensors else [])
        for s in samples:
            gradients, sizes, moves = (
                list(islice(numbers, len(part))) for part in (s.gradients, s.sizes, s.moves)
            )
            yield s.names, gradients, sizes, moves


@dataclass
class _Sample:
    """Norms of one iteration, on the device still: waiting for a number costs more than it."""

    names: list[str]
    """Of the parameters that have a gradient."""
    gradients: Sequence[Tensor]
    sizes: Sequence[Tensor] = ()
    """Of the weights before the step."""
    moves: Sequence[Tensor] = ()


def _norms(tensors: list[Tensor]) -> Sequence[Tensor]:
    """Euclidean norms."""
    norms = torch._foreach_norm(tensors) if tensors else ()  # noqa: SLF001
    return [whole_tensor(norm) for norm in norms]


def update_figures(
    norms: Mapping[str, Sequence[float]], ratios: Mapping[str, Sequence[float]]
) -> dict[str, float]:
    """Samples per layer as the figures of an epoch; see `UpdateMonitor.flush`."""
    grads = {name: fmean(values) for name, values in norms.items() if values}
    moved = {name: fmean(values) for name, values in ratios.items() if values}
    figures = {f"grad_norm/{name}": value for name, value in grads.items()}
    figures |= {f"update_ratio/{name}": value for name, value in moved.items()}
    if grads:
        figures["grad_norm"] = sum(value**2 for value in grads.values()) ** 0.5
    if moved:
        figures["update_ratio"] = median(moved.values())
    return figures


class ActivationMonitor(TorchFunctionMode):
    """Share of dead rectifier units and of saturated sigmoid and tanh units, per layer.

    A unit is dead when it is zero on every item of the sample it is watched on; a channel of a
    convolution is one unit. A layer to which nothing but zeros comes, as behind a branch whose gain
    begins at zero, is none of dead units. Layers are seen by the function they call, so `F.relu`
    counts as much as `nn.ReLU`.
    """

    def __init__(self, items: int | None = None) -> None:
        """Watch every activation function called inside the `with` block.

        Args:
            items: so many of a batch, the first ones, are looked at, instead of all.

        """
        super().__init__()
        self.items = items
        self.share = 1.0
        self.largest = 0
        """Entries along the first axis that a rectifier had, at most: the items of the batch."""
        self.dead: list[Tensor] = []
        self.saturated: list[Tensor] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call the function and look at what it returned."""
        if func not in _WATCHED:
            return func(*args, **(kwargs or {}))
        # Asked before: the function may write into it.
        arrives = self.arrives(func, args[0] if args else (kwargs or {}).get("input"))
        result = func(*args, **(kwargs or {}))
        if result.numel():  # a detector may propose no box at all
            self.note(func, result, arrives)
        return result

    def arrives(self, func: Any, given: Any) -> Tensor | None:
        """Whether anything but zeros comes to a rectifier; None of other functions."""
        return given.any() if func in _RECTIFIERS and isinstance(given, Tensor) else None

    def note(self, func: Any, result: Tensor, arrives: Tensor | None) -> None:
        """Note the units of a result that are dead or saturated."""
        if func in _RECTIFIERS:
            self.largest = max(self.largest, len(result) if result.ndim else 1)
            share = _dead_share(self._part(result))
            self.dead.append(share if arrives is None else share * arrives)
        elif func in _SIGMOIDS:
            seen = self._part(result)
            ends = (seen < SATURATED_SIGMOID) | (seen > 1 - SATURATED_SIGMOID)
            self.saturated.append(ends.float().mean())
        elif func in _TANHS:
            self.saturated.append((self._part(result).abs() > SATURATED_TANH).float().mean())

    def batch(self, size: int) -> Self:
        """Look at a batch of so many items; before entering the block."""
        self.share = min(1.0, (self.items or size) / size)
        return self

    def _part(self, result: Tensor) -> Tensor:
        seen = result.detach()
        return seen if self.share >= 1 or not seen.ndim else seen[: ceil(self.share * len(seen))]

    def worst(self) -> dict[str, Tensor]:
        """Worst layer's `dead_units` and `saturated_units`; of each kind there is."""
        kinds = {"dead_units": self.dead, "saturated_units": self.saturated}
        return {name: torch.stack(shares).amax() for name, shares in kinds.items() if shares}


def _dead_share(result: Tensor) -> Tensor:
    """Share of units (axis 1) that are zero for every item, or of all activations of a vector."""
    if result.ndim < 2:
        return (result <= 0).float().mean()
    largest = result.amax([axis for axis in range(result.ndim) if axis != 1])
    return (largest <= 0).float().mean()


@torch.no_grad()
def activation_shares(model: Callable[[Any], Tensor], x: Any) -> dict[str, Tensor]:
    """Worst layer's share of dead and of saturated units on a batch; of each kind it has."""
    monitor = ActivationMonitor()
    with monitor:
        model(x)
    return monitor.worst()
