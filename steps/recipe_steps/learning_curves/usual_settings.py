"""The declared training once more with usual settings of its optimizer, where its own are not."""

from dataclasses import replace

from recipe.plugin import (
    Context,
    Experiment,
    Fit,
    Scalar,
    Training,
    build_model,
    patience_for,
    planned_rates,
    usual_rates,
)
from recipe_steps.learning_curves.branches import affordable
from recipe_steps.overfit_sample.optimizer_settings import outside, with_usual_settings

OTHER = 3.0
"""Factor from which a usual rate is another one than the declared one."""
ENOUGH = 0.1
"""Gain with which the search for usual settings ends."""


def settings_marks(ctx: Context) -> dict[str, Scalar]:
    """What is unusual about the optimizer of the declared setting, its score, and that of as long a
    training with usual settings, from the same weights and batches: at the same rate and, where
    that brings little, at a usual one.

    Nothing where the settings are usual, or no setting is declared; no score where the budget does
    not pay for it.
    """
    trial = ctx.baseline_trial
    if trial is None or ctx.experiment.lr is None:
        return {}
    experiment = ctx.experiment_of(trial)
    found = outside(experiment, build_model(experiment, ctx.seed, ctx.device))
    name = found.get("usual_optimizer")
    if not isinstance(name, str) or not affordable(ctx, experiment):
        return found
    chance = ctx.task.chance_score(ctx.val_targets) if ctx.experiment.metric is None else 0.0
    before = chance if trial.status == "diverged" else trial.val_score
    if before is None:
        return found
    found |= {"unusual_score": before, "usual_chance": chance,
              "usual_score_name": f"val_{ctx.experiment.metric_name}"}  # fmt: skip
    usual = with_usual_settings(experiment, name)
    rates = [ctx.experiment.lr]
    rates += [r for r in usual_rates(usual)[:1] if max(r / rates[0], rates[0] / r) > OTHER]
    for lr in rates:
        ctx.progress(0, 1, f"a training with usual settings of the optimizer, at {lr:g}")
        after = _score(ctx, replace(usual, lr=lr))
        if after is None or after <= float(found.get("usual_score", before) or before):
            continue
        error = ctx.task.score_error(after, ctx.val_answers(ctx.val_targets))
        found |= {"usual_score": after, "usual_score_error": error, "usual_lr": lr}
        if after - before > ENOUGH:
            break
    return {"usual_score": before, **found}


def _score(ctx: Context, experiment: Experiment) -> float | None:
    training = Training(
        experiment, ctx.data, seed=ctx.seed, device=ctx.device,
        rates=planned_rates(experiment, ctx.data), mode=ctx.careful_mode,
    )  # fmt: skip
    epochs = experiment.epochs or 1
    fit = Fit(training, epochs, patience_for(epochs))
    fit.advance(epochs)
    ctx.meter.epochs += fit.done
    return fit.best_score
