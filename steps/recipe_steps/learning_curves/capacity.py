"""Whether more of something lowers the loss: more width that of training, more data that of
validation.
"""

from dataclasses import replace
from statistics import fmean

import torch

from recipe.plugin import (
    Context,
    Evidence,
    Experiment,
    Fit,
    Scalar,
    Splits,
    TensorData,
    Training,
    Trial,
    patience_for,
    planned_rates,
)
from recipe_steps.learning_curves.branches import affordable
from recipe_steps.learning_curves.overfitting import overfits
from recipe_steps.learning_curves.run_curves import Run, runs
from recipe_steps.learning_curves.width import width_of

UPDATES, TAIL, LEAST = 200, 40, 60
"""Of a short training; those whose losses are compared; and those it has at least."""
WIDER, LOWER_RATE = 2, 1 / 3
"""Times the width, and the rate that is tried too where it trains worse at the same one."""
GAP = 0.05
"""Of the score: how far training ends above validation where more data are tried."""
LEAST_HALF = 50
"""Items."""


def capacity_marks(ctx: Context, trial: Trial) -> dict[str, Scalar]:
    """The training loss of a short training as the best run's, and with twice the width, from the
    same seed and batches; nothing where the factory offers no width.
    """
    experiment = ctx.experiment_of(trial)
    found = width_of(experiment)
    if found is None:
        return {}
    name, width = found
    updates = min(UPDATES, len(planned_rates(experiment, ctx.data)))
    if updates < LEAST:
        return {}
    own = _short(ctx, experiment, updates)
    larger = experiment.with_params({name: WIDER * width})
    wider = _short(ctx, larger, updates)
    if own is not None and (wider is None or wider > own):  # of more units a step moves more
        lower = replace(larger, lr=LOWER_RATE * (larger.lr or 0.0))
        again = _short(ctx, lower, updates)
        wider = min((loss for loss in (wider, again) if loss is not None), default=None)
    if own is None or wider is None:
        return {}
    return {"capacity_name": name, "capacity_width": width, "capacity_updates": updates,
            "capacity_loss": own, "capacity_wider_loss": wider}  # fmt: skip


def _short(ctx: Context, experiment: Experiment, updates: int) -> float | None:
    """The mean loss of the last updates, at a constant rate; None where it diverges."""
    training = Training(
        experiment, ctx.data, seed=ctx.seed_for("capacity"), device=ctx.device,
        rates=[experiment.lr or 0.0] * updates, mode=ctx.careful_mode,
    )  # fmt: skip
    losses = training.losses(lambda done: len(done) >= updates)
    ctx.spend(len(losses))
    return fmean(losses[-TAIL:]) if len(losses) == updates else None


def more_data(ctx: Context, trial: Trial, about: Evidence) -> dict[str, Scalar]:
    """The validation score of the best run's setting on half of the training data, in as many
    updates; tried where training scores above validation, or validation loss rises again.

    Args:
        ctx: of the step.
        trial: the best one.
        about: curves and scalars of it.

    """
    train, experiment = ctx.data.train, ctx.experiment_of(trial)
    wanted = any(_suspect(run) for run in runs(about)[:1])
    if not wanted or not isinstance(train, TensorData) or len(train) < 2 * LEAST_HALF:
        return {}
    if trial.val_score is None or ctx.task.ordered:
        return {}
    longer = replace(experiment, epochs=2 * trial.planned_epochs)
    if not affordable(ctx, longer):
        return {}
    drawn = torch.randperm(
        len(train), generator=torch.Generator().manual_seed(ctx.seed_for("half"))
    )
    half = Splits(train.part(sorted(drawn[: len(train) // 2].tolist())), ctx.data.val)
    training = Training(
        longer, half, seed=ctx.seed, device=ctx.device, rates=planned_rates(longer, half),
        mode=ctx.careful_mode,
    )  # fmt: skip
    ctx.progress(0, 1, "a training on half of the data")
    fit = Fit(training, longer.epochs or 1, patience_for(longer.epochs or 1))
    fit.advance(longer.epochs or 1)
    ctx.meter.epochs += fit.done / 2
    if fit.best_score is None:
        return {}
    error = ctx.task.score_error(trial.val_score, ctx.val_answers(ctx.val_targets))
    return {"half_of": trial.number, "half_items": len(half.train), "half_score": fit.best_score,
            "half_whole_score": trial.val_score, "half_error": error}  # fmt: skip


def _suspect(run: Run) -> bool:
    if overfits(run.train_loss, run.val_loss, run.start) is not None:
        return True
    return (
        bool(run.train_score and run.val_score) and run.train_score[-1] - max(run.val_score) > GAP
    )
