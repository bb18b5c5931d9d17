"""The sample once more under other conditions, where the declared ones are suspected."""

from dataclasses import replace

from torch import nn

from recipe.plugin import (
    Context,
    Experiment,
    Scalar,
    TensorData,
    build_model,
    usual_rates,
)
from recipe_steps.inspect.remedies import with_standard_inputs
from recipe_steps.inspect.scaling import input_scale, scale_suspected
from recipe_steps.overfit_sample.attempts import (
    Attempt,
    attempt,
    candidate_rates,
    passes_over,
    share_of_way,
)
from recipe_steps.overfit_sample.optimizer_settings import suspicious, with_usual_settings

RATES_OF_OTHERS = 2
"""Rates that another optimizer is tried at."""
STRONG_DROPOUT = 0.6
STRONG_DECAY = 1e-3
"""Dropout, and rate times weight decay (the share of each weight that an update takes away),
from which the sample is learnt once more as declared."""
REGULARIZED_PATIENCE = 3
"""How many times as many passes dropout is given."""


def on_standard_inputs(
    ctx: Context, bare: Experiment, sample: TensorData, best: Attempt, target: float
) -> dict[str, Scalar]:
    """Whether the sample is learnt on standardised inputs; looked at where it is not learnt as it
    is, and the inputs are far from zero mean and unit scale.
    """
    data = ctx.data
    if best.best >= target or not isinstance(data.train, TensorData):
        return {}
    size, widest = input_scale(data.train.x)
    if size is None or widest is None or not scale_suspected(data.train.x, size, widest):
        return {}
    standard = with_standard_inputs(bare, data)
    _, passes = passes_over(sample, bare.batch_size)  # as many as the last attempt had
    for lr in dict.fromkeys([bare.lr or 0.0, *usual_rates(bare)[:RATES_OF_OTHERS]]):
        tried = attempt(ctx, replace(standard, lr=lr, epochs=passes), sample, target)
        if tried.best >= target:
            return {
                "input_feature_size": size,
                "input_feature_deviation": widest,
                "learnt_on_standard_inputs": True,
            }
    return {"learnt_on_standard_inputs": False}


def with_usual_optimizer(
    ctx: Context, bare: Experiment, sample: TensorData, target: float, marks: dict[str, Scalar]
) -> dict[str, Scalar]:
    """How much of the sample is learnt with usual settings of the optimizer, and in how many
    passes; looked at where the declared ones change the rate by orders.
    """
    if not suspicious(marks):
        return {}
    usual = with_usual_settings(bare, str(marks["usual_optimizer"]))
    chance, perfect = ctx.task.chance_score(sample.y), target + ctx.task.tolerance
    best = Attempt(0.0)
    passes, _ = passes_over(sample, bare.batch_size)
    for lr in candidate_rates(usual)[:RATES_OF_OTHERS]:
        tried = attempt(ctx, replace(usual, lr=lr, epochs=passes), sample, target)
        best = max(best, tried, key=lambda one: one.best)
        if best.best >= target:
            break
    return {
        "usual_optimizer_progress": share_of_way(best.best, chance, perfect),
        "usual_optimizer_passes": best.passes,
    }


def with_regularization(
    ctx: Context, experiment: Experiment, sample: TensorData, best: Attempt, perfect: float
) -> dict[str, Scalar]:
    """The share of the way from chance to perfect that is reached as declared, with dropout and
    weight decay; looked at only where one of them is strong and the sample can be learnt.
    """
    target = perfect - ctx.task.tolerance - 1e-9
    decay = ctx.experiment.weight_decay or 0.0
    model = build_model(ctx.experiment, ctx.seed_for("fit"), ctx.device)
    dropout = max((m.p for m in model.modules() if isinstance(m, nn.modules.dropout._DropoutNd)),  # noqa: SLF001
                  default=0.0)  # fmt: skip
    strong = {
        f"dropout of {dropout:g}": dropout >= STRONG_DROPOUT,
        f"a weight decay of {decay:g}": best.lr * decay >= STRONG_DECAY,
    }
    if best.best < target or not any(strong.values()):
        return {}
    passes = REGULARIZED_PATIENCE * best.passes + passes_over(sample, experiment.batch_size)[0]
    declared = replace(experiment, weight_decay=decay, epochs=passes)
    tried = attempt(ctx, declared, sample, target, regularized=True)
    chance = ctx.task.chance_score(sample.y)
    return {
        "regularized_progress": share_of_way(tried.best, chance, perfect),
        "regularized_by": " and ".join(what for what, is_strong in strong.items() if is_strong),
    }
