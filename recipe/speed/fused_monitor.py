"""Gradient norms and update ratios of many trials in lock step."""

from collections import defaultdict
from typing import Any

import torch
from torch import Tensor

from recipe.speed.fused_model import FusedModel
from recipe.training.monitors import update_figures


class FusedMonitor:
    """Gradient norms and update ratios of every trial at the watched iterations of an epoch."""

    def __init__(self, trials: FusedModel) -> None:
        self.trials = trials
        self.iterations: list[int] = []
        self.norms: list[Tensor] = []
        self.moves: list[Tensor] = []
        names = [name for name, shape in trials.shapes.items() if len(shape) > 1]
        self.weighted = names or list(trials.shapes)
        self.clipped: dict[int, Tensor] = {}
        self._old: Tensor | None = None
        self._read: tuple[Any, Any, Any] | None = None

    def clips(self, iteration: int, over: Tensor) -> None:
        """Which trials' gradients [K] are about to be cut."""
        self._read = None
        self.clipped[iteration] = over

    def before(self, iteration: int, grad: Tensor) -> None:
        """Read the gradients [K, P] and keep the weights."""
        self._read = None
        self.iterations.append(iteration)
        self.norms.append(self._sizes(grad, list(self.trials.shapes)))
        self._old = self.trials.weights.clone()

    def after(self) -> None:
        """Read how far the weights moved."""
        if self._old is not None:
            moved = self._sizes(self.trials.weights - self._old, self.weighted)
            self.moves.append(torch.stack([moved, self._sizes(self._old, self.weighted)]))
        self._old = None

    def keep(self, index: Tensor) -> None:
        """Go on with these rows only."""
        self._read = None
        self.norms = [norms[index] for norms in self.norms]
        self.moves = [moves[:, index] for moves in self.moves]
        self.clipped = {iteration: over[index] for iteration, over in self.clipped.items()}

    def _sizes(self, matrix: Tensor, names: list[str]) -> Tensor:
        """Norms [K, layers] of the named parts of a matrix [K, P]."""
        views = self.trials.views(matrix)
        return torch.stack([views[name].reshape(len(matrix), -1).norm(dim=1) for name in names], 1)

    def figures(self, row: int, finite: int) -> dict[str, float]:
        """The figures of one trial, from the iterations up to the first non-finite loss."""
        if self._read is None:
            self._read = (
                torch.stack(self.norms).tolist() if self.norms else [],
                torch.stack(self.moves).tolist() if self.moves else [],
                torch.stack([*self.clipped.values()]).tolist() if self.clipped else [],
            )
        norms, moves, clipped = self._read
        seen = [k for k, iteration in enumerate(self.iterations) if iteration <= finite]
        sampled: dict[str, list[float]] = defaultdict(list)
        moved: dict[str, list[float]] = defaultdict(list)
        for k in seen:
            for name, value in zip(self.trials.shapes, norms[k][row], strict=True):
                sampled[name].append(value)
            distances, sizes = moves[k][0][row], moves[k][1][row]
            for name, distance, size in zip(self.weighted, distances, sizes, strict=True):
                if size > 0:
                    moved[name].append(distance / size)
        figures = update_figures(sampled, moved)
        cut = [over[row] for i, over in zip(self.clipped, clipped, strict=True) if i <= finite]
        if cut:
            figures["clipped_share"] = sum(cut) / len(cut)
        return figures
