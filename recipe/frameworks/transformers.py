"""`from_transformers`: an experiment of a `transformers.Trainer`."""

from collections.abc import Callable, Mapping
from copy import copy
from typing import Any

from torch import nn

from recipe.core.errors import UsageError
from recipe.experiment import MODEL_LOSS, Experiment
from recipe.frameworks.batches import first_batch
from recipe.frameworks.fresh_models import Copied, Remade, as_it_is
from recipe.frameworks.libraries import TRANSFORMERS, base_class, is_a, overrides
from recipe.frameworks.trainer_arguments import trained
from recipe.frameworks.trainer_loss import TRAINER, Several, one_target, own_loss
from recipe.frameworks.trainer_metric import metric_of
from recipe.models.own_loss import declare

LABELS = "labels"
HOOKS = ("training_step", "get_train_dataloader", "get_eval_dataloader")
TASKS_OF_HEADS = {
    "ForTokenClassification": "token_classification", "ForMultipleChoice": "classification",
    "ForImageClassification": "classification",
}  # fmt: skip
PROBLEMS = {
    "regression": "regression", "multi_label_classification": "multilabel",
    "single_label_classification": "classification",
}  # fmt: skip
"""What a configuration calls a task."""


def from_transformers(trainer: Any, **changes: Any) -> Experiment:
    """An experiment of a `transformers.Trainer`, which is not changed.

    Data, collator, optimizer, schedule, batch size with accumulation, clipping and epochs are those
    of the Trainer; its setting is the baseline. The loss is the model's, or that of the Trainer
    where it has one of its own.

    Args:
        trainer: made with a model or `model_init`, and with `train_dataset`.
        changes: arguments of `Experiment` that are to be others than what was read.

    Raises:
        UsageError: it is no Trainer, or cannot be read.

    """
    if not is_a(trainer, TRANSFORMERS, TRAINER):
        raise UsageError(
            f"from_transformers got a {type(trainer).__name__}, not a transformers.Trainer: make "
            "an Experiment of it, or see recipe.from_lightning."
        )
    if trainer.train_dataset is None:
        raise UsageError("The Trainer has no train_dataset: pass it when the Trainer is made.")
    args, notes = trainer.args, []
    labels = list(trainer.label_names) or [LABELS]
    factory, said = _factory(trainer)
    notes.append(said)
    fields: dict[str, Any] = {
        "train": trainer.train_dataset, "collate": _collate(trainer, notes), "loss": MODEL_LOSS,
        "task": _task(trainer.model), "name": type(trainer.model).__name__,
        "clip_norm": float(args.max_grad_norm) or None,
    }  # fmt: skip
    if (held := _held_out(trainer, notes)) is not None:
        fields["val"] = held
    batch = first_batch(trainer.train_dataset, "train", fields["collate"])
    own = own_loss(trainer, labels, batch, notes)
    if own is None:
        fields["target"] = next((name for name in labels if name in batch), None)
        fields["model"] = factory(as_it_is)
    else:
        fields["model"] = factory(lambda model: declare(model, own))
        if not one_target(labels, batch):
            fields["batch"] = Several(tuple(name for name in labels if name in batch))
    fields |= trained(trainer, notes)
    if "metric" not in changes and (metric := metric_of(trainer, notes)) is not None:
        fields["metric"] = metric
    if changed := [name for name in HOOKS if overrides(trainer, base_class(
            trainer, TRANSFORMERS, TRAINER), name)]:  # fmt: skip
        notes.append(f"Not called here: {', '.join(changed)} of {type(trainer).__name__}.")
    return Experiment(**{**fields, "notes": tuple(notes), **changes})


def _held_out(trainer: Any, notes: list[str]) -> Any:
    """What the Trainer evaluates on; None where there is nothing."""
    held = trainer.eval_dataset
    if isinstance(held, dict):
        notes.append(f"val: the first of {len(held)} data sets for evaluation is used.")
        return next(iter(held.values()))
    return held


def _factory(trainer: Any) -> tuple[Callable[..., Any], str]:
    """What makes a factory of models, given what is done to each; and a sentence."""
    name = type(trainer.model).__name__
    if trainer.model_init is not None:
        said = f"Model: every trial makes {name} anew, by the Trainer's model_init."
        return lambda finish: Remade(ByModelInit(trainer), {}, finish), said
    said = (
        f"Model: every trial begins with the weights that the Trainer's {name} has, those of its "
        "last layer too; give the Trainer model_init= to have that drawn anew."
    )
    return lambda finish: Copied(trainer.model, finish), said


class ByModelInit:
    """A Trainer's `model_init`, called as the Trainer does."""

    def __init__(self, trainer: Any) -> None:
        """Take the Trainer."""
        self.trainer = trainer
        self.__qualname__ = getattr(trainer.model_init, "__qualname__", "model_init")

    def __call__(self) -> nn.Module:
        """A fresh model."""
        made: nn.Module = self.trainer.call_model_init()
        return made


def _task(model: Any) -> str:
    """The task that the model's configuration and its name speak for."""
    config = getattr(model, "config", None)
    name = type(model).__name__
    for ending, task in TASKS_OF_HEADS.items():
        if name.endswith(ending):
            return task
    problem = getattr(config, "problem_type", None)
    if problem in PROBLEMS:
        return PROBLEMS[problem]
    one = getattr(config, "num_labels", 2) == 1 and name.endswith("ForSequenceClassification")
    return "regression" if one else "classification"


def _collate(trainer: Any, notes: list[str]) -> Callable[[list[Any]], Any]:
    """The Trainer's collator, without the columns that the model does not take, as the Trainer
    leaves them out.
    """
    if not trainer.args.remove_unused_columns:
        return WithoutColumns(trainer.data_collator, None)
    reader = copy(trainer)
    reader._set_signature_columns_if_needed()  # noqa: SLF001 - the one place that knows them
    kept = frozenset(reader._signature_columns)  # noqa: SLF001
    columns = getattr(trainer.train_dataset, "column_names", None)
    if columns is None:
        try:
            first = trainer.train_dataset[0]
        except Exception:  # noqa: BLE001 - a stream, or what the loading will tell of
            first = {}
        columns = list(first) if isinstance(first, Mapping) else []
    if left := [name for name in columns if name not in kept]:
        notes.append(f"Columns that the model does not take are left out: {', '.join(left)}.")
    return WithoutColumns(trainer.data_collator, kept)


class WithoutColumns:
    """A collator that is given some of the columns only."""

    def __init__(self, collator: Callable[..., Any], kept: frozenset[str] | None) -> None:
        """`kept`: by name; None for all."""
        self.collator, self.kept = collator, kept

    def __call__(self, items: list[Any]) -> dict[str, Any]:
        """A batch."""
        if self.kept is not None:
            items = [
                {key: value for key, value in item.items() if key in self.kept}
                if isinstance(item, Mapping) else item
                for item in items
            ]  # fmt: skip
        return dict(self.collator(items))
