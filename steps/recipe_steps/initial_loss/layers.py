"""Layer by layer in a fresh model: size of weights, spread of activations, size of gradients."""

import math
from collections.abc import Iterable
from statistics import geometric_mean
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from recipe.plugin import (
    UNUSABLE,
    Context,
    Curve,
    Scalar,
    TensorData,
    Values,
    activation_shares,
    build_model,
    no_dropout,
    seeded,
)
from recipe_steps.rows import main_part

ITEMS = 256
STEPS = 5
"""Updates after which a suspicion is looked at again: a head that starts at zero lets no gradient
through at first, and equal weights may part."""
RATE = 0.1
SUSPICIOUS = 1e-2
"""Ratio of gradients (or its inverse) that is looked at again."""
EQUAL, NEARLY_EQUAL = 1e-6, 0.1
"""Deviation between a layer's units relative to its weights: at the start, and after the steps."""

Marks = tuple[dict[str, Scalar], dict[str, Curve]]


def layer_marks(ctx: Context, sample: TensorData) -> Marks:
    """Scalars and curves over the linear and convolutional layers in the order of their calls.

    `weight_scale` is the deviation of the weights over that of He's initialisation, `signal` the
    deviation between items of each layer's input, relative to that of the model's input,
    `gradient` the root mean square of each weight's gradient. Without dropout, with batch
    statistics, before any training.
    """
    model = build_model(ctx.experiment, ctx.seed_for("model", 0), ctx.device).train()
    x, y = sample.copied(0, ITEMS)
    if ctx.experiment.update is not None or len(x) < 2:
        return {}, {}
    try:
        with no_dropout(model), seeded(ctx.seed_for("layers"), ctx.device):
            return _Look(ctx, model, x, y).marks()
    except UNUSABLE:
        return {}, {}  # a loss without gradient: other rules say so


class _Look:
    def __init__(self, ctx: Context, model: nn.Module, x: Values, y: Values) -> None:
        self.ctx, self.model, self.x, self.y = ctx, model, x, y
        self.layers: list[nn.Module] = []
        self.signal: list[float] = []
        self.input_size = _size(main_part(x))

    def marks(self) -> Marks:
        shares = activation_shares(self.model, self.x.clone())
        gradients = self._gradients(record=True)
        scalars: dict[str, Scalar] = {name: share.item() for name, share in shares.items()}
        scalars |= self._gradient_marks()
        if not self.layers:
            return scalars, {}
        scales = [_weight_scale(layer) for layer in self.layers]
        scalars |= {
            "layers": len(self.layers),
            "normalising_layers": sum(map(_normalises, self.model.modules())),
            "weight_scale": _mean_scale(scales[:-1] or scales),
            "largest_weight_scale": max(scales[:-1] or scales),
            "last_signal": self.signal[-1] / self.signal[0]
            if len(self.signal) > 1 and self.signal[0]
            else None,
            "input_size": self.input_size,
        }
        ratio, symmetric = _ratio(gradients), self._symmetric(EQUAL)
        if scalars["broken_gradients"]:
            ratio = None
        elif (any(symmetric) or _suspicious(ratio)) and self.ctx.late:
            ratio, symmetric = None, []  # nobody has the time to look again
        elif any(symmetric) or _suspicious(ratio):
            ratio = _milder(ratio, _ratio(self._after_steps()))
            if symmetric[:1] != [True]:  # the first layer is never meant to start so
                later = self._symmetric(NEARLY_EQUAL)
                symmetric = [a and b for a, b in zip(symmetric, later, strict=True)]
        curves: dict[str, Curve] = {
            "gradient": tuple(gradients),
            "signal": tuple(self.signal),
            "weight_scale": tuple(scales),
        }
        return scalars | {"gradient_ratio": ratio, "symmetric_layers": sum(symmetric)}, curves

    def _gradients(self, *, record: bool = False) -> list[float]:
        """Root mean square of the gradient of each layer's weight."""
        layers = [module for module in self.model.modules() if record and _is_layer(module)]
        hooks = [layer.register_forward_pre_hook(self._see) for layer in layers]
        self.model.zero_grad(set_to_none=True)
        with torch.enable_grad():
            outputs = self.model(self.x.clone())
            self.ctx.experiment.loss_function(outputs, self.y).backward()  # type: ignore[no-untyped-call]
        for hook in hooks:
            hook.remove()
        return [_size(_weight(layer).grad) for layer in self.layers]

    def _gradient_marks(self) -> dict[str, Scalar]:
        """Parameters whose gradient is not finite, of all that have one; and, where every gradient
        is zero, weights that start with all values equal.
        """
        found = [p.grad for p in self.model.parameters() if p.grad is not None]
        values = [grad.coalesce().values() if grad.is_sparse else grad for grad in found]
        broken = sum(not value.isfinite().all() for value in values)
        constant = sum(
            p.ndim > 1 and p.numel() > 1 and bool((p == p.flatten()[0]).all())
            for p in self.model.parameters() if p.requires_grad
        )  # fmt: skip
        silent = bool(values) and all(not value.any() for value in values)
        return {"broken_gradients": broken, "gradients": len(found),
                "silent_constants": constant if silent else 0}  # fmt: skip

    def _see(self, layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if layer in self.layers or not inputs or not isinstance(inputs[0], Tensor):
            return
        spread = _between_items(inputs[0].detach())
        self.layers.append(layer)
        self.signal.append(spread / self.input_size if self.input_size else 0.0)

    def _after_steps(self) -> list[float]:
        """The gradients after a few steps of gradient descent, each at most one unit long."""
        parameters = [p for p in self.model.parameters() if p.requires_grad]
        for _ in range(STEPS):
            self._gradients()
            nn.utils.clip_grad_norm_(parameters, 1.0)
            with torch.no_grad():  # by hand: torch's optimizers take seconds to import
                for parameter in parameters:
                    if parameter.grad is not None:
                        parameter.add_(parameter.grad, alpha=-RATE)
        return self._gradients()

    def _symmetric(self, tolerance: float) -> list[bool]:
        """Of each hidden layer, whether its units have all the same weights."""
        return [_unit_spread(_weight(layer)) <= tolerance for layer in self.layers[:-1]]


def _is_layer(module: nn.Module) -> bool:
    fits = isinstance(module, nn.Linear | _ConvNd) and not isinstance(module, _ConvTransposeNd)
    # A parametrised weight is computed anew in each pass and has no gradient of its own.
    return fits and isinstance(module.weight, nn.Parameter) and module.weight.requires_grad


def _normalises(module: nn.Module) -> bool:
    """Whether a layer brings what goes through it to one size, as the layer norms of transformers
    do; by its name, since every library has its own.
    """
    return not list(module.children()) and "norm" in type(module).__name__.lower()


def _weight(layer: nn.Module) -> Tensor:
    weight: Any = layer.weight
    return weight  # type: ignore[no-any-return]


def _unit_spread(weight: Tensor) -> float:
    """Deviation between units relative to the size of the weights; infinite for a single unit."""
    rows = weight.detach().flatten(1)
    if len(rows) < 2:
        return math.inf
    size = _size(rows)
    return _between_items(rows) / size if size else 0.0


def _weight_scale(layer: nn.Module) -> float:
    """Deviation of the weights over sqrt(2 / fan-in) (He et al. 2015); PyTorch's default: 0.41."""
    weight = _weight(layer).detach()
    return _size(weight) * math.sqrt(weight[0].numel() / 2)


def _mean_scale(scales: Iterable[float]) -> float | None:
    known = [scale for scale in scales if scale > 0]
    return geometric_mean(known) if known else None


def _size(values: Tensor | None) -> float:
    """Root mean square."""
    if values is None or not values.numel():
        return 0.0
    return float(values.detach().float().square().mean().sqrt())


def _between_items(values: Tensor) -> float:
    """Deviation of each value over the items, root mean square over the values."""
    return _size(values.float() - values.float().mean(0, keepdim=True))


def _ratio(gradients: list[float]) -> float | None:
    """First layer's gradient over the last one's.

    A gradient that is exactly zero has not vanished by depth: the layer's input is zero, or the
    path to it is cut. The first layer that has one counts, then.
    """
    reached = [gradient for gradient in gradients if gradient]
    if len(reached) < 2 or not gradients[-1]:
        return None
    return reached[0] / reached[-1]


def _suspicious(ratio: float | None) -> bool:
    return ratio is not None and not SUSPICIOUS < ratio < 1 / SUSPICIOUS


def _milder(before: float | None, after: float | None) -> float | None:
    """The one of two ratios that is closer to one."""
    if before is None or after is None:
        return after if before is None else before
    if not before or not after:
        return max(before, after)
    return min(before, after, key=lambda ratio: abs(math.log(ratio)))
