"""How an item of a data set parts into inputs and targets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recipe.border.faults import said_of
from recipe.core.errors import UsageError
from recipe.data.trees import Items, as_structure, every_tensor
from recipe.data.word_labels import WordLabels

TARGETS = ("labels", "label", "target", "targets", "y")
"""Keys of a dict that hold the target, as data sets of this field call it."""


@dataclass(frozen=True)
class Parting:
    """What of an item is the target.

    A pair is (inputs, target); of a longer tuple the last part is the target; of a dict the key
    that is called so.

    Attributes:
        target: key of the target in a dict.
        function: the user's own, item -> (inputs, target).
        words: how labels that are words become numbers; None where they are none.

    """

    target: str | None = None
    function: Callable[[Any], Any] | None = None
    words: WordLabels | None = None

    def __call__(self, item: Any, where: str) -> tuple[Any, Any]:
        """Inputs and target of an item, or of a batch that a collate function made.

        Raises:
            UsageError: which of its parts is the target is not known; `where` names the item.

        """
        if self.function is not None:
            return self._by_function(item, where)
        if isinstance(item, Mapping):
            return self._of_dict(item, where)
        if self.target is not None and isinstance(item, tuple | list):
            raise UsageError(
                f"{where} is {_called(item)}, which has no keys, and target={self.target!r} names "
                "one: leave out target=, or pass batch=, a function from an item to "
                "(inputs, targets)."
            )
        if isinstance(item, tuple | list) and len(item) >= 2:
            *inputs, target = item
            return (inputs[0] if len(inputs) == 1 else tuple(inputs)), target
        if is_dataclass(item) and not isinstance(item, type):
            return self._of_dict({f.name: getattr(item, f.name) for f in fields(item)}, where)
        raise UsageError(
            f"{where} is {_called(item)}: each item has to be a pair (x, y), a longer tuple that "
            "ends in the target, or a dict; or pass batch=, a function from an item to "
            "(inputs, targets)."
        )

    def _by_function(self, item: Any, where: str) -> tuple[Any, Any]:
        assert self.function is not None  # noqa: S101 - the caller asked
        try:
            pair = self.function(item)
        except Exception as error:
            otherwise = "call it with that item by itself"
            told = said_of(error, "The function given as batch", otherwise, f" for {where}")
            raise UsageError(told) from error
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise UsageError(
                f"The function given as batch returned {_called(pair)} for {where}: return a pair "
                "(inputs, targets)."
            )
        return pair[0], pair[1]

    def _of_dict(self, item: Mapping[str, Any], where: str) -> tuple[Any, Any]:
        key = self._key(item, where)
        if len(item) == 1:
            raise UsageError(
                f"{where} has the target {key!r} and no inputs beside it: give it a key for each "
                "input of the model, or pass batch=, a function from an item to (inputs, targets)."
            )
        return {name: part for name, part in item.items() if name != key}, item[key]

    def _key(self, item: Mapping[str, Any], where: str) -> str:
        keys = ", ".join(map(repr, item))
        if self.target is not None:
            if self.target not in item:
                raise UsageError(
                    f"{where} has no key {self.target!r}, which target= names: it has {keys}."
                )
            return self.target
        found = [name for name in TARGETS if name in item]
        if len(found) != 1:
            which = "several keys that may be" if found else "no key that is known to be"
            raise UsageError(
                f"{where} is a dict with {which} the target ({keys}): pass target='KEY', such as "
                f"target={str(found[0] if found else next(iter(item), 'label'))!r}."
            )
        return found[0]


def _called(value: Any) -> str:
    """What a value is, in words."""
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    return f"a {type(value).__name__}"


def as_tensors(value: Any, name: str) -> Any:
    """A structure whose numbers and arrays are tensors; float64 becomes float32. Text and other
    things become `Items` of one, so that they are kept beside.

    Raises:
        UsageError: something is no tensor and cannot be kept beside: an image, say.

    """
    value = as_structure(value)
    if isinstance(value, dict):
        return {key: _leaf(part, name) for key, part in value.items()}
    return _leaf(value, name)


def as_targets(value: Any, name: str) -> Any:
    """As `as_tensors`; a loss compares real numbers.

    Raises:
        UsageError: they are complex.

    """
    tensors = as_tensors(value, name)
    if any(tensor.is_complex() for tensor in every_tensor(tensors)):
        raise UsageError(
            f"{name} has complex targets, which no loss compares: pass torch.view_as_real(...) of "
            "them, or their amplitude."
        )
    return tensors


def _leaf(value: Any, name: str) -> Any:
    if isinstance(value, Items):
        return value
    if isinstance(value, Tensor | np.ndarray | np.number | np.bool_ | int | float):
        return as_tensor(value, name)
    if isinstance(value, dict):
        return {key: _leaf(part, name) for key, part in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_leaf(part, name) for part in value))
    if isinstance(value, list) and value and all(isinstance(v, int | float) for v in value):
        return as_tensor(np.asarray(value), name)
    if isinstance(value, tuple | list):
        return type(value)(_leaf(part, name) for part in value)
    if isinstance(value, str | bytes) or value is None:
        return Items([value])
    if is_dataclass(value):
        made = object.__new__(type(value))
        for field in fields(value):
            object.__setattr__(made, field.name, _leaf(getattr(value, field.name), name))
        return made
    return _other(value, name)


def _other(value: Any, name: str) -> Tensor:
    if is_picture(value):
        return _of_picture(value)
    raise UsageError(
        f"{name} holds a {type(value).__name__} where a tensor or number is needed: "
        "add a transform such as ToTensor to the data set."
    )


def is_picture(value: Any) -> bool:
    """Whether it is an image of Pillow's."""
    return any(kind.__module__ == "PIL.Image" for kind in type(value).__mro__)


def _of_picture(image: Any) -> Tensor:
    """Bytes [channels, height, width] of an image, turned upright: one channel where it is grey,
    else three.
    """
    from PIL import ImageOps
    from torchvision.transforms.v2.functional import pil_to_tensor

    image = ImageOps.exif_transpose(image)
    if image.mode not in ("L", "RGB", "F", "I", "I;16"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    pixels: Tensor = pil_to_tensor(image)
    return pixels


def as_tensor(value: Any, name: str) -> Tensor:
    """A tensor, array or number as a tensor; float64 becomes float32.

    Raises:
        UsageError: it is something else.

    """
    _usable(value, name)
    if isinstance(value, Tensor):
        tensor = value.detach()
    elif isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        tensor = torch.from_numpy(np.require(value, requirements=("C", "W")))
    elif isinstance(value, int | float | np.number | np.bool_):
        tensor = torch.tensor(value)
    else:
        raise _no_numbers(value, name)
    return tensor.float() if tensor.dtype == torch.float64 else tensor


def _no_numbers(value: Any, name: str) -> UsageError:
    if isinstance(value, np.ndarray):
        what = "words" if value.dtype.kind in "US" else f"dtype {value.dtype}"
        return UsageError(
            f"{name} holds an array of {what} where numbers are needed: encode it as numbers, such "
            "as a column of zeros and ones for each word."
        )
    return UsageError(
        f"{name} holds a {type(value).__name__} where a tensor or number is needed: "
        "add a transform such as ToTensor to the data set."
    )


def _usable(value: Any, name: str) -> None:
    """Refuse arrays that hold their values in another way than one after the other."""
    kinds = {
        "a nested tensor": (isinstance(value, Tensor) and value.is_nested, "its .unbind()"),
        "a quantized tensor": (isinstance(value, Tensor) and value.is_quantized, ".dequantize()"),
        "a sparse tensor": (
            isinstance(value, Tensor) and value.layout not in (torch.strided, torch.jagged),
            ".to_dense()",
        ),
        "a tensor without values": (isinstance(value, Tensor) and value.is_meta, "one on cpu"),
        "a masked array": (isinstance(value, np.ma.MaskedArray), ".filled(...)"),
    }
    for kind, (found, remedy) in kinds.items():
        if found:
            raise UsageError(
                f"{name} holds {kind}, which batches cannot be made of: pass {remedy} in its place."
            )
