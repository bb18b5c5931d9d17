"""The last operation of a model that changes values, read off the graph of its outputs."""

import re
from typing import Any

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


def last_operation(outputs: Tensor) -> str | None:
    """An activation function by its name in torch.nn.functional; None for anything else."""
    node: Any = outputs.grad_fn
    while node is not None:
        name = re.sub(r"Backward\d*$", "", type(node).__name__).lstrip("_")
        if name not in SHAPES:
            return ACTIVATIONS.get(name)
        node = node.next_functions[0][0] if node.next_functions else None
    return None
