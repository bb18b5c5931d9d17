"""The validation items that the best model answers worst: the most confident wrong answers, the
largest errors, or the highest losses; and in which part of the data mistakes gather.
"""

import math
from collections import Counter

import numpy as np
import torch
from torch import Tensor

from recipe.plugin import Context, Curve, Evidence, Scalar, Sheet, TensorData, Tree, Trial
from recipe_steps.learning_curves.best_outputs import best_model, best_outputs
from recipe_steps.rows import main_part
from recipe_steps.sheets import column_names, in_units, label_of, pictures_of, sheet_of

SHOWN, NAMED = 24, 5
"""Items of the sheet, and those that are named."""
LOOKED_AT = 256
"""Items whose losses are taken one by one, where there is not one answer for each."""
LEAST_IN_SLICE, SLICES = 40, 4
"""Items of a slice, and slices of an axis: the lowest quarter, and so on."""
MOST_COLUMNS = 100
LEAST_MISTAKES = 10
"""From which it is asked where they gather."""


@torch.no_grad()
def mistakes(ctx: Context, trial: Trial) -> Evidence:
    """The sheet `mistakes`, and scalars about them; of single labels the recall of each class too
    (`recall_by_class`), and the slice of the items in which mistakes gather most.
    """
    found = best_outputs(ctx, trial)
    val = ctx.data.val
    if found is None or not isinstance(val, TensorData):
        return _by_loss(ctx, trial)
    outputs, y = (part.cpu() for part in found)
    outputs = outputs.reshape(len(y), -1)
    if ctx.task.target_kind == "real":
        return _errors(ctx, val, outputs, y)
    if outputs.shape[1] == 1:
        outputs = torch.cat([torch.zeros_like(outputs), outputs], 1)
    fits = bool(outputs.isfinite().all()) and not y.is_complex() and int(y.max()) < outputs.shape[1]
    if not fits or not bool(ctx.task.counted(y).all()):
        return Evidence()
    return _wrong(ctx, val, outputs, y.long())


def _wrong(ctx: Context, val: TensorData, outputs: Tensor, y: Tensor) -> Evidence:
    shares = outputs.softmax(1)
    sure, said = shares.max(1)
    wrong = said != y
    places = wrong.nonzero().flatten()
    order = places[sure[wrong].argsort(descending=True, stable=True)]
    names = [label_of(ctx, torch.tensor(k)) for k in range(outputs.shape[1])]
    scalars: dict[str, Scalar] = {"mistakes": len(order), "mistakes_of": len(y)}
    if len(order):
        scalars["surest_mistakes"] = "; ".join(
            f"item {k}: {names[said[k]]} ({sure[k]:.2f}) for {names[y[k]]}"
            for k in order[:NAMED].tolist()
        )
        pairs = Counter(zip(said[order].tolist(), y[order].tolist(), strict=True))
        (one, other), count = pairs.most_common(1)[0]
        scalars |= {"most_confused": f"{names[one]} for {names[other]}",
                    "most_confused_count": count}  # fmt: skip
    labels = [
        f"{names[said[k]]} ({sure[k]:.2f})\nis {names[y[k]]}, #{k}" for k in order[:SHOWN].tolist()
    ]
    there = torch.bincount(y, minlength=outputs.shape[1])
    right = torch.bincount(y[~wrong], minlength=outputs.shape[1])
    recall = [float(r) / float(n) if n else None for r, n in zip(right, there, strict=True)]
    scalars |= _where(ctx, val, wrong.numpy())
    curves: dict[str, Curve] = {}
    if len(recall) <= MOST_COLUMNS:
        numbers = tuple(map(float, range(len(recall))))
        curves = {"recall_by_class": tuple(recall), "class_number": numbers}
    return Evidence(scalars, curves, _sheet(ctx, val, order[:SHOWN], labels))


def _errors(ctx: Context, val: TensorData, outputs: Tensor, y: Tensor) -> Evidence:
    """Of real values, the largest errors; and what is said over what is true."""
    if outputs.shape[1] != 1 or not bool(outputs.isfinite().all()):
        return Evidence()
    said, true = in_units(ctx, outputs.flatten()), in_units(ctx, y)
    errors = (said - true).abs()
    order = errors.argsort(descending=True, stable=True)[:SHOWN]
    scalars: dict[str, Scalar] = {
        "largest_errors": "; ".join(
            f"item {k}: {said[k]:.4g} for {true[k]:.4g}" for k in order[:NAMED].tolist()
        ),
        "typical_error": float(errors.median()),
    }
    labels = [f"{said[k]:.4g}\nis {true[k]:.4g}, #{k}" for k in order.tolist()]
    some = torch.linspace(0, len(y) - 1, min(len(y), 300)).long()
    curves = {
        "true_value": tuple(true[some].tolist()),
        "predicted_value": tuple(said[some].tolist()),
    }
    return Evidence(scalars, curves, _sheet(ctx, val, order, labels))


def _by_loss(ctx: Context, trial: Trial) -> Evidence:
    """Where there is not one answer for each item: those with the highest losses."""
    val = ctx.data.val
    if not isinstance(val, TensorData) or ctx.holds_many_outputs or isinstance(val.x, Tree):
        return Evidence()
    model = best_model(ctx, trial)
    if model is None or isinstance(val.y, Tree):
        return Evidence()
    some = val.part(list(range(min(LOOKED_AT, len(val)))))
    losses = []
    for start in range(len(some)):
        one = some.part([start])
        x, y = next(iter(one.eval_batches()))
        losses.append(float(ctx.experiment.loss_function(model(x), y)))
    worst = torch.tensor(losses).nan_to_num().argsort(descending=True, stable=True)[:SHOWN]
    labels = [f"loss {losses[k]:.3g}\n#{k}" for k in worst.tolist()]
    scalars: dict[str, Scalar] = {
        "highest_losses": ", ".join(f"item {k}: {losses[k]:.3g}" for k in worst[:NAMED].tolist())
    }
    return Evidence(scalars, {}, _sheet(ctx, val, worst, labels))


def _sheet(ctx: Context, val: TensorData, places: Tensor, labels: list[str]) -> dict[str, Sheet]:
    if not labels:
        return {}
    made = sheet_of(ctx, val.part(places.tolist()).x, labels, across=6)
    return {} if made is None else {"mistakes": made}


def _where(ctx: Context, val: TensorData, wrong: np.ndarray) -> dict[str, Scalar]:
    """The quarter of the items along an axis in which mistakes are most frequent beyond chance: its
    share of wrong answers, that of all others, and by how many standard errors they differ.
    """
    if int(wrong.sum()) < LEAST_MISTAKES or len(wrong) < SLICES * LEAST_IN_SLICE:
        return {}
    best: dict[str, Scalar] = {}
    count = 0
    for name, values in _axes(ctx, val):
        for what, inside in _slices(values):
            count += 1
            inner, outer = wrong[inside], wrong[~inside]
            if min(len(inner), len(outer)) < LEAST_IN_SLICE:
                continue
            share = wrong.mean()
            error = math.sqrt(share * (1 - share) * (1 / len(inner) + 1 / len(outer)))
            lead = float(inner.mean() - outer.mean()) / error if error else 0.0
            if lead > float(best.get("slice_errors", 0.0) or 0.0):
                best = {"slice": f"{what} {name}", "slice_wrong": float(inner.mean()),
                        "others_wrong": float(outer.mean()), "slice_errors": lead,
                        "slice_items": len(inner)}  # fmt: skip
    return best | {"slices": count} if best else {}


def _slices(values: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """The lowest and the highest quarter; of two values, each."""
    known = np.unique(values)
    if len(known) < 2:
        return []
    if len(known) == 2:
        return [
            ("the lower value of", values == known[0]),
            ("the higher value of", values > known[0]),
        ]
    low, high = np.quantile(values, [1 / SLICES, 1 - 1 / SLICES])
    return [("the lowest quarter of", values <= low), ("the highest quarter of", values >= high)]


def _axes(ctx: Context, val: TensorData) -> list[tuple[str, np.ndarray]]:
    """Values of every item by which they are put into order."""
    part = main_part(val.x)
    if part is None or not part.ndim or len(part) != len(val) or part.is_complex():
        return []
    part = part.detach().cpu()
    pictures = pictures_of(part)
    if pictures is not None:
        flat = pictures.float().flatten(1)
        return [("brightness", flat.mean(1).numpy()), ("contrast", flat.std(1).numpy())]
    if not part.is_floating_point() and part.ndim == 2:
        real = part != 0  # zeros behind the end
        known = bool((real[:, 1:] <= real[:, :-1]).all())
        return [("length", real.sum(1).numpy())] if known else []
    if part.ndim == 2 and part.shape[1] <= MOST_COLUMNS:
        names = column_names(ctx, part.shape[1])
        return list(zip(names, part.double().numpy().T, strict=True))
    return []
