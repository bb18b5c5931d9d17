"""The last operations of a model that change values, read off the graph of its outputs."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

SHAPES = ("View", "Reshape", "Squeeze", "Unsqueeze", "Select", "Slice", "T", "Transpose",
          "Permute", "Clone", "ToCopy", "Expand", "Alias", "UnsafeView", "Flatten")  # fmt: skip
"""Operations that move values without changing them."""
ACTIVATIONS = {
    "LogSoftmax": "log_softmax", "Softmax": "softmax", "LogSigmoid": "log_sigmoid",
    "Sigmoid": "sigmoid", "Tanh": "tanh", "Relu": "relu", "Hardtanh": "hardtanh",
    "Clamp": "clamp", "Softplus": "softplus", "Elu": "elu", "LeakyRelu": "leaky_relu",
    "Gelu": "gelu", "Silu": "silu", "Exp": "exp",
}  # fmt: skip


BOUNDED = {
    "sigmoid": "0 to 1", "softmax": "0 to 1", "tanh": "-1 to 1", "relu": "0 and above",
    "softplus": "0 and above", "exp": "0 and above", "hardtanh": "a fixed range",
    "clamp": "a fixed range", "log_sigmoid": "0 and below", "log_softmax": "0 and below",
}  # fmt: skip
"""Activations that bound what they give."""
NORMALISING = ("softmax", "log_softmax")
WEIGHTED = ("Addmm", "Mm", "Linear", "Convolution")
"""Operations with a weight; a product of two activations is batched."""


def last_operation(outputs: "Tensor") -> str | None:
    """An activation function by its name in torch.nn.functional; None for anything else."""
    return ACTIVATIONS.get(next(_operations(outputs.grad_fn), ""))


def operation_below_softmax(outputs: "Tensor") -> str | None:
    """The activation whose values a last softmax, or its logarithm, takes for logits."""
    last = [
        ACTIVATIONS.get(name)
        for name, _ in zip(_operations(outputs.grad_fn), range(2), strict=False)
    ]
    for upper, lower in pairwise(last):
        if upper in NORMALISING:
            return lower
    return None


def depth(outputs: "Tensor") -> int:
    """Layers with a weight on the longest way from the inputs to the outputs: heads side by side
    are one.
    """
    below: dict[Any, int] = {}
    waiting = [outputs.grad_fn] if outputs.grad_fn is not None else []
    while waiting:
        node = waiting[-1]
        following = [after for after, _ in node.next_functions if after is not None]
        unknown = [after for after in following if after not in below]
        if unknown:
            waiting += unknown
            continue
        waiting.pop()
        weighted = _name(node) in WEIGHTED
        below[node] = max((below[after] for after in following), default=0) + weighted
    return below.get(outputs.grad_fn, 0)


def _operations(node: Any) -> Iterator[str]:
    """From the outputs back along the first input of each."""
    while node is not None:
        name = _name(node)
        if name not in SHAPES:
            yield name
        node = node.next_functions[0][0] if node.next_functions else None


def _name(node: Any) -> str:
    return re.sub(r"Backward\d*$", "", type(node).__name__).lstrip("_")
