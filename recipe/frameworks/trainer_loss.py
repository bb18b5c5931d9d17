"""How a `transformers.Trainer` computes its loss, where that is not the model's own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from recipe.core.errors import UsageError
from recipe.data.item_parts import TARGETS
from recipe.frameworks.libraries import TRANSFORMERS, base_class, overrides
from recipe.models.adapted import as_declared
from recipe.models.own_loss import Asked

TRAINER = "Trainer"


@dataclass(frozen=True)
class Several:
    """Parts a batch that has several targets."""

    names: tuple[str, ...]

    def __call__(self, batch: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Inputs and targets by name."""
        targets = {name: batch[name] for name in self.names}
        return {name: part for name, part in batch.items() if name not in targets}, targets


def one_target(labels: list[str], batch: Mapping[str, Any]) -> bool:
    return len([name for name in labels if name in batch]) == 1


def own_loss(trainer: Any, labels: list[str], batch: Any, notes: list[str]) -> "ByTrainer | None":
    """How the Trainer is asked for the loss; None where that is the model's own, which takes one
    target.
    """
    base = base_class(trainer, TRANSFORMERS, TRAINER)
    given = [name for name in labels if name in batch]
    if not given:
        known = [name for name in TARGETS if name in batch]
        raise UsageError(
            f"The batches of the Trainer have no {' or '.join(labels)}: they have "
            f"{', '.join(batch)}. Give the data set a column {(known or labels)[0]!r}."
        )
    if overrides(trainer, base, "compute_loss"):
        why = f"compute_loss of {type(trainer).__name__}"
    elif trainer.compute_loss_func is not None:
        why = "the Trainer's compute_loss_func"
    elif trainer.label_smoother is not None:
        why = f"the Trainer's, with labels smoothed by {trainer.args.label_smoothing_factor:g}"
    elif len(given) > 1:
        why = f"the model's own, which is given {', '.join(given)}"
    else:
        return None
    notes.append(f"Loss: {why}.")
    single = given[0] if len(given) == 1 else None
    return ByTrainer(trainer, single, why)


@dataclass(frozen=True)
class ByTrainer:
    """A Trainer's `compute_loss`, which takes the model and a whole batch.

    Attributes:
        trainer: the Trainer.
        key: of the targets; None where they are several by name.
        why: what it computes, in words.

    """

    whole_batch: ClassVar[bool] = True

    trainer: Any
    key: str | None
    why: str

    def __str__(self) -> str:
        """See `OwnLoss`."""
        return self.why

    def __deepcopy__(self, _: dict[int, Any]) -> "ByTrainer":
        """Itself: a copy of a model is no second Trainer with its data."""
        return self

    def asked(
        self,
        model: nn.Module,
        forward: Callable[..., Any],  # noqa: ARG002 - the Trainer calls the model itself
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],  # noqa: ARG002 - whole batches come alone
        targets: Any,
    ) -> Asked:
        """See `OwnLoss`.

        Raises:
            UsageError: it gives no loss.

        """
        given = targets if self.key is None else {self.key: targets}
        batch = {**args[0], **given}
        with as_declared(model):
            loss, returned = self.trainer.compute_loss(model, batch, return_outputs=True)
        if not isinstance(loss, Tensor) or loss.numel() != 1:
            raise UsageError(
                f"{type(self.trainer).__name__}.compute_loss returned a {type(loss).__name__}: "
                "return (loss, outputs) where return_outputs is true."
            )
        parts = dict(returned) if isinstance(returned, Mapping) else {"logits": returned}
        return Asked(loss, {**parts, "loss": loss})
