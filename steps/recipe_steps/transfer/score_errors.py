"""How sure it is that one way to train does better than another, on the same validation items."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import combinations

from recipe.plugin import (
    Batch,
    Context,
    Scalar,
    Trial,
    best_of,
    build_model,
    finite,
    lead_error,
    model_outputs,
    part_sums,
)


def score_errors(ctx: Context, best: Mapping[str, Trial | None]) -> dict[str, Scalar]:
    """The standard error of the best score, and of the difference between any two of them: ways are
    right and wrong about much the same items, so that it is smaller than those of their scores.
    """
    known = {way: t for way, t in best.items() if t is not None and t.val_score is not None}
    top = best_of(list(known.values()))
    if top is None:
        return {}
    items = len(ctx.data.val)
    sums = {w: part_sums(ctx.experiment, _answers(ctx, t), items) for w, t in known.items()}
    found: dict[str, Scalar] = {"score_error": ctx.score_error(top)}
    for one, other in combinations(known, 2):
        pair = sums[one], sums[other]
        if pair[0] is not None and pair[1] is not None:
            error = lead_error(ctx.task, pair[0], pair[1], ctx.seed_for("lead"))
            found[f"{one}_{other}_error"] = finite(error)
    return found


def _answers(ctx: Context, trial: Trial) -> Iterable[Batch]:
    """Of the model that a trial trained, on the validation data."""
    from safetensors.torch import load

    experiment = ctx.experiment_of(trial)
    model = build_model(replace(experiment, begin_from=None), ctx.seed, ctx.device)
    model.load_state_dict(load(ctx.runner.weights(trial, experiment)))
    return model_outputs(model, ctx.data.val)
