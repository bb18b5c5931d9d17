"""How a model is given a batch: one tensor, several in a row, or by name; and which is padding."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from recipe.core.errors import UsageError
from recipe.data.item_parts import TARGETS
from recipe.data.trees import (
    Items,
    Padded,
    Values,
    natural,
)

MASKS = ("attention_mask", "src_key_padding_mask", "key_padding_mask", "padding_mask", "mask")
LENGTHS = ("lengths", "seq_lengths", "input_lengths", "src_lengths", "lens")
"""Parameters of `forward` that say where sequences end, as models of this field call them."""
INVERTED_MASKS = ("src_key_padding_mask", "key_padding_mask", "padding_mask")
"""Those that are true where there is padding, as in `nn.Transformer`."""


@dataclass(frozen=True)
class Calling:
    """How `forward` takes a batch.

    Attributes:
        names: keywords that it takes of a dict; None where it takes the batch itself.
        spread: whether a tuple is given as positional arguments.
        only: the one entry of a dict that is given alone, where `forward` knows no key by name.
        mask: its parameter that says where padding is, if it has one.
        turned: whether that mask means the opposite of what its name says.

    """

    names: tuple[str, ...] | None = None
    spread: bool = False
    only: str | None = None
    mask: str | None = None
    turned: bool = False

    def arguments(self, batch: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Positional and keyword arguments for a batch in its natural structure."""
        if self.names is not None:
            masks = self._masks(batch.values())
            given = {name: unpadded(batch[name]) for name in self.names if name in batch}
            return (), {**masks, **given}
        if self.only is not None:
            batch = batch[self.only]
        parts = batch if self.spread else (batch,)
        return tuple(unpadded(part) for part in parts), self._masks(parts)

    def _masks(self, parts: Any) -> dict[str, Tensor]:
        padded = next((part for part in parts if isinstance(part, Padded)), None)
        if padded is None or self.mask is None:
            return {}
        mask = mask_of(padded, self.mask)
        return {self.mask: ~mask if self.turned else mask}

    def __str__(self) -> str:
        """What it does, in words; nothing to say of one tensor."""
        if self.names is not None:
            how = f"called by name with {', '.join(self.names)}"
        elif self.only is not None:
            how = f"given {self.only} alone"
        else:
            how = "given the parts of an item one after the other" if self.spread else ""
        if self.mask is None:
            return how
        what = "is true for padding" if self.turned else "says where sequences end"
        what = "is true for real steps" if self.turned and self.mask in INVERTED_MASKS else what
        return f"{how}{' and ' if how else 'given '}{self.mask}, which {what}"


def unpadded(part: Any) -> Any:
    """What the model is given of a part: of padded sequences the tensor."""
    if isinstance(part, Padded):
        return part.values
    if isinstance(part, dict):
        return {key: unpadded(value) for key, value in part.items()}
    if isinstance(part, Items):
        return list(part)
    return part


def mask_of(padded: Padded, name: str) -> Tensor:
    """Where sequences end, as a parameter of this name is understood: lengths [n]; or [n, longest],
    1 for real steps as `attention_mask`, true for padding as `src_key_padding_mask`.
    """
    if name in LENGTHS:
        return padded.lengths.cpu()  # as `pack_padded_sequence` wants them
    steps = torch.arange(padded.values.shape[1], device=padded.values.device)
    real = steps < padded.lengths.to(steps.device)[:, None]
    if name in INVERTED_MASKS:
        return ~real
    return real.long() if name == "attention_mask" else real


def find_calling(model: nn.Module, x: Values) -> Calling | None:
    """How a model takes a batch like `x`; None for one tensor as it is.

    Raises:
        UsageError: `forward` takes none of what the items have.

    """
    batch = natural(x)
    parameters, mask = _parameters(model), mask_parameter(model)
    if isinstance(batch, Tensor):
        _takes_no_more(model, parameters, 1)
        return None
    if isinstance(batch, dict):
        return _by_name(model, batch, parameters, mask)
    if isinstance(batch, tuple) and not isinstance(batch, Padded):
        return _in_a_row(model, batch, parameters, mask)
    return Calling(mask=mask)


def mask_parameter(model: nn.Module) -> str | None:
    """The parameter of `forward` that says where sequences end, if it has one."""
    parameters = _parameters(model)
    return next((name for name in (*MASKS, *LENGTHS) if name in parameters), None)


_PLACES = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_HELP = "or pass batch=, a function from an item to (inputs, targets)."


def _in_a_row(
    model: nn.Module,
    batch: tuple[Any, ...],
    parameters: Mapping[str, inspect.Parameter],
    mask: str | None,
) -> Calling:
    """A single parameter takes the tuple itself; several take its parts."""
    places = [
        name for name, p in parameters.items()
        if p.kind in _PLACES and not (name in TARGETS and p.default is not p.empty)
    ]  # fmt: skip
    if any(p.kind is p.VAR_POSITIONAL for p in parameters.values()):
        return Calling(spread=True, mask=mask)
    if 1 < len(places) < len(batch):
        raise UsageError(
            f"{type(model).__name__}.forward takes {', '.join(places)}, and the items have "
            f"{len(batch)} inputs: let it take as many, {_HELP}"
        )
    spread = len(places) >= len(batch)
    _takes_no_more(model, parameters, len(batch) if spread else 1, mask)
    return Calling(spread=spread, mask=mask)


def _takes_no_more(
    model: nn.Module,
    parameters: Mapping[str, inspect.Parameter],
    given: int,
    mask: str | None = None,
) -> None:
    """Refuse a `forward` that cannot do with so many inputs; it may want the targets too."""
    required = [name for name in _required(parameters) if name not in (*TARGETS, mask)]
    missing = required[given:]
    if missing:
        raise UsageError(
            f"{type(model).__name__}.forward takes {', '.join(parameters)}, and the items have "
            f"{given} input{'s' if given > 1 else ''}: {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing. Give each item as many inputs, "
            f"{_HELP}"
        )


def _required(parameters: Mapping[str, inspect.Parameter]) -> list[str]:
    return [
        name for name, p in parameters.items()
        if p.default is p.empty and p.kind in (*_PLACES, p.KEYWORD_ONLY)
    ]  # fmt: skip


def _parameters(model: nn.Module) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(model.forward).parameters
    except (TypeError, ValueError):
        return {}


def _by_name(
    model: nn.Module,
    batch: Mapping[str, Any],
    parameters: Mapping[str, inspect.Parameter],
    mask: str | None,
) -> Calling:
    takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    tensors = [key for key, part in batch.items() if not isinstance(part, Items)]
    named = [key for key in batch if key in parameters]
    if takes_all and not named:
        named = tensors
    required = _required(parameters)
    if named and all(name in named or name == mask for name in required):
        return Calling(tuple(named), mask=None if mask in batch else mask)
    if len(tensors) == 1 and len(required) <= 1:
        return Calling(only=tensors[0], mask=mask)
    if len(required) <= 1 and not named:
        return Calling(mask=mask)  # one argument: the dict itself
    missing = [name for name in required if name not in batch]
    raise UsageError(
        f"{type(model).__name__}.forward takes {', '.join(parameters) or 'nothing'}, and the items "
        f"have {', '.join(batch)}: {', '.join(missing)} "
        f"{'is' if len(missing) == 1 else 'are'} missing. Call the keys as forward does, {_HELP}"
    )


def not_given(calling: Calling | None, x: Values) -> list[str]:
    """Keys of the items that the model is not given."""
    batch = natural(x)
    if calling is None or not isinstance(batch, dict):
        return []
    if calling.names is not None:
        return [key for key in batch if key not in calling.names]
    return [key for key in batch if calling.only is not None and key != calling.only]
