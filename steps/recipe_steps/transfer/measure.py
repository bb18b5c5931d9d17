"""The head alone, fine-tuning from its weights, and training from scratch, as trials of the run."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch

from recipe.plugin import (
    SCRATCH,
    Context,
    Curve,
    Evidence,
    Halving,
    Scalar,
    Trial,
    UsageError,
    best_of,
    build_model,
    rounded,
    usual_rates,
    why_not_reset,
)
from recipe_steps.grids import number
from recipe_steps.transfer import probing
from recipe_steps.transfer.depth_profile import depth_profile, forgetting
from recipe_steps.transfer.head_facts import head_facts
from recipe_steps.transfer.score_errors import score_errors
from recipe_steps.transfer.training_lengths import expected_length, length, updates

FINE = 0.1
"""Of the head's rate: the lecture's "about a tenth of the rate"."""
STEP = 3.0
"""Factor between rates that are tried beside that one, at the best depth."""
RATES_BESIDE = 3
"""That are expected: one below, and the next higher one at two depths."""
SCRATCH_RATES = 3
DEPTHS = Halving(share=1 / 3, keep=0.5)
"""Of different depths, half go on, and of rates beside the one that leads."""
RATES = Halving(share=1 / 3, keep=1 / 3)
"""Of rates from scratch one goes on."""
BUDGET_SHARE = 0.25
"""Of what is left of the budget, for depths, for their rates, and for training from scratch."""
FAR_BELOW = 2.0
"""Standard errors of a score below the head alone, from which forgetting is looked for."""


@dataclass
class _Found:
    """What the step has measured so far."""

    scalars: dict[str, Scalar] = field(default_factory=dict)
    curves: dict[str, Curve] = field(default_factory=dict)


def measure(ctx: Context) -> Evidence:
    """Scores `probe_`, `tuned_` and `scratch_`, with the settings that they belong to; curves over
    the depth that is trained, and over the depth of the features.

    Raises:
        UsageError: no training of the head ended with a score.

    """
    found = _Found(head_facts(ctx))
    baseline = ctx.train_baseline()
    ctx.checkpoints.spared = baseline.key if baseline else None  # its features may be looked at
    probes = probing.probe(ctx)
    probe = best_of(probes)
    if probe is None:
        raise UsageError(
            f"No training of the head alone ended with a score; the first one: "
            f"{probes[0].reason or probes[0].status}."
        )
    ctx.refer_to(probe)
    found.scalars |= _best("probe", probe) | {"probe_trials": len(probes)}
    epochs = length(ctx)  # the same for all ways: a budget would leave less to the later ones
    found.scalars |= {
        "probe_updates": updates(ctx, probe.planned_epochs), "updates": updates(ctx, epochs),
    }  # fmt: skip
    ctx.in_time(
        "the profile of depths",
        lambda: depth_profile(ctx, probe, found.scalars, found.curves),
    )
    rate = probing.rate_of(ctx, probes)
    found.scalars["probe_rate"] = rate
    tuned = _fine_tuned(ctx, probe, rate, epochs)
    scratch = _from_scratch(ctx, found.scalars, epochs)
    tuned_best, scratch_best = best_of(tuned), best_of(scratch)
    found.scalars |= _best("tuned", tuned_best) | _best("scratch", scratch_best)
    found.curves |= _depths(ctx, probe, tuned)
    found.scalars |= score_errors(
        ctx, {"probe": probe, "tuned": tuned_best, "scratch": scratch_best}
    )
    if baseline is not None:
        found.scalars |= {"declared_score": baseline.val_score, "declared_lr": ctx.experiment.lr}
    for name, trial in (("declared", baseline), ("tuned", tuned_best)):
        if trial is not None and _far_below(ctx, trial, probe):
            look = partial(forgetting, ctx, trial, probe, name)
            found.scalars |= ctx.in_time("what was forgotten", look) or {}
    ctx.checkpoints.spared = None
    return Evidence(found.scalars, found.curves)


def _fine_tuned(ctx: Context, probe: Trial, rate: float | None, epochs: int) -> list[Trial]:
    """From the trained head, at a tenth of the rate that is right for it: with more and fewer
    blocks frozen, then at a lower rate and at higher ones.
    """
    depths = depths_of(ctx)
    if not depths or rate is None:
        return []
    count = ctx.decide("depths", lambda: _paid(ctx.epochs_left, epochs, len(depths), DEPTHS))
    shared: dict[str, Any] = {
        "weight_decay": ctx.experiment.weight_decay,
        "begin_from": probing.keep_head(ctx, probe),
    }
    lr = rounded(rate * FINE)
    cells = [{"lr": lr, **shared, "freeze": depth} for depth in depths[:count]]
    trials = ctx.run_trials(cells, DEPTHS, first=_next(ctx), epochs=epochs)
    best = best_of(trials)
    if best is None:
        return trials
    lower = [{**best.params, "lr": rounded(lr / STEP)}]
    count = ctx.decide("lower rate", partial(_affordable, ctx, epochs, len(lower)))
    trials += ctx.run_trials(lower[:count], DEPTHS, first=_next(ctx), rivals=[best])
    return _higher(ctx, trials, lr, max(rate, usual_rates(ctx.experiment)[0]), epochs)


def _higher(ctx: Context, trials: list[Trial], lr: float, limit: float, epochs: int) -> list[Trial]:
    """Go on to higher rates, at the best depth and at the lowest one, until one ends below the best
    by more than the noise: features that serve less have to change more.
    """
    while (best := best_of(trials)) and (lr := rounded(lr * STEP)) <= limit:
        lowest = min(int(number(trial.params["freeze"]) or 0) for trial in trials)
        depths = dict.fromkeys((best.params["freeze"], lowest))
        cells = [{**best.params, "lr": lr, "freeze": depth} for depth in depths]
        count = ctx.decide(f"rate {lr}", partial(_affordable, ctx, epochs, len(cells)))
        more = ctx.run_trials(cells[:count], DEPTHS, first=_next(ctx), rivals=[best])
        trials += more
        top = best_of(more)
        if top is None or top.val_score is None or best.val_score is None:
            break
        if top.val_score < best.val_score - ctx.score_error(best):
            break
    return trials


def depths_of(ctx: Context) -> list[int]:
    """How many blocks are frozen in fine-tuning: none, half of them, all but the last; more than
    the experiment declares, and where its space names some, those.
    """
    experiment, blocks = ctx.experiment, len(ctx.experiment.blocks)
    named = experiment.space.get("freeze")
    if isinstance(named, Sequence):
        wanted = [value for value in named if isinstance(value, int)]
    else:
        wanted = [experiment.freeze, blocks // 2, blocks - 1]
    fits = [depth for depth in wanted if experiment.freeze <= depth < blocks]
    return list(dict.fromkeys(fits))


def _from_scratch(ctx: Context, scalars: dict[str, Scalar], epochs: int) -> list[Trial]:
    """Without the pretrained weights, at usual rates; the worse ones end early."""
    experiment = ctx.experiment
    if experiment.weights is None:
        plain = build_model(replace(experiment, freeze=0), ctx.seed, torch.device("cpu"))
        if reason := why_not_reset(plain, experiment.head):
            scalars["scratch_reason"] = reason
            ctx.say(f"There is no training from scratch to compare with: {reason}.")
            return []
    rates = usual_rates(experiment)[:SCRATCH_RATES]
    count = ctx.decide("scratch", lambda: _paid(ctx.epochs_left, epochs, len(rates), RATES))
    cells = [
        {
            "lr": rounded(lr),
            "weight_decay": experiment.weight_decay,
            "begin_from": SCRATCH,
            "freeze": 0,
        }
        for lr in rates[:count]
    ]
    return ctx.run_trials(cells, RATES, first=_next(ctx), epochs=epochs)


def _next(ctx: Context) -> int:
    """The number of the next trial of this step."""
    mine = (t.number for t in ctx.trials if t.step == ctx.step and t.round == ctx.round)
    return max(mine, default=0) + 1


def _affordable(ctx: Context, epochs: int, cells: int) -> int:
    """How many of some more rates the budget pays for."""
    return _paid(ctx.epochs_left, epochs, cells, RATES, least=0)


def _paid(left: float | None, epochs: int, cells: int, halving: Halving, least: int = 1) -> int:
    """How many cells a part's share of the budget pays for."""
    if left is None:
        return cells
    fits = (n for n in range(cells, 0, -1) if epochs * halving.cost(n) <= left * BUDGET_SHARE)
    return max(least, next(fits, 0))


def expects(ctx: Context, left: float | None) -> float:
    """Epochs of fine-tuning and of training from scratch, and of the declared setting."""
    depths, epochs = len(depths_of(ctx)), expected_length(ctx, left)
    baseline = ctx.experiment.epochs or 1 if ctx.experiment.has_baseline else 0
    rest = None if left is None else max(0.0, left - baseline)
    parts = (
        (depths, DEPTHS, 1),
        (RATES_BESIDE if depths else 0, DEPTHS, 0),
        (SCRATCH_RATES, RATES, 1),
    )
    total = 0.0
    for cells, halving, least in parts:
        count = _paid(rest, epochs, cells, halving, least) if cells else 0
        total += epochs * halving.cost(count)
    return baseline + total


def _best(name: str, trial: Trial | None) -> dict[str, Scalar]:
    if trial is None:
        return {f"{name}_said": "not trained"}
    score = trial.val_score
    scalars: dict[str, Scalar] = {
        f"{name}_score": score,
        f"{name}_said": "no score" if score is None else f"{score:.4g}",
    }
    for param in ("lr", "weight_decay", "freeze"):
        if param in trial.params:
            scalars[f"{name}_{param}"] = trial.params[param]
    return scalars


def _depths(ctx: Context, probe: Trial, tuned: Sequence[Trial]) -> dict[str, Curve]:
    """The best score over the number of blocks that are trained."""
    blocks = len(ctx.experiment.blocks)
    best: dict[float, float | None] = {0.0: probe.val_score}
    for trial in sorted(tuned, key=lambda t: -(number(t.params["freeze"]) or 0)):
        trained = blocks - (number(trial.params["freeze"]) or 0)
        known = best.get(trained)
        if trial.val_score is not None and (known is None or trial.val_score > known):
            best[trained] = trial.val_score
    return {"depth_trained": tuple(best), "depth_score": tuple(best.values())}


def _far_below(ctx: Context, trial: Trial, probe: Trial) -> bool:
    if trial.val_score is None or probe.val_score is None:
        return False
    error = ctx.score_error(probe)
    return error > 0 and trial.val_score < probe.val_score - FAR_BELOW * error
