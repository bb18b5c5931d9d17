"""Dropout switched off, in modules and in functional calls."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

_DROPOUTS = frozenset(
    {F.dropout, F.dropout1d, F.dropout2d, F.dropout3d, F.alpha_dropout,
     F.feature_alpha_dropout, torch.dropout}
)  # fmt: skip


class NoDropout(TorchFunctionMode):
    """Dropout returns its input, also where it is called as a function."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in _DROPOUTS:
            given: Tensor = args[0] if args else kwargs["input"]
            return given
        if func is F.scaled_dot_product_attention:
            if len(args) > 4:  # query, key, value, mask, dropout_p
                args = (*args[:4], 0.0, *args[5:])
            elif "dropout_p" in kwargs:
                kwargs = {**kwargs, "dropout_p": 0.0}
        return func(*args, **kwargs)


@contextmanager
def no_dropout(model: nn.Module) -> Iterator[None]:
    """Switch dropout off in a model of our own, in modules and in functional calls."""
    for module in model.modules():
        if hasattr(module, "p") and "Dropout" in type(module).__name__:
            setattr(module, "p", 0.0)  # noqa: B010 - a plain number, not a parameter
        if isinstance(getattr(module, "dropout", None), float):
            setattr(module, "dropout", 0.0)  # noqa: B010 - attention and recurrent layers keep a number
    with NoDropout():
        yield
