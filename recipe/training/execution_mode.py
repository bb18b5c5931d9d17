"""How a model is run on a machine: layout, precision, threads, and how trials share the machine.

A mode changes how fast the numbers come; the numbers only within the tolerance of `recipe.speed`.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor, nn

from recipe.core.json_fields import one_of, record
from recipe.data.trees import Tree
from recipe.models.pooling import pool_before_relu

Precision = Literal["float32", "bfloat16"]
Sharing = Literal["alone", "processes", "fused"]


@dataclass(frozen=True)
class ExecutionMode:
    """One way to run trainings on a machine.

    Attributes:
        channels_last: images as [N, H, W, C] in memory, where convolutions are faster.
        precision: bfloat16 runs forward and backward under autocast; weights stay float32.
        threads: of one training, on the CPU; None leaves PyTorch's number.
        compiled: forward and backward through torch.compile.
        pool_first: max pooling before a ReLU that the model has before it, to the same numbers.
        sharing: trials one after another, side by side in processes, or fused into one model.
        width: how many trials run together; for processes, each on one thread.

    """

    channels_last: bool = False
    precision: Precision = "float32"
    threads: int | None = None
    compiled: bool = False
    pool_first: bool = False
    sharing: Sharing = "alone"
    width: int = 1

    def __str__(self) -> str:
        """What it changes against the plain mode, in words."""
        parts = [
            "channels-last" if self.channels_last else "",
            "pooling before ReLU" if self.pool_first else "",
            self.precision if self.precision != "float32" else "",
            "compiled" if self.compiled else "",
            f"{self.threads} thread{'s' * (self.threads != 1)}"
            if self.threads and self.sharing != "processes" else "",
            f"{self.width} processes" if self.sharing == "processes" else "",
            "fused trials" if self.sharing == "fused" else "",
        ]  # fmt: skip
        return ", ".join(part for part in parts if part) or "plain"

    @property
    def single(self) -> "ExecutionMode":
        """The same for a training that runs by itself."""
        return replace(self, sharing="alone", width=1)

    def lay_out(self, x: Any) -> Any:
        """Inputs in the layout of this mode."""
        if self.channels_last and isinstance(x, Tree):
            return x.mapped(lambda leaf: self.lay_out(leaf) if isinstance(leaf, Tensor) else leaf)
        if self.channels_last and isinstance(x, Tensor) and x.ndim == 4:
            return x.contiguous(memory_format=torch.channels_last)
        return x

    def lay_out_model(self, model: nn.Module) -> nn.Module:
        """The model, which is changed, in the layout and order of this mode."""
        if self.pool_first:
            model = pool_before_relu(model)
        if self.channels_last:
            return model.to(memory_format=torch.channels_last)
        return model

    def autocast(self, device: torch.device) -> AbstractContextManager[object]:
        """Around forward pass and loss."""
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast(device.type, torch.bfloat16)


def mode_from_json(data: Any) -> ExecutionMode:
    """Read a mode back.

    Raises:
        ValueError: it is none that there is.

    """
    try:
        mode = record(
            ExecutionMode, data, {"precision": one_of(Precision), "sharing": one_of(Sharing)}
        )
    except TypeError as error:
        raise ValueError(str(error)) from error
    counts = [mode.width, *([] if mode.threads is None else [mode.threads])]
    flags = (mode.channels_last, mode.compiled, mode.pool_first)
    if any(type(n) is not int or n < 1 for n in counts) or any(type(f) is not bool for f in flags):
        raise ValueError(f"{mode} is no way to train")
    return mode


PLAIN = ExecutionMode()
"""float32, the model's own layout, PyTorch's own threads, one trial after another."""


@contextmanager
def thread_count(count: int | None) -> Iterator[None]:
    """Run with this many CPU threads, and put the number back."""
    before = torch.get_num_threads()
    if count is None or count == before:
        yield
        return
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
