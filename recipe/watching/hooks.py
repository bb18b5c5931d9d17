"""Where a watch listens: hooks on model and optimizer that change nothing and leave no trace."""

from collections.abc import Callable
from typing import Any, Self

import torch
from torch import nn
from torch.optim import Optimizer


class Hook:
    """Calls a function of the watch. A copy or a pickle of it does nothing: models are copied
    (averages of weights) and saved while they are watched.
    """

    __slots__ = ("failed", "function")

    def __init__(
        self, function: Callable[..., None] | None = None,
        failed: Callable[[Exception], None] | None = None,
    ) -> None:  # fmt: skip
        """Take what is called, and what is told of an error in it: a training never fails because
        it is watched.
        """
        self.function, self.failed = function, failed

    def __call__(self, *given: Any) -> None:
        """Nothing where dynamo traces the model: the compiled code is that of an unwatched one."""
        if self.function is None or torch.compiler.is_compiling():
            return
        try:
            self.function(*given)
        except Exception as error:  # noqa: BLE001 - see above
            if self.failed is not None:
                self.failed(error)

    def __deepcopy__(self, memo: Any) -> Self:
        return type(self)()

    def __reduce__(self) -> tuple[type[Self], tuple[()]]:
        return type(self), ()


def innermost(optimizer: Any) -> Any:
    """The optimizer of torch inside of a wrapper, such as that of accelerate; None where there is
    none.
    """
    seen = 0
    while not hasattr(optimizer, "register_step_pre_hook") or type(optimizer).__name__ in _WRAPPERS:
        optimizer, seen = getattr(optimizer, "optimizer", None), seen + 1
        if optimizer is None or seen > len(_WRAPPERS) + 1:
            return None
    return optimizer if isinstance(optimizer, Optimizer) else None


_WRAPPERS = ("AcceleratedOptimizer", "LightningOptimizer")


def unwrapped(model: nn.Module) -> nn.Module:
    """The user's module inside of DistributedDataParallel, DataParallel or torch.compile."""
    while True:
        if isinstance(model, nn.parallel.DistributedDataParallel | nn.DataParallel):
            model = model.module
        elif _is_optimized(model):
            model = model._orig_mod  # type: ignore[assignment]  # noqa: SLF001
        else:
            return model


def _is_optimized(model: nn.Module) -> bool:
    """Whether it came from torch.compile; dynamo, which is slow to import, is not imported."""
    kind = type(model)
    return kind.__name__ == "OptimizedModule" and kind.__module__.startswith("torch._dynamo")


def is_compiled(model: nn.Module) -> bool:
    """Whether it, or a part of it, is compiled: nothing may be put around what dynamo traces."""
    return any(
        _is_optimized(module) or module._compiled_call_impl is not None  # noqa: SLF001
        for module in model.modules()
    )


def is_sharded(model: nn.Module) -> bool:
    """Whether its weights are spread over processes: a norm would wait for all of them."""
    return any(hasattr(p, "placements") or hasattr(p, "_is_sharded") for p in model.parameters())


def speaks() -> bool:
    """Whether this process is the one that watches: of several the first."""
    distributed = torch.distributed
    if not (distributed.is_available() and distributed.is_initialized()):
        return True
    return distributed.get_rank() == 0
