"""What torchmetrics is given to compute a metric: its objects by name, and what they read.

torchmetrics is imported when the first of them is made.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from recipe.tasks.base import Task, wide

Kind = Literal["multiclass", "binary", "multilabel", "regression"]
QUIET: dict[str, Any] = {"sync_on_compute": False}
"""Every process sees all of the validation data: nothing is to be gathered."""
UNCHECKED = {**QUIET, "validate_args": False}
"""Outputs and targets were looked at before; their checks cost more than the scores."""
ROUNDED = 1e-3
"""What rounding adds to a sum of probabilities."""
TOP = 5


class Meter(Protocol):
    """What torchmetrics calls a Metric."""

    def update(self, scores: Tensor, labels: Tensor) -> None:
        """Take in a batch."""

    def compute(self) -> Tensor:
        """Of all batches so far."""


Make = Callable[[Tensor], Meter]
"""From a first batch of scores, which shows how many classes or labels there are, and where."""


def read(task: Task, kind: Kind, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Scores and labels of what counts, as torchmetrics takes them.

    Returns:
        Probabilities [n, C] and classes [n] (multiclass), probabilities and answers [n] (binary) or
        [N, labels] (multilabel), values and targets [N, D] (regression).

    """
    if kind == "multiclass":
        return _classes(task, outputs, targets)
    if kind == "regression":
        true = wide(targets).reshape(len(targets), -1)
        return wide(outputs).reshape(true.shape), true
    cut = getattr(task, "threshold", 0.0)
    scores = wide(outputs) if cut else wide(outputs).sigmoid()
    answers = (targets.reshape(outputs.shape) > 0.5).long()
    if kind == "binary":
        return scores.flatten(), answers.flatten()
    return scores, answers


def _classes(task: Task, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    axis = task.class_axis(outputs, targets)
    rows = wide(outputs).movedim(axis, -1).flatten(0, -2)
    counted = task.counted(targets).flatten()
    rows, labels = rows[counted], targets.long().flatten()[counted]
    sums = rows.sum(-1)
    shares = bool((rows >= 0).all()) and torch.allclose(sums, sums.new_ones(()), atol=ROUNDED)
    return rows if shares else rows.softmax(-1), labels


def _on(scores: Tensor, meter: Any) -> Meter:
    """Where the scores are, and with their digits."""
    made: Meter = meter.to(scores.device).set_dtype(scores.dtype)
    return made


def _multiclass(name: str, **options: Any) -> Make:
    def make(scores: Tensor) -> Meter:
        from torchmetrics import classification

        n = scores.shape[1]
        given = dict(options)
        if "top_k" in given:
            given["top_k"] = min(given["top_k"], n)
        kind = getattr(classification, f"Multiclass{name}")
        return _on(scores, kind(num_classes=n, **given, **UNCHECKED))

    return make


def _binary(name: str, **options: Any) -> Make:
    def make(scores: Tensor) -> Meter:
        from torchmetrics import classification

        return _on(scores, getattr(classification, f"Binary{name}")(**options, **UNCHECKED))

    return make


def _multilabel(name: str, **options: Any) -> Make:
    def make(scores: Tensor) -> Meter:
        from torchmetrics import classification

        kind = getattr(classification, f"Multilabel{name}")
        return _on(scores, kind(num_labels=scores.shape[1], **options, **UNCHECKED))

    return make


def _regression(name: str, **options: Any) -> Make:
    def make(scores: Tensor) -> Meter:
        from torchmetrics import regression

        return _on(scores, getattr(regression, name)(**options, **QUIET))

    return make


def _by_column(name: str) -> Make:
    """The mean over the values of an item."""

    def make(scores: Tensor) -> Meter:
        from torchmetrics import regression

        kind = getattr(regression, name)
        return _Mean(_on(scores, kind(num_outputs=scores.shape[1], **QUIET)))

    return make


def _perplexity(scores: Tensor) -> Meter:
    from torchmetrics.text import Perplexity

    return _OfLogits(_on(scores, Perplexity(**QUIET)))


class _Mean:
    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def update(self, scores: Tensor, labels: Tensor) -> None:
        self._meter.update(scores, labels)

    def compute(self) -> Tensor:
        return self._meter.compute().mean()


class _OfLogits:
    """Of probabilities, whose logarithms are logits; classes [n] as one sequence [1, n]."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def update(self, scores: Tensor, labels: Tensor) -> None:
        tiny = torch.finfo(scores.dtype).tiny
        self._meter.update(scores.clamp(min=tiny).log()[None], labels[None])

    def compute(self) -> Tensor:
        return self._meter.compute()


class _TwoClasses:
    """Yes or no as classes 0 and 1, which count alike."""

    def __init__(self, make: Make) -> None:
        self._make = make
        self._meter: Meter | None = None

    def update(self, scores: Tensor, labels: Tensor) -> None:
        scores = torch.stack([1 - scores, scores], -1)
        if self._meter is None:
            self._meter = self._make(scores)
        self._meter.update(scores, labels)

    def compute(self) -> Tensor:
        return torch.tensor(torch.nan) if self._meter is None else self._meter.compute()


def _of_two(make: Make) -> Make:
    return lambda _: _TwoClasses(make)


class _Occurring:
    """The mean over the classes that occur in the targets, or the labels that are yes somewhere;
    for `both`, also no somewhere. torchmetrics counts the others as zero, scikit-learn does not.
    """

    def __init__(self, meter: Meter, *, both: bool) -> None:
        self._meter, self._both = meter, both
        self._yes: Tensor | int = 0
        self._items = 0

    def update(self, scores: Tensor, labels: Tensor) -> None:
        self._meter.update(scores, labels)
        if scores.ndim > labels.ndim:  # classes
            self._yes = self._yes + torch.bincount(labels, minlength=scores.shape[1])
        else:
            self._yes = self._yes + labels.reshape(len(labels), -1).sum(0)
        self._items += len(labels)

    def compute(self) -> Tensor:
        occurs = torch.as_tensor(self._yes > 0)
        if self._both:
            occurs &= torch.as_tensor(self._yes < self._items)
        return self._meter.compute().reshape(-1)[occurs].mean()


def _occurring(make: Make, *, both: bool = False) -> Make:
    return lambda scores: _Occurring(make(scores), both=both)


def _ranked(name: str, *, both: bool) -> Mapping[Kind, Make]:
    return {
        "multiclass": _occurring(_multiclass(name, average="none"), both=both),
        "binary": _occurring(_binary(name), both=both),
        "multilabel": _occurring(_multilabel(name, average="none"), both=both),
    }


def _averaged(name: str, average: str) -> Mapping[Kind, Make]:
    several = _multiclass(name, average=average)
    return {
        "multiclass": several,
        "binary": _of_two(several),
        "multilabel": _multilabel(name, average=average),
    }


def _family(stem: str, name: str) -> dict[str, Mapping[Kind, Make]]:
    """F1, precision or recall: of the yes (binary), the mean over classes (multiclass), of all
    labels together (multilabel); and by a named average.
    """
    plain: Mapping[Kind, Make] = {
        "multiclass": _multiclass(name, average="macro"),
        "binary": _binary(name),
        "multilabel": _multilabel(name, average="micro"),
    }
    averages = ("macro", "micro", "weighted")
    return {stem: plain, **{f"{stem}_{each}": _averaged(name, each) for each in averages}}


_RECALLS = _occurring(_multiclass("Recall", average="none"))

MAKERS: Mapping[str, Mapping[Kind, Make]] = {
    "accuracy": {
        "multiclass": _multiclass("Accuracy", average="micro"),
        "binary": _binary("Accuracy"),
        "multilabel": _multilabel("Accuracy", average="micro"),
    },
    "balanced_accuracy": {"multiclass": _RECALLS, "binary": _of_two(_RECALLS)},
    "top5_accuracy": {"multiclass": _multiclass("Accuracy", average="micro", top_k=TOP)},
    **_family("f1", "F1Score"),
    **_family("precision", "Precision"),
    **_family("recall", "Recall"),
    "auroc": _ranked("AUROC", both=True),
    "average_precision": _ranked("AveragePrecision", both=False),
    "mcc": {
        "multiclass": _multiclass("MatthewsCorrCoef"),
        "binary": _binary("MatthewsCorrCoef"),
    },
    "cohen_kappa": {
        "multiclass": _multiclass("CohenKappa"),
        "binary": _binary("CohenKappa"),
    },
    # Of the two classes of a mask too; "iou" and "dice" are of its ones.
    "mean_iou": _averaged("JaccardIndex", "macro"),
    "iou": {"binary": _binary("JaccardIndex")},
    # Dice of a class is its F1 over all pixels; the mean is over the classes that occur.
    "dice": {
        "multiclass": _multiclass("F1Score", average="macro"),
        "binary": _binary("F1Score"),
    },
    "perplexity": {"multiclass": _perplexity},
    "mae": {"regression": _regression("MeanAbsoluteError")},
    "mse": {"regression": _regression("MeanSquaredError")},
    "rmse": {"regression": _regression("MeanSquaredError", squared=False)},
    "mape": {"regression": _regression("MeanAbsolutePercentageError")},
    # As the task's own score: squared errors of all values over all their deviations.
    "r2": {"regression": _regression("R2Score", multioutput="variance_weighted")},
    "explained_variance": {
        "regression": _regression("ExplainedVariance", multioutput="variance_weighted")
    },
    "pearson": {"regression": _by_column("PearsonCorrCoef")},
    "spearman": {"regression": _by_column("SpearmanCorrCoef")},
}
"""By name and kind of task."""
