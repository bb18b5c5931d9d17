"""The head alone: trained on features that are computed once, and kept to start from."""

import math
from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from recipe.plugin import (
    Context,
    Halving,
    Trial,
    best_of,
    in_head,
    read_sealed,
    rounded,
    start_file,
    usual_rates,
    write_sealed,
)
from recipe_steps.grids import number
from recipe_steps.transfer.training_lengths import enough

if TYPE_CHECKING:
    from recipe.plugin import Scalar

SPREAD = (0.1, 0.3, 1.0, 3.0, 10.0)
"""Factors of the optimizer's usual rate: heads on features of any scale."""
DECAYS = {"adamw": (1e-2, 1e-1)}
USUAL_DECAYS = (1e-4, 1e-2)
SLOW_SPREAD = (0.3, 1.0, 3.0)
"""The factors where every epoch runs the whole model."""
SLOW = Halving(share=1 / 4, keep=1 / 3)


def probe(ctx: Context) -> list[Trial]:
    """Trainings of the head alone, every rate with every decay; whole ones where features are kept,
    else of fewer rates, the worse ones cut.
    """
    experiment = ctx.experiment
    everything = len(experiment.blocks)
    frozen = experiment.with_params({"freeze": everything})
    kept = ctx.runner.features_of(frozen)
    name = experiment.optimizer if isinstance(experiment.optimizer, str) else "sgd"
    decays = DECAYS.get(name, USUAL_DECAYS) if kept else (experiment.weight_decay,)
    middle = usual_rates(experiment)[0]
    cells: list[dict[str, Scalar]] = [
        {"lr": rounded(middle * by), "weight_decay": decay, "freeze": everything}
        for decay in decays for by in (SPREAD if kept else SLOW_SPREAD)
    ]  # fmt: skip
    epochs = enough(ctx) if kept else experiment.epochs or 1
    return ctx.run_trials(cells, None if kept else SLOW, epochs=epochs)


def rate_of(ctx: Context, trials: Sequence[Trial]) -> float | None:
    """The middle of the rates, on a logarithmic scale, at which the head scores as high as the best
    one, but for a standard error: of rates that are as good, the luckiest says nothing.
    """
    best = best_of(trials)
    if best is None or best.val_score is None:
        return None if best is None else number(best.params["lr"])
    least = best.val_score - ctx.score_error(best)
    same = [t for t in trials if t.params["weight_decay"] == best.params["weight_decay"]]
    good = [t for t in same if t.val_score is not None and t.val_score >= least]
    rates = [rate for t in good if (rate := number(t.params["lr"]))]
    return math.exp(fmean(math.log(rate) for rate in rates)) if rates else None


def keep_head(ctx: Context, trial: Trial) -> str:
    """Keep the head of a trial in the run folder; the name by which a training starts from it.

    Its rate may then be low from the beginning (linear probing, then fine-tuning: Kumar et al.
    2022, "Fine-tuning can distort pretrained features").
    """
    from safetensors.torch import load, save

    name = f"probe-{trial.key[:8]}"
    path = start_file(ctx.experiment.starts, name)
    if read_sealed(path) is None:
        whole = load(ctx.runner.weights(trial, ctx.experiment_of(trial)))
        head = {n: v for n, v in whole.items() if in_head(n, ctx.experiment.head)}
        path.parent.mkdir(exist_ok=True)
        write_sealed(path, save(head))
    return name
