"""The curves of the best trial and of the baseline, as evidence."""

import torch
from torch import Tensor

from recipe.context import Context
from recipe.results import Curve, Evidence, Scalar, Trial
from recipe.training.data import TensorData
from recipe.training.loop import iterations_per_epoch

CURVES = ("train_loss", "val_loss", "train_score", "val_score", "lr", "update_ratio", "grad_norm",
          "dead_units", "saturated_units", "batch_loss")  # fmt: skip


def measure(ctx: Context) -> Evidence:
    """Scalars and curves prefixed `best_` and `baseline_`, as far as there are such trials."""
    scalars: dict[str, Scalar] = {"metric": ctx.experiment.metric_name}
    curves: dict[str, Curve] = {}
    for name, trial in (("best", ctx.best_trial), ("baseline", ctx.baseline_trial)):
        if trial is not None:
            found = subject(ctx, name, trial)
            scalars |= found.scalars
            curves |= found.curves
    return Evidence(scalars, curves)


def subject(ctx: Context, name: str, trial: Trial) -> Evidence:
    """One trial's curves and what a rule needs to know beside them."""
    experiment = ctx.experiment_of(trial)
    schedule = experiment.schedule
    scalars: dict[str, Scalar] = {
        f"{name}_status": trial.status,
        f"{name}_epochs": trial.epochs,
        f"{name}_planned_epochs": trial.planned_epochs,
        f"{name}_kept_epoch": None if trial.best_epoch is None else trial.best_epoch + 1,
        f"{name}_score": trial.val_score,
        f"{name}_schedule": schedule if isinstance(schedule, str) else "own",
        f"{name}_warmup": experiment.warmup,
        f"{name}_regularised": experiment.augment is not None,
        f"{name}_items": len(ctx.data.val),
        f"{name}_updates": trial.epochs
        * iterations_per_epoch(ctx.data.train, experiment.batch_size),
        f"{name}_weight_decay": experiment.weight_decay,
        f"{name}_optimizer": experiment.optimizer if isinstance(experiment.optimizer, str) else "",
    }
    val = ctx.data.val
    targets = val.y if isinstance(val, TensorData) else next(iter(val.eval_batches()))[1]
    scalars[f"{name}_chance"] = ctx.task.chance_score(targets)
    if experiment.loss is None and isinstance(experiment.task, str):
        scalars[f"{name}_start"] = constant_loss(ctx.task.target_kind, targets)
    curves = {f"{name}_{c}": trial.curves[c] for c in CURVES if trial.curves.get(c)}
    return Evidence(scalars, curves)


def constant_loss(kind: str, targets: Tensor) -> float:
    """The usual loss of the best constant prediction: entropy of classes, variance of values."""
    if kind == "real":
        return targets.double().reshape(len(targets), -1).var(0, correction=0).mean().item()
    if kind == "zero or one":
        ones = targets.double().reshape(len(targets), -1).mean(0)
        return _entropy(torch.stack([ones, 1 - ones])).mean().item()
    labels = targets[targets >= 0].cpu()
    return _entropy(torch.bincount(labels) / max(1, len(labels))).item()


def _entropy(shares: Tensor) -> Tensor:
    """Over the first axis, in nats."""
    entropy: Tensor = -torch.special.xlogy(shares, shares).sum(0)
    return entropy
