"""Models around the user's model: other inputs, other outputs, one activation left out."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.conv import _ConvNd
from torch.overrides import TorchFunctionMode

from recipe.models.dropout import no_dropout
from recipe.models.own_matrices import shrink_own_matrices

ACTIVATIONS: frozenset[Any] = frozenset({
    F.softmax, torch.softmax, Tensor.softmax, F.log_softmax, torch.log_softmax, Tensor.log_softmax,
    F.sigmoid, torch.sigmoid, Tensor.sigmoid, F.tanh, torch.tanh, Tensor.tanh,
    F.relu, torch.relu, Tensor.relu, F.relu6, F.hardtanh, F.softplus, F.logsigmoid,
    torch.clamp, Tensor.clamp, torch.exp, Tensor.exp,
})  # fmt: skip
"""Functions that bound their outputs; modules call them too."""

Factory = Callable[..., nn.Module]


class Standardised(nn.Module):
    """The model on (x - mean) / deviation."""

    def __init__(self, model: nn.Module, mean: Tensor, deviation: Tensor) -> None:
        """`mean` and `deviation` have to broadcast against one item."""
        super().__init__()
        self.model = model
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", deviation)

    def forward(self, x: Any) -> Tensor:
        """The outputs of the model."""
        values = x if x.dtype == torch.float64 else x.float()
        outputs: Tensor = self.model((values - self.mean) / self.deviation)
        return outputs


class StandardisedParts(nn.Module):
    """The model on inputs of several parts, of which some are brought to zero mean and deviation 1
    by features.
    """

    def __init__(self, model: nn.Module, figures: Mapping[str, tuple[Tensor, Tensor]]) -> None:
        """`figures`: mean and deviation by where a part stands, see `Tree.tensors`."""
        super().__init__()
        self.model, self.names = model, list(figures)
        for number, (mean, deviation) in enumerate(figures.values()):
            self.register_buffer(f"mean{number}", mean)
            self.register_buffer(f"deviation{number}", deviation)

    def forward(self, x: Any) -> Any:
        """The outputs of the model."""

        def changed(name: str, values: Tensor) -> Tensor:
            if name not in self.names:
                return values
            number = self.names.index(name)
            mean, deviation = getattr(self, f"mean{number}"), getattr(self, f"deviation{number}")
            standard: Tensor = (values - mean) / deviation
            return standard

        return self.model(x.named(changed))


class Masked(nn.Module):
    """The model on rows [n, d] of which some columns hold one value for all."""

    def __init__(self, model: nn.Module, kept: Tensor, value: Tensor) -> None:
        """`kept` [d] says which columns are left as they are; the others become `value` [d]."""
        super().__init__()
        self.model = model
        self.kept: Tensor
        self.value: Tensor
        self.register_buffer("kept", kept)
        self.register_buffer("value", value)

    def forward(self, x: Any) -> Tensor:
        """The outputs of the model."""
        outputs: Tensor = self.model(torch.where(self.kept, x, self.value.to(x.dtype)))
        return outputs


class Mapped(nn.Module):
    """The model with a function of its outputs behind it."""

    def __init__(self, model: nn.Module, function: Callable[[Tensor], Tensor]) -> None:
        """`function` takes and returns outputs."""
        super().__init__()
        self.model, self.function = model, function

    def forward(self, x: Any) -> Tensor:
        """The changed outputs."""
        return self.function(self.model(x))


class WithoutLastActivation(nn.Module):
    """The model without the activation that it ends in, be it a module or a function call.

    Calls are counted in one forward pass; the last one then hands its input through.
    """

    def __init__(self, model: nn.Module, behind: int = 0) -> None:
        """Wrap a fresh model; nothing is changed in it.

        Args:
            model: fresh.
            behind: activations that come after the one that is left out, such as a softmax.

        """
        super().__init__()
        self.model, self.behind = model, behind
        self.calls: int | None = None

    def forward(self, x: Any) -> Tensor:
        """The outputs before the last activation."""
        if self.calls is None:
            counter = _Calls(None)
            with torch.no_grad(), torch.random.fork_rng(devices=[]), counter:
                self.model(x.clone())
            self.calls = counter.seen - self.behind
        with _Calls(self.calls):
            outputs: Tensor = self.model(x)
        return outputs


class _Calls(TorchFunctionMode):
    """Counts activations, and leaves out the one of number `skipped`, counted from 1."""

    def __init__(self, skipped: int | None) -> None:
        super().__init__()
        self.skipped, self.seen = skipped, 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in ACTIVATIONS:
            self.seen += 1
            if self.seen == self.skipped:
                return args[0]
        return func(*args, **(kwargs or {}))


def reinitialised(model: nn.Module, gain: float) -> nn.Module:
    """The model with weights drawn anew, deviation gain / sqrt(fan-in), and biases of zero.

    `gain` is sqrt(2) for ReLU (He et al. 2015) and 1 for tanh and sigmoid. Embeddings are drawn
    with deviation 1 as PyTorch does; normalisation layers go back to their own start. Matrices that
    the model holds itself are brought to He's size where they are larger by far.
    """
    shrink_own_matrices(model)
    for module in model.modules():
        weight = getattr(module, "weight", None)
        if isinstance(module, nn.Embedding):
            module.reset_parameters()
        elif isinstance(weight, Tensor) and weight.ndim > 1:
            with torch.no_grad():
                weight.normal_(std=gain / weight[0].numel() ** 0.5)
                if isinstance(bias := getattr(module, "bias", None), Tensor):
                    bias.zero_()
        elif callable(reset := getattr(module, "reset_parameters", None)):
            reset()
    return model


class WithoutDropout(nn.Module):
    """The model with dropout off, in modules and in function calls."""

    def __init__(self, model: nn.Module) -> None:
        """Wrap a fresh model of our own."""
        super().__init__()
        self.model = model

    def forward(self, x: Any) -> Tensor:
        """The outputs without dropout."""
        with no_dropout(self.model):
            outputs: Tensor = self.model(x)
        return outputs


def with_dropout(model: nn.Module, rate: float) -> nn.Module:
    """The model with dropout in front of its last linear layer; where it has none, as it is.

    Args:
        model: a fresh one of our own.
        rate: share of that layer's inputs that is dropped in training.

    """
    linear = [module for module in model.modules() if isinstance(module, nn.Linear)]

    def dropped(module: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
        first, *rest = given
        return F.dropout(first, rate, training=module.training), *rest

    if linear:
        linear[-1].register_forward_pre_hook(dropped)
    return model


def with_relu_between_layers(model: nn.Module) -> nn.Module:
    """The model with a ReLU behind each linear or convolutional layer but the last one called.

    The last one is the last one registered, as in every model whose layers stand in the order in
    which they are called.
    """
    layers = [m for m in model.modules() if isinstance(m, nn.Linear | _ConvNd)]
    for layer in layers[:-1]:
        layer.register_forward_hook(_bend)
    return model


class Rectified(nn.Module):
    """The model with ReLU in place of every sigmoid and tanh before its end."""

    def __init__(self, model: nn.Module, *, last: bool) -> None:
        """Wrap a fresh model; `last` says that it ends in a sigmoid or tanh, which stays."""
        super().__init__()
        self.model, self.last = model, last
        self.calls: int | None = None

    def forward(self, x: Any) -> Tensor:
        """The outputs with rectified hidden layers."""
        if self.calls is None:
            counter = _Rectifying(0)
            with torch.no_grad(), torch.random.fork_rng(devices=[]), counter:
                self.model(x.clone())
            self.calls = counter.seen - self.last
        with _Rectifying(self.calls):
            outputs: Tensor = self.model(x)
        return outputs


_SQUASHING: frozenset[Any] = frozenset(
    {F.sigmoid, torch.sigmoid, Tensor.sigmoid, F.tanh, torch.tanh, Tensor.tanh}
)


class _Rectifying(TorchFunctionMode):
    """Counts sigmoids and tanhs, and makes the first `count` of them ReLUs."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count, self.seen = count, 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in _SQUASHING:
            self.seen += 1
            if self.seen <= self.count:
                return F.relu(args[0])
        return func(*args, **(kwargs or {}))


def with_outputs(model: nn.Module, old: int, new: int) -> nn.Module:
    """The model with `new` outputs in place of `old`: its last linear layer of that width is
    drawn anew. Unchanged where it has none.
    """
    places = [
        (parent, name)
        for parent in model.modules()
        for name, child in parent.named_children()
        if isinstance(child, nn.Linear) and child.out_features == old
    ]
    if places:
        parent, name = places[-1]
        layer: Any = getattr(parent, name)
        setattr(parent, name, nn.Linear(layer.in_features, new, bias=layer.bias is not None))
    return model


def _bend(_: nn.Module, __: Any, outputs: Tensor) -> Tensor:
    return F.relu(outputs)
