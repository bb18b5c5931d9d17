"""Where the logits are in what a model returns: a tensor, a tuple, a dict, an object."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from torch import Tensor

from recipe.border.faults import said_of
from recipe.core.errors import UsageError
from recipe.core.names import unknown
from recipe.data.trees import as_structure, every_tensor

NAMES = ("logits", "out", "prediction", "predictions", "output", "outputs", "scores",
         "start_logits", "last_hidden_state", "pooler_output")  # fmt: skip
"""What libraries call them: Hugging Face, torchvision's segmentation models, Lightning modules."""

Fits = Callable[[Tensor], bool]
"""Whether a tensor may be compared with the targets."""


@dataclass(frozen=True)
class OutputPicker:
    """Takes the outputs that task and loss look at out of what a model returns.

    Attributes:
        name: of a key or an attribute, or the place in a tuple as a number.
        function: the user's own, what the model returns -> outputs.

    """

    name: str | int | None = None
    function: Callable[[Any], Any] | None = None

    def __call__(self, returned: Any) -> Any:
        """The outputs; a tensor is what it is.

        Raises:
            UsageError: they are not where they were.

        """
        if self.function is not None:
            return self._by_function(self.function, returned)
        if isinstance(returned, Tensor) or self.name is None:
            return returned
        found = parts_of(returned)
        if self.name not in found:
            raise UsageError(
                f"The model returned {', '.join(map(str, found)) or type(returned).__name__} this "
                f"time, and no {self.name!r}: return the same at every call, or pass outputs=, a "
                "function from what it returns to the outputs."
            )
        return found[self.name]

    @staticmethod
    def _by_function(function: Callable[[Any], Any], returned: Any) -> Any:
        told = _described(returned, parts_of(returned))
        try:
            found = function(returned)
        except Exception as error:
            otherwise = "let it take the outputs out of that"
            given = f" for {told}, which the model returns"
            raise UsageError(
                said_of(error, "The function given as outputs", otherwise, given)
            ) from error
        if not _holds_tensors(found):
            raise UsageError(
                f"The function given as outputs returned a {type(found).__name__} for {told}, "
                "which the model returns: return a tensor of outputs, or several in a dict."
            )
        return found

    def __str__(self) -> str:
        """In words."""
        if self.function is not None:
            return "what the function given as outputs takes of them"
        place = isinstance(self.name, int)
        return f"part {self.name} of what the model returns" if place else f"{self.name!r}"


def parts_of(returned: Any) -> dict[str | int, Any]:
    """What a model returned, by key, attribute or place."""
    if isinstance(returned, Mapping):
        return dict(returned)
    if isinstance(returned, tuple) and hasattr(returned, "_fields"):
        return dict(zip(returned._fields, returned, strict=True))
    if isinstance(returned, tuple | list):
        return dict(enumerate(returned))
    if is_dataclass(returned) and not isinstance(returned, type):
        return {field.name: getattr(returned, field.name) for field in fields(returned)}
    return {
        name: value for name, value in getattr(returned, "__dict__", {}).items()
        if not name.startswith("_")
    }  # fmt: skip


def find_output(
    returned: Any, declared: str | Callable[[Any], Any] | None, fits: Fits
) -> OutputPicker:
    """Where the outputs are.

    Args:
        returned: by the model, for some items.
        declared: `Experiment(outputs=...)`.
        fits: whether a tensor may be compared with the targets.

    Raises:
        UsageError: no part of it is one, or the declared name is not there.

    """
    if callable(declared):
        return OutputPicker(function=declared)
    found = parts_of(returned)
    if declared is not None:
        if not isinstance(returned, Tensor) and declared not in found:
            raise UsageError(
                unknown("part of what the model returns (outputs=)", str(declared), map(str, found))
            )
        if declared in found and not _holds_tensors(found[declared]):
            raise UsageError(
                f"outputs={declared!r} is a {type(found[declared]).__name__} in what the model "
                f"returns, {_described(returned, found)}: name a part that is a tensor."
            )
        return OutputPicker(declared)
    if isinstance(returned, Tensor):
        return OutputPicker()
    tensors = {name: part for name, part in found.items() if isinstance(part, Tensor)}
    named = [name for name in NAMES if name in tensors]
    fitting = [name for name in (*named, *tensors) if fits(tensors[name])]
    chosen = next(iter([*fitting, *named, *tensors]), None)
    if chosen is None:
        raise UsageError(
            f"The model returns {_described(returned, found)}, and none of it is a tensor of "
            "outputs: pass outputs=, the name of the part or a function that takes it out; or "
            "loss='model' where the model computes its own loss."
        )
    return OutputPicker(chosen)


def _holds_tensors(value: Any) -> bool:
    return next(every_tensor(structure_of(value)), None) is not None


def _described(returned: Any, found: Mapping[str | int, Any]) -> str:
    kind = type(returned).__name__
    if isinstance(returned, Tensor):
        return f"a tensor of shape {list(returned.shape)}"
    parts = ", ".join(f"{name}: {type(part).__name__}" for name, part in found.items())
    return f"a {kind} ({parts})" if parts else f"a {kind}"


def structure_of(returned: Any) -> Any:
    """What a model returned, as a tree."""
    plain = isinstance(returned, Tensor | tuple | list | dict)
    parts = returned if plain else parts_of(returned)
    return as_structure(parts)
