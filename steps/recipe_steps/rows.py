"""Inputs as rows: what of them is a feature."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from recipe.plugin import Values

CHANNELS = 4
SOME = 64


def real(x: "Tensor") -> "Tensor":
    """Values as float32, or as float64 where they are."""
    return x if x.is_floating_point() and x.element_size() == 8 else x.float()


def shared_axes(x: "Tensor") -> list[int]:
    """The axes over which values belong to one feature: a feature is a column of a table, a
    channel of an image, or else all values together.
    """
    if x.ndim == 2:
        return [0]
    if x.ndim == 4 and x.shape[1] <= CHANNELS:
        return [0, 2, 3]
    return list(range(x.ndim))


def figures_of(x: "Tensor") -> "tuple[Tensor, Tensor]":
    """Mean and deviation of each feature, in a shape that broadcasts against one item."""
    values, axes = real(x), shared_axes(x)
    mean = values.mean(axes, keepdim=True)[0]
    deviation = values.std(axes, correction=0, keepdim=True)[0]
    return mean, deviation


def parts(x: "Values") -> "dict[str, Tensor]":
    """The tensors of a batch by name; one that is a tensor itself has none."""
    return x.tensors() if hasattr(x, "tensors") else {"": x}


def main_part(x: "Values") -> "Tensor | None":
    """The tensor that figures of the inputs are taken from: the first of real values, or of whole
    numbers those that vary most, as tokens do beside their mask; None where items stand apart.
    """
    found = list(parts(x).values())
    real = [part for part in found if part.is_floating_point()]
    return real[0] if real else max(found, key=varied, default=None)


def varied(part: "Tensor") -> int:
    """Distinct values of some items."""
    return len(set(part[:SOME].flatten().tolist()))


def as_tensor(outputs: "Values", left_out: str = "loss") -> "Tensor | None":
    """Outputs as one tensor [n, ...]: those of a tree side by side, without the loss that a model
    computed of the whole batch; None where there are no others.
    """
    import torch

    if not hasattr(outputs, "tensors"):
        return outputs
    found = [
        part.reshape(len(part), -1).float() for name, part in outputs.tensors().items()
        if name != left_out and part.ndim
    ]  # fmt: skip
    return torch.cat(found, 1) if found and len({len(part) for part in found}) == 1 else None


def mean_ranks(values: "np.ndarray") -> "np.ndarray":
    """Of each column [n, d] from one on; equal values share the mean of theirs."""
    import numpy as np

    ranks = np.empty(values.shape)
    for column, out in zip(values.T, ranks.T, strict=True):
        _, place, times = np.unique(column, return_inverse=True, return_counts=True)
        out[:] = (times.cumsum() - (times - 1) / 2)[place.ravel()]
    return ranks
