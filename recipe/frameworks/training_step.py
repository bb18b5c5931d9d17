"""The loss that a `training_step` computes, and a model's outputs beside it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from recipe.core.errors import UsageError
from recipe.core.names import named_as
from recipe.data.trees import Items
from recipe.frameworks.batches import Rebatch
from recipe.frameworks.loss_finding import loss_of, outputs_of
from recipe.models.adapted import as_declared
from recipe.models.calling import unpadded
from recipe.models.own_loss import Asked

_PATH, _SOFTMAX = "_recipe_path", "_recipe_softmax"


@dataclass(frozen=True)
class ByTrainingStep:
    """Its `training_step` takes a whole batch and returns the loss, as Lightning's modules do.

    Attributes:
        rebatch: how inputs and targets become that batch.
        path: of the module whose outputs are scored; empty for the model itself, None for none.

    """

    whole_batch: ClassVar[bool] = True

    rebatch: Rebatch
    path: str | None

    def __str__(self) -> str:
        """See `OwnLoss`."""
        return "that of training_step, which is given whole batches"

    def asked(
        self,
        model: nn.Module,
        forward: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],  # noqa: ARG002 - whole batches come alone
        targets: Any,
    ) -> Asked:
        """See `OwnLoss`.

        Raises:
            UsageError: it returns no loss.

        """
        given = list(targets) if isinstance(targets, Items) else unpadded(targets)
        batch = self.rebatch(args[0], given)
        kept: list[Any] = []
        with as_declared(model), _kept(model, forward, self.path, kept):
            returned = model.training_step(batch, 0)  # type: ignore[operator]
        loss = loss_of(returned)
        if loss is None:
            raise UsageError(
                f"{type(model).__name__}.training_step returned a {type(returned).__name__}: "
                "return the loss, or a dict with a key 'loss'."
            )
        count = len(args[0]) if isinstance(args[0], Tensor) else None
        found = None
        if kept:
            found = kept[-1] if count is None else outputs_of(kept[-1], count)
        return Asked(loss, {"loss": loss} if found is None else {"loss": loss, "logits": found})


class _kept:  # noqa: N801 - reads as the function that it is
    """Within it, what a module returned is put into a list, be it called or its `forward`."""

    def __init__(
        self, model: nn.Module, forward: Callable[..., Any], path: str | None, kept: list[Any]
    ) -> None:
        self.module = None if path is None else model.get_submodule(path)
        self.own = forward if not path else getattr(self.module, "forward", None)
        self.kept = kept

    def __enter__(self) -> None:
        own = self.own
        if self.module is None or own is None:
            return

        def forward(*args: Any, **kwargs: Any) -> Any:
            returned = own(*args, **kwargs)
            self.kept.append(returned)
            return returned

        vars(self.module)["forward"] = forward

    def __exit__(self, *_: object) -> None:
        if self.module is not None:
            vars(self.module).pop("forward", None)


def through(model: nn.Module, path: str, *, softmax: bool = False) -> nn.Module:
    """The model with the `forward` of one of its modules, and a softmax behind it where its
    training step puts one there; names of parameters stay what they are.
    """
    if path or softmax:
        model.__class__ = _through(type(model))  # type: ignore[arg-type]
        vars(model)[_PATH], vars(model)[_SOFTMAX] = path, softmax
    return model


@cache
def _through(kind: type[nn.Module]) -> type[nn.Module]:
    class Through(kind):  # type: ignore[misc, valid-type]
        def forward(self, *args: Any, **kwargs: Any) -> Any:
            path = vars(self)[_PATH]
            if path:
                returned = self.get_submodule(path)(*args, **kwargs)
            else:
                returned = super().forward(*args, **kwargs)
            return torch.softmax(returned, 1) if vars(self)[_SOFTMAX] else returned

    named_as(Through, kind)
    return Through
