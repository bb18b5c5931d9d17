"""Models around the user's model: other inputs, other outputs, one activation left out."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

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

    def forward(self, x: Tensor) -> Tensor:
        """The outputs of the model."""
        outputs: Tensor = self.model((x.float() - self.mean) / self.deviation)
        return outputs


class Mapped(nn.Module):
    """The model with a function of its outputs behind it."""

    def __init__(self, model: nn.Module, function: Callable[[Tensor], Tensor]) -> None:
        """`function` takes and returns outputs."""
        super().__init__()
        self.model, self.function = model, function

    def forward(self, x: Tensor) -> Tensor:
        """The changed outputs."""
        return self.function(self.model(x))


class WithoutLastActivation(nn.Module):
    """The model without the activation that it ends in, be it a module or a function call.

    Calls are counted in one forward pass; the last one then hands its input through.
    """

    def __init__(self, model: nn.Module) -> None:
        """Wrap a fresh model; nothing is changed in it."""
        super().__init__()
        self.model = model
        self.calls: int | None = None

    def forward(self, x: Tensor) -> Tensor:
        """The outputs before the last activation."""
        if self.calls is None:
            counter = _Calls(None)
            with torch.no_grad(), torch.random.fork_rng(devices=[]), counter:
                self.model(x.clone())
            self.calls = counter.seen
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
    with deviation 1 as PyTorch does; normalisation layers go back to their own start.
    """
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
