"""What a few items show that could not be used, before anything is trained."""

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from recipe.border.faults import error_location
from recipe.core.errors import UsageError, in_a_line, raised
from recipe.data.collating import same_structure
from recipe.data.trees import Values, described, natural
from recipe.models.calling import Calling
from recipe.models.outputs import parts_of
from recipe.models.randomness import seeded

CPU = torch.device("cpu")


def check_val(
    model: nn.Module, calling: Calling | None, train: tuple[Values, Values],
    val: tuple[Values, Values],
) -> None:  # fmt: skip
    """Refuse validation items of another form than the training items.

    Args:
        model: in evaluation mode, which takes the training items.
        calling: how it takes them.
        train: inputs and targets of some training items.
        val: those of some validation items.

    Raises:
        UsageError: they differ in structure, or the model cannot process them.

    """
    for role, ours, theirs in zip(("inputs", "targets"), train, val, strict=True):
        if not same_structure([natural(ours), natural(theirs)]):
            raise UsageError(
                f"The {role} of val ({_told(theirs)}) differ in structure from those of train "
                f"({_told(ours)}): give val= items of the same form as train=."
            )
    args, kwargs = (calling or Calling()).arguments(natural(val[0].clone()))
    try:
        with torch.no_grad(), seeded(0, CPU):
            model(*args, **kwargs)
    except Exception as error:
        raise UsageError(
            f"The model takes the items of train ({_told(train[0])}) and not those of val "
            f"({_told(val[0])}): {in_a_line(error)} ({error_location(error)}); give val= items of "
            "the same form as train=."
        ) from error


def _told(values: Values) -> str:
    """Of one item, as text."""
    if isinstance(values, Tensor):
        return f"a tensor {list(values.shape[1:])}"
    kind = natural(values)
    shapes = described(values, items=True)
    return f"a dict: {shapes}" if isinstance(kind, dict) else shapes


def check_loss(loss: Callable[..., Any], returned: Any, part: Any, name: Any, y: Values) -> None:
    """Refuse a loss that looks for a part of the outputs that the model does not return.

    Args:
        loss: of the user's.
        returned: by the model, more than one tensor.
        part: what was found to be the outputs.
        name: of that.
        y: targets.

    Raises:
        UsageError: neither all of it nor the part suits it.

    """
    whole, alone = (_error(loss, outputs, y) for outputs in (returned, part))
    if whole is not None and _looks_for_a_part(whole) and alone is not None:
        names = ", ".join(map(repr, parts_of(returned)))
        raise UsageError(
            f"The loss raised {raised(whole)} ({error_location(whole)}) for what the model "
            f"returns, a {type(returned).__name__} with {names}, and {raised(alone)} for its part "
            f"{name!r}: let loss= take one of these, or pass outputs=, the name of the part."
        )


def _looks_for_a_part(error: Exception) -> bool:
    """Whether a loss asked for what is not there, and not for what any tensor has."""
    if isinstance(error, AttributeError):
        return not hasattr(Tensor, error.name or "shape")
    return isinstance(error, LookupError)


def _error(loss: Callable[..., Any], outputs: Any, y: Values) -> Exception | None:
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loss(outputs, natural(y))
    except Exception as error:  # noqa: BLE001 - it is the user's
        return error
    return None
