"""Inputs and targets of all items at once: arrays, tensors, data frames, lists of labels."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recipe.core.errors import UsageError
from recipe.data.collating import leaves_of
from recipe.data.datasets import TensorData
from recipe.data.item_parts import Parting, as_targets, as_tensor, as_tensors
from recipe.data.single_items import as_labels
from recipe.data.trees import as_structure, as_values
from recipe.data.word_labels import WordLabels, in_arrays


def is_arrays(source: Any) -> bool:
    """Whether it is a pair of inputs and targets for all items."""
    return isinstance(source, tuple | list) and len(source) == 2 and all(map(is_array, source))


def paired(source: Any, name: str, say: Callable[[str], None]) -> Any:
    """Several arrays with an entry per item each as inputs and targets, the last of them."""
    if not (isinstance(source, tuple) and len(source) > 2 and all(map(is_array, source))):
        return source
    if len({len(part) for part in source}) > 1:
        return source
    say(f"{name}: of {len(source)} arrays the last holds the targets, the others are inputs.")
    return source[:-1], source[-1]


def from_arrays(
    source: Any, name: str, device: torch.device, words: WordLabels | None
) -> TensorData:
    x, y = as_tensor(source[0], name), as_targets(_numbered(source[1], name, words), name)
    if len(x) != len(y):
        raise UsageError(
            f"{name} has {len(x)} inputs but {len(y)} targets: pass one target per input."
        )
    check_not_empty(len(x), name)
    return TensorData(_own(x, device), as_labels(_own(y, device)))


def _numbered(values: Any, name: str, words: WordLabels | None) -> Any:
    """Targets of all items with numbers in place of words."""
    named = words is not None and in_arrays(values, name) is not None
    return words.of_items(values, name) if words is not None and named else values


def is_array_tree(source: Any) -> bool:
    """Whether it is a dict of arrays, or a pair in which at least one part is a dict or a tuple of
    arrays, with one entry per item in each.
    """
    if isinstance(source, Mapping):
        return bool(source) and all(map(is_array, source.values()))
    if not (isinstance(source, tuple) and len(source) == 2):
        return False
    leaves = [leaf for part in source for leaf in leaves_of(as_structure(part))]
    return all(map(is_array, leaves)) and len(leaves) > 2


def from_array_tree(source: Any, name: str, device: torch.device, parting: Parting) -> TensorData:
    inputs, targets = parting(source, name)
    targets = _numbered(targets, name, parting.words)
    tensors = as_tensors(inputs, name), as_targets(targets, name)
    lengths = {len(leaf) for part in tensors for leaf in leaves_of(part)}
    if len(lengths) > 1:
        raise UsageError(
            f"The arrays of {name} have {' and '.join(map(str, sorted(lengths)))} entries: give "
            "each of them one entry per item."
        )
    check_not_empty(next(iter(lengths)), name)
    x, y = (as_values(part).to(device, copy=True) for part in tensors)
    return TensorData(x, as_labels(y))


def as_arrays(source: Any) -> Any:
    """A pair of inputs and targets, or a dict of them, with tables and lists of labels as arrays:
    a data frame and a column of it, an array and a list.
    """
    if isinstance(source, tuple | list) and len(source) == 2:
        x, y = (_array(part) for part in source)
        if is_array(x) and isinstance(y, list) and len(y) == len(x) and _are_targets(y):
            several = any(isinstance(each, list | tuple) for each in y)
            y = np.fromiter(y, object, len(y)) if several else np.asarray(y)
        return (x, y) if is_array(x) and is_array(y) else source
    if isinstance(source, Mapping) and source and all(map(_is_column, source.values())):
        return {key: _array(part) for key, part in source.items()}
    return source


def _array(value: Any) -> Any:
    """Of a data frame or a column of one, an array."""
    found = value.to_numpy() if hasattr(value, "to_numpy") and hasattr(value, "iloc") else value
    if isinstance(found, np.ndarray) and found.dtype == object:
        with suppress(ValueError, TypeError):  # words stay what they are
            return found.astype(np.float64)
    return found


def _is_column(value: Any) -> bool:
    return isinstance(value, Tensor | np.ndarray) or hasattr(value, "iloc")


def _are_targets(values: Sequence[Any]) -> bool:
    """Whether a list holds one target for each item, a number or words."""
    kinds = str | bytes | int | float | np.number | None
    return all(
        isinstance(value, kinds)
        or (isinstance(value, list | tuple) and all(isinstance(word, str) for word in value))
        for value in values
    )


def is_array(value: Any) -> bool:
    return isinstance(value, Tensor | np.ndarray) and value.ndim > 0


def _own(tensor: Tensor, device: torch.device) -> Tensor:
    """A copy on the device: the user's own tensor is never written to."""
    return tensor.to(device, copy=True)


def check_not_empty(n: int, name: str) -> None:
    if n == 0:
        raise UsageError(f"{name} has no items: check the path or the filter that made it.")
