"""Inputs as rows: what of them is a feature, and which of them are the same."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

CHANNELS = 4


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


def row_hashes(x: "Tensor") -> list[int]:
    """A number for each item: the same for inputs that are equal bit by bit."""
    array = x.detach().cpu().contiguous()
    if str(array.dtype) == "torch.bfloat16":  # which numpy does not have
        array = array.float()
    return [hash(row.tobytes()) for row in array.numpy()]
