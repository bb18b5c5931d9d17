"""How good the chosen model is, in the figures that people of each field ask for."""

import json
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from recipe.plugin import Batch, Context, Curve, Scalar, curve
from recipe_steps.finish.answers import joined
from recipe_steps.sheets import class_names, in_units

MOST_CLASSES, MOST_POINTS = 40, 400
"""Of a confusion matrix; and of items, or thresholds, in a plot."""
Marks = tuple[dict[str, Scalar], dict[str, Curve]]


def quality(ctx: Context, found: Sequence[Batch], loss: float | None) -> Marks:
    """Of single labels the confusion matrix, precision, recall and F1 of each class; of yes or no
    the threshold curve and the areas below it; of amounts the errors in the unit of the target; of
    a text the perplexity. By scikit-learn where it has them.

    Args:
        ctx: of the step.
        found: outputs and targets of the validation items, batch by batch.
        loss: of the chosen model.

    """
    if ctx.task.name == "language_model":
        return _of_text(ctx, loss), {}
    both = joined(ctx, found)
    if both is None:
        return {}, {}
    outputs, targets = both
    kind = ctx.task.target_kind
    if kind == "class index" and targets.ndim == 1 and outputs.ndim == 2:
        counted = ctx.task.counted(targets)
        return _of_classes(ctx, targets[counted], outputs[counted].argmax(1), outputs.shape[1])
    if kind == "zero or one" and targets[0].numel() == 1:
        cut = getattr(ctx.task, "threshold", 0.0)
        shares = outputs.reshape(-1) if cut else outputs.reshape(-1).sigmoid()
        y = targets.reshape(-1).long()
        scalars, curves = _of_classes(ctx, y, (shares > 0.5).long(), 2)
        more = _of_thresholds(y, shares)
        return scalars | more[0], curves | more[1]
    if kind == "real" and targets.shape == outputs.shape and targets[0].numel() == 1:
        return _of_amounts(ctx, targets.reshape(-1), outputs.reshape(-1))
    return {}, {}


def _of_classes(ctx: Context, y: Tensor, said: Tensor, classes: int) -> Marks:
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    there = sorted(set(y.tolist()) | set(said.tolist()))
    known = class_names(ctx)
    if len(there) > MOST_CLASSES or classes < 2 or not len(y):
        return {}, {}
    names = [known[k] if k < len(known) else str(k) for k in there]
    given = y.numpy(), said.numpy()
    precision, recall, f1, items = precision_recall_fscore_support(
        *given, labels=there, zero_division=0.0
    )
    matrix = confusion_matrix(*given, labels=there)
    occurs = items > 0
    scalars: dict[str, Scalar] = {
        "shown_classes": json.dumps(names),
        "mean_recall": float(recall[occurs].mean()),
        "mean_f1": float(f1[occurs].mean()),
    }
    return scalars, {
        "confusion": curve(map(float, matrix.flatten())),
        "class_precision": curve(precision), "class_recall": curve(recall),
        "class_f1": curve(f1), "class_items": curve(map(float, items)),
    }  # fmt: skip


def _of_thresholds(y: Tensor, shares: Tensor) -> Marks:
    from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

    if len(set(y.tolist())) < 2 or not bool(shares.isfinite().all()):
        return {}, {}
    precision, recall, threshold = precision_recall_curve(y.numpy(), shares.numpy())
    some = torch.linspace(0, len(threshold) - 1, min(len(threshold), MOST_POINTS)).long().tolist()
    return (
        {"roc_auc": float(roc_auc_score(y.numpy(), shares.numpy())),
         "average_precision": float(average_precision_score(y.numpy(), shares.numpy()))},
        {"threshold": curve(float(threshold[k]) for k in some),
         "precision": curve(float(precision[k]) for k in some),
         "recall": curve(float(recall[k]) for k in some)},
    )  # fmt: skip


def _of_amounts(ctx: Context, y: Tensor, said: Tensor) -> Marks:
    """In the unit of the target: what was scaled for the model is scaled back."""
    from sklearn.metrics import mean_absolute_error, median_absolute_error, root_mean_squared_error

    if not bool(said.isfinite().all()):
        return {}, {}
    true, answered = (in_units(ctx, part).numpy() for part in (y, said))
    order = torch.linspace(0, len(true) - 1, min(len(true), MOST_POINTS)).long().tolist()
    train = getattr(ctx.data.train, "y", None)
    usual = float(in_units(ctx, train.cpu()).mean()) if isinstance(train, Tensor) else None
    scalars: dict[str, Scalar] = {
        "mean_absolute_error": float(mean_absolute_error(true, answered)),
        "median_absolute_error": float(median_absolute_error(true, answered)),
        "root_mean_squared_error": float(root_mean_squared_error(true, answered)),
    }
    if usual is not None:
        scalars["trivial_absolute_error"] = float(abs(true - usual).mean())
    return scalars, {
        "true_value": curve(float(true[k]) for k in order),
        "predicted_value": curve(float(answered[k]) for k in order),
    }


def _of_text(ctx: Context, loss: float | None) -> dict[str, Scalar]:
    """Perplexity, and bits for each character or token; of the task's own loss alone, which is a
    mean of natural logarithms.
    """
    if loss is None or ctx.experiment.loss is not None:
        return {}
    letters = isinstance(getattr(getattr(ctx.experiment.inputs, "reader", None), "alphabet", None), str)  # fmt: skip # noqa: E501
    unit = "character" if letters else "token"
    return {"perplexity": math.exp(min(loss, 700.0)), f"bits_per_{unit}": loss / math.log(2)}
