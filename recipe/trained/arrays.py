"""Inputs that a user saved as arrays, as a model takes a batch."""

from pathlib import Path

import torch
from torch import Tensor, nn

from recipe.core.errors import UsageError
from recipe.data.trees import Padded, Tree, Values
from recipe.models.adapted import adapter_of
from recipe.models.calling import Calling


def read_array(path: Path) -> Values:
    """The inputs [N, ...] in a .npy or .safetensors file; several tensors as a dict by name.

    Raises:
        UsageError: it cannot be read, or holds no inputs.

    """
    import numpy as np
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        if path.suffix.lower() == ".npy":
            tensors = {"": torch.from_numpy(np.load(path, allow_pickle=False))}
        else:
            tensors = load_file(path)
    except (OSError, ValueError, TypeError, SafetensorError) as error:
        raise UsageError(f"{str(path)!r} cannot be read as an array ({error}).") from error
    if not tensors or not all(tensor.ndim for tensor in tensors.values()):
        what = "one number" if tensors else "no tensor"
        raise UsageError(f"{str(path)!r} holds {what}: write inputs [N, ...].")
    sizes = {name: len(tensor) for name, tensor in tensors.items()}
    if len(set(sizes.values())) > 1:
        told = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise UsageError(f"{str(path)!r} holds unequal numbers of items ({told}): save as many.")
    return Tree(tensors) if len(tensors) > 1 else next(iter(tensors.values()))


def as_called(model: nn.Module, x: Values, data: str) -> Values:
    """Inputs that were read from a file, as the model takes a batch: several tensors by name, and
    sequences, all of one length there, with that length.

    Raises:
        UsageError: several tensors for a model that takes one, or not those that it takes.

    """
    adapter = adapter_of(model)
    calling = (adapter and adapter.calling) or Calling()
    if isinstance(x, Tensor):
        told = calling.mask is not None and calling.names is None and not calling.spread
        if not told or x.ndim == 1:
            return x
        return Tree(Padded(x, torch.full((len(x),), x.shape[1], device=x.device)))
    if not isinstance(x.value, dict):
        return x
    held = f"{data!r} holds {len(x.value)} tensors"
    if calling.names is None:
        raise UsageError(f"{held}: write the inputs alone.")
    if missing := [name for name in calling.names if name not in x.value]:
        raise UsageError(f"{held}, and none is called {missing[0]}: give each the model's name.")
    return x
