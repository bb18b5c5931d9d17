"""`from_transformers`: an experiment of a `transformers.Trainer`."""

import math
import warnings
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from recipe.core.errors import UsageError
from recipe.data.item_parts import TARGETS
from recipe.data.trees import natural
from recipe.experiment import MODEL_LOSS, Experiment
from recipe.frameworks.batches import first_batch
from recipe.frameworks.fresh_models import Copied, Remade, as_it_is
from recipe.frameworks.libraries import TRANSFORMERS, base_class, is_a, overrides
from recipe.frameworks.optimizers import read_optimizer
from recipe.frameworks.schedules import depends_on_validation, read_schedule, stepped_rates
from recipe.models.adapted import as_declared
from recipe.models.own_loss import Asked, declare
from recipe.models.user_errors import error_location

TRAINER = "Trainer"
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
    held = trainer.eval_dataset
    if isinstance(held, dict):
        notes.append(f"val: the first of {len(held)} data sets for evaluation is used.")
        held = next(iter(held.values()))
    if held is not None:
        fields["val"] = held
    batch = first_batch(trainer.train_dataset, "train", fields["collate"])
    own = _own_loss(trainer, labels, batch, notes)
    if own is None:
        fields["target"] = next((name for name in labels if name in batch), None)
        fields["model"] = factory(as_it_is)
    else:
        fields["model"] = factory(lambda model: declare(model, own))
        if not _one_target(labels, batch):
            fields["batch"] = Several(tuple(name for name in labels if name in batch))
    fields |= _trained(trainer, notes)
    if "metric" not in changes and (metric := _metric(trainer, notes)) is not None:
        fields["metric"] = metric
    if changed := [name for name in HOOKS if overrides(trainer, base_class(
            trainer, TRANSFORMERS, TRAINER), name)]:  # fmt: skip
        notes.append(f"Not called here: {', '.join(changed)} of {type(trainer).__name__}.")
    return Experiment(**{**fields, "notes": tuple(notes), **changes})


def _factory(trainer: Any) -> tuple[Callable[..., Any], str]:
    """What makes a factory of models, given what is done to each; and a sentence."""
    name = type(trainer.model).__name__
    if trainer.model_init is not None:
        return (
            lambda finish: Remade(ByModelInit(trainer), {}, finish),
            f"Model: every trial makes {name} anew, by the Trainer's model_init.",
        )
    return (
        lambda finish: Copied(trainer.model, finish),
        f"Model: every trial begins with the weights that the Trainer's {name} has, those of its "
        "last layer too; give the Trainer model_init= to have that drawn anew.",
    )


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


@dataclass(frozen=True)
class Several:
    """Parts a batch that has several targets."""

    names: tuple[str, ...]

    def __call__(self, batch: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Inputs and targets by name."""
        targets = {name: batch[name] for name in self.names}
        return {name: part for name, part in batch.items() if name not in targets}, targets


def _one_target(labels: list[str], batch: Mapping[str, Any]) -> bool:
    return len([name for name in labels if name in batch]) == 1


def _own_loss(trainer: Any, labels: list[str], batch: Any, notes: list[str]) -> "ByTrainer | None":
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


def _trained(trainer: Any, notes: list[str]) -> dict[str, Any]:
    """Optimizer, schedule, batch size and epochs, as arguments of `Experiment`."""
    args = trainer.args
    each, times = args.per_device_train_batch_size, args.gradient_accumulation_steps
    if times > 1:
        notes.append(f"Batches of {each * times}: {each}, accumulated {times} times.")
    steps = _steps(trainer, each, times)
    limit = args.max_steps if args.max_steps > 0 else None
    if steps is None and limit is None:
        raise UsageError(
            "The Trainer's data have no length: set max_steps in its TrainingArguments, as it needs "
            "that too."
        )
    steps = steps or limit or 1
    total = limit or math.ceil(args.num_train_epochs * steps)
    epochs = max(1, math.ceil(total / steps))
    if epochs * steps != total:
        notes.append(
            f"Epochs: {epochs} whole ones, for the Trainer's {total} steps of {steps} each epoch."
        )
    fields = {"batch_size": each * times, "epochs": epochs}
    worker = copy(trainer)
    try:
        optimizer = worker.create_optimizer()
        read = read_optimizer(optimizer, trainer.model)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dummy = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=read.lr or 1.0)
            worker.lr_scheduler, worker.optimizer = None, dummy
            scheduler = worker.create_scheduler(total, dummy)
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(
            f"The Trainer's optimizer cannot be made: {type(error).__name__}: {error} "
            f"({error_location(error)})."
        ) from error
    fields |= {"optimizer": read.optimizer, "momentum": read.momentum,
               "weight_decay": read.weight_decay, "lr": read.lr}  # fmt: skip
    kind = str(getattr(args.lr_scheduler_type, "value", args.lr_scheduler_type))
    if trainer.lr_scheduler is not None:
        notes.append("The Trainer was given a scheduler of its own; lr_scheduler_type is read.")
    if depends_on_validation(scheduler) or "greedy" in kind:
        notes.append(f"Schedule: {kind} waits for the validation; the rate stays constant.")
        fields["schedule"] = "constant"
    else:
        schedule = read_schedule(stepped_rates(scheduler, dummy, total), kind, by_step=True)
        rise = args.get_warmup_steps(total)
        fields |= {"schedule": schedule.schedule, "lr": schedule.lr}
        notes.append(f"Schedule: {kind}"
                     + (f", the rate rising over the first {rise} of {total} steps." if rise else ".")
                     )  # fmt: skip
    notes.append(f"Optimizer: {read.said}, lr {fields['lr']:g}, weight decay "
                 f"{read.weight_decay:g}.")  # fmt: skip
    if args.fp16 or args.bf16:
        kind = "fp16" if args.fp16 else "bf16"
        notes.append(
            f"The Trainer's {kind} is not taken over: which precision is the fastest and faithful "
            "here is measured."
        )
    return fields


def _steps(trainer: Any, each: int, times: int) -> int | None:
    """Steps of the optimizer in an epoch, as the Trainer counts them; None for a stream."""
    try:
        items = len(trainer.train_dataset)
    except TypeError:
        return None
    batches = items // each if trainer.args.dataloader_drop_last else math.ceil(items / each)
    return max(1, math.ceil(batches / times))


def _metric(trainer: Any, notes: list[str]) -> "ByComputeMetrics | None":
    """The score of `compute_metrics` that the best model is chosen by, or the first one."""
    if trainer.compute_metrics is None:
        return None
    name = trainer.args.metric_for_best_model
    name = None if name is None else name.removeprefix("eval_")
    if name == "loss":
        return None
    lower = name is not None and trainer.args.greater_is_better is False
    notes.append("Score: " + (f"{name} of compute_metrics." if name else
                              "the first entry of compute_metrics."))  # fmt: skip
    return ByComputeMetrics(
        trainer.compute_metrics, trainer.preprocess_logits_for_metrics, name, lower=lower
    )


class ByComputeMetrics:
    """A metric of the recipe's by a Trainer's `compute_metrics`."""

    def __init__(
        self, function: Callable[..., Any], before: Callable[..., Any] | None, name: str | None,
        *, lower: bool,
    ) -> None:  # fmt: skip
        """Take the functions.

        Args:
            function: EvalPrediction -> dict of numbers.
            before: (logits, labels) -> what of the logits is kept.
            name: of the number; None for the first.
            lower: whether less of it is better.

        """
        self.function, self.before, self.name, self.lower = function, before, name, lower
        self.__name__ = f"minus_{name}" if lower else name or "score"
        self.__qualname__ = f"{getattr(function, '__qualname__', 'metric')} {self.__name__}"

    def __call__(self, outputs: Any, targets: Any) -> float:
        """The score, higher is better.

        Raises:
            UsageError: `compute_metrics` gives no such number.

        """
        from transformers import EvalPrediction

        logits, labels = natural(outputs), natural(targets)
        if self.before is not None:
            logits = self.before(logits, labels)
        found = self.function(EvalPrediction(_arrays(logits), _arrays(labels)))
        name = self.name or next(iter(found), None)
        for key in (name, f"eval_{name}"):
            if key in found:
                return -float(found[key]) if self.lower else float(found[key])
        raise UsageError(
            f"compute_metrics gives {', '.join(map(str, found)) or 'nothing'}, and no {name!r}: set "
            "metric_for_best_model to one of them."
        )


def _arrays(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().cpu().numpy()
    if isinstance(value, Mapping):
        return {key: _arrays(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return tuple(_arrays(part) for part in value)
    return np.asarray(value)
