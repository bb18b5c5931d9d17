"""K sets of weights of one model, as one matrix."""

from collections.abc import Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from recipe.data.trees import Values
from recipe.speed.fusing import CannotFuse
from recipe.training.early_stopping import Snapshot
from recipe.training.fit import snapshot_of
from recipe.training.monitors import activation_shares


class FusedModel:
    """The same architecture with K sets of weights [K, P] and of buffers [K, ...]; rows leave when
    their trials end.
    """

    def __init__(self, model: nn.Module, count: int) -> None:
        """Give every trial a copy of the weights.

        Args:
            model: of our own; it lends its architecture.
            count: of trials.

        Raises:
            CannotFuse: this model has to be trained one by one.

        """
        self.model, self.began = model, count
        self.trials = list(range(count))
        """Which trial each row is of."""
        self._held: dict[str, Tensor] = {}
        """Of all trials at the start: the weights under "", and the buffers."""
        self._holding: set[int] = set()
        named = dict(model.named_parameters())
        trained = {name: p for name, p in named.items() if p.requires_grad}
        if not trained:
            raise CannotFuse("the model has no trainable parameters")
        if {p.dtype for p in trained.values()} != {torch.float32}:
            raise CannotFuse("its parameters are not all float32")
        self.shapes = {name: p.shape for name, p in trained.items()}
        self.sizes = [p.numel() for p in trained.values()]
        row = torch.cat([p.detach().reshape(-1) for p in trained.values()])
        self.weights = row.repeat(count, 1)
        every = dict(model.named_parameters(remove_duplicate=False))
        self.tied = len(every) > len(named)  # looking for ties costs more than a small layer
        self.fixed = {name: p.detach() for name, p in named.items() if name not in trained}
        self.buffers = {
            name: value.detach().unsqueeze(0).repeat(count, *[1] * value.ndim)
            for name, value in model.named_buffers()
        }

    def __len__(self) -> int:
        """Trials still in training."""
        return len(self.weights)

    def views(self, matrix: Tensor) -> dict[str, Tensor]:
        """A matrix [K, P] as one tensor [K, ...] per parameter."""
        parts = torch.split(matrix, self.sizes, 1)
        return {
            name: part.reshape(len(matrix), *shape)
            for (name, shape), part in zip(self.shapes.items(), parts, strict=True)
        }

    def keep(self, index: Tensor) -> None:
        """Go on with these rows only."""
        self.weights = self.weights[index].contiguous()
        self.buffers = {name: value[index] for name, value in self.buffers.items()}
        self.trials = [self.trials[row] for row in index.tolist()]

    def hold(self, rows: Sequence[int]) -> None:
        """Keep the present weights of these rows, in place of what was kept of them."""
        now = {"": self.weights, **self.buffers}
        if not self._held:
            self._held = {
                n: value.new_empty(self.began, *value.shape[1:]) for n, value in now.items()
            }
        trials = [self.trials[row] for row in rows]
        self._holding.update(trials)
        for name, value in now.items():
            self._held[name][trials] = value[list(rows)]

    @torch.no_grad()
    def held(self, trial: int) -> Snapshot:
        """What was kept of a trial, by the names of the model's own state.

        Args:
            trial: its row at the start.

        """
        if trial not in self._holding:
            return {}
        self.load(trial, self._held[""], self._held)
        return snapshot_of(self.model)

    @torch.no_grad()
    def load(self, row: int, weights: Tensor, buffers: Mapping[str, Tensor]) -> None:
        """Put one row of weights [K, P] and of buffers into the model."""
        parameters = self.views(weights)
        for name, p in self.model.named_parameters():
            if name in parameters:
                p.copy_(parameters[name][row])
        for name, buffer in self.model.named_buffers():
            buffer.copy_(buffers[name][row])

    def outputs(self, parameters: dict[str, Tensor], x: Values) -> Tensor:
        """Of every trial, [K, N, ...].

        Args:
            parameters: as `views` gives them.
            x: inputs [N, ...], the same for all.

        Raises:
            CannotFuse: the forward pass replaces a buffer.

        """

        def called(parameters: dict[str, Tensor], buffers: dict[str, Tensor]) -> Tensor:
            return self._call(parameters, buffers, x)

        outputs: Tensor = vmap(called, randomness="same")(parameters, self.buffers)
        return outputs

    def activation_shares(self, parameters: dict[str, Tensor], x: Values) -> dict[str, list[float]]:
        """Every trial's share of dead and of saturated units on inputs [N, ...]."""

        def shares(parameters: dict[str, Tensor], buffers: dict[str, Tensor]) -> dict[str, Tensor]:
            return activation_shares(partial(self._call, parameters, buffers), x)

        found = vmap(shares, randomness="same")(parameters, self.buffers)
        return {name: values.tolist() for name, values in found.items()}

    def _call(self, parameters: dict[str, Tensor], buffers: dict[str, Tensor], x: Values) -> Tensor:
        values = {**parameters, **buffers, **self.fixed}
        outputs: Tensor = functional_call(self.model, values, (x,), tie_weights=self.tied)
        if any(values[name] is not buffer for name, buffer in buffers.items()):
            raise CannotFuse("its forward pass replaces a buffer instead of changing it in place")
        return outputs
