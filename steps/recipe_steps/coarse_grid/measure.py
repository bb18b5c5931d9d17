"""Short trials over a log-spaced grid, or at quasi-random or random points."""

import math
from collections.abc import Sequence

from recipe.plugin import (
    Context,
    Evidence,
    Halving,
    Params,
    Range,
    Scalar,
    Trial,
    UnaffordableError,
    UsageError,
    active_params,
    best_of,
    distinct_cells,
    listed_values,
    log_spaced,
    quasi_random,
    random_draws,
    rounded,
    thinned_grid,
    usual_rates,
)
from recipe_steps.grids import grid_evidence, number

STEP, RATES = math.sqrt(10), 3
"""Ratio of neighbouring rates, about, and how many there usually are."""
DECAYS = {"adamw": (1e-3, 1e-2, 1e-1)}
USUAL_DECAYS = (1e-5, 1e-4, 1e-3)
"""The lecture's "1e-4, 1e-5, 0"; decoupled decay works at larger values (Loshchilov, Hutter)."""
LARGER = 2
"""How many of them, the larger ones, a grid tries. Short trainings hardly tell decays apart: with
the third one, the whole search was no nearer to the best of 96 trainings, on 30 seeds of digits."""
EPOCH_SHARE, MOST_EPOCHS = 0.1, 5
"""Of a full training, at most: the lecture's "1 to 5 epochs"."""
HALVING = Halving(share=1 / 4, keep=0.5, on_losses=True)
"""Measured on 91 whole grids of 1 to 5 epochs (digits, MNIST, Adult with small MLPs, and only six
grids on 3,000 CIFAR-10 images with a CNN; SGD and AdamW, with warm-up, with dropout searched): the
cut left the best score in each of them, at 68 % of the epochs. It was chosen on the first 37 and
held on the rest. A later cut is no safer: after a third of the training one of the 91 lost its
best. What is lost are high rates, whose losses stay higher until the schedule lowers them. Those
grids had 12 trials; of 64 with six, on digits, two lost their best, by 0.6 points at most."""
MOST_TRIALS = 12
DIMENSIONS = 2
"""Up to which a grid is drawn; in more, most of its cells differ in what does not matter."""
MOST_EXTENSIONS = 2
EDGE = 2.0
"""Standard errors of a score by which a rate at the edge has to lead."""
FEWEST, ALONE = 2, 0.9
"""Cells of the smallest grid, and the share of what is left of a budget of time that a single
training in its place is planned for."""
BUDGET_SHARE = 0.3
"""Of what is left of the budget that the coarse grid may take."""


def measure(ctx: Context) -> Evidence:
    """Columns of the grid; `edge` names a parameter whose best value is still at an end when the
    grid was extended as often as it may be, and leads beyond noise. Where a budget of time does
    not pay for a grid and a whole training, a single setting is trained for as long as it does.

    Raises:
        UsageError: there is no rate to begin with, or every trial failed.
        UnaffordableError: after the declared setting nothing is left for a grid.

    """
    ctx.train_baseline()
    epochs = _length(ctx)
    low, high = rate_range(ctx)
    if (alone := _alone(ctx, epochs)) is not None:
        return alone
    cells = _cells(ctx, low, high, epochs)
    trials = ctx.run_trials(cells, HALVING, epochs=epochs)
    _stop_when_all_failed(trials)
    extended = 0
    while extended < MOST_EXTENSIONS and (beyond := _beyond(trials)) and not ctx.meter.spent:
        # It goes on to its end if it would have in the grid.
        trials += ctx.run_trials(
            [beyond], HALVING, first=len(trials) + 1, rivals=trials, epochs=epochs
        )
        extended += 1
    best = best_of(trials)
    exhausted = extended == MOST_EXTENSIONS and _beyond(trials) is not None
    edge = "lr" if exhausted and _leads(ctx, trials, best) else None
    return grid_evidence(
        trials, best, {"epochs_per_trial": epochs, "extended": extended, "edge": edge}
    )


def _alone(ctx: Context, epochs: int) -> Evidence | None:
    """A single setting in place of a grid, where time is short; None where it is not."""
    if not ctx.meter.limits_time:
        return None
    whole = ctx.experiment.epochs or 1
    grid = epochs * HALVING.cost(FEWEST)

    def pays() -> int:
        left = ctx.epochs_left
        after = 0 if ctx.experiment.has_baseline else whole
        return int(left is None or left >= grid + after)

    if ctx.decide("a grid", pays):
        return None
    if ctx.experiment.has_baseline:
        raise UnaffordableError(
            f"{FEWEST} trials take {ctx.lasts(grid):.0f} s, {ctx.meter.left:.0f} s are left"
        )
    ctx.meter.leave_out(ctx.step, "time for one training alone")
    length = ctx.decide(
        "length", lambda: min(whole, max(1, math.floor(ALONE * (ctx.epochs_left or 1))))
    )
    setting = {"lr": _best_rate(ctx), "weight_decay": ctx.experiment.weight_decay}
    trials = ctx.run_trials([setting], epochs=length)
    _stop_when_all_failed(trials)
    more: dict[str, Scalar] = {"epochs_per_trial": length, "extended": 0, "edge": None}
    return grid_evidence(trials, best_of(trials), more)


def expects(ctx: Context, left: float | None) -> float:
    """Epochs of the baseline, where there is one, and of the grid."""
    baseline = ctx.experiment.epochs or 1 if ctx.experiment.has_baseline else 0
    epochs = _length(ctx)
    cells = _affordable(None if left is None else left - baseline, epochs)
    if _how(ctx) == "grid" and not ctx.experiment.space:
        cells = min(cells, RATES * LARGER)
    return baseline + epochs * HALVING.cost(cells)


def _how(ctx: Context) -> str:
    """The kind of search."""
    if ctx.settings.search != "auto":
        return ctx.settings.search
    return "grid" if len({"lr", "weight_decay", *ctx.experiment.space}) <= DIMENSIONS else "quasi"


def _length(ctx: Context) -> int:
    """Epochs of a short trial."""
    return min(MOST_EPOCHS, max(1, math.floor((ctx.experiment.epochs or 1) * EPOCH_SHARE)))


def _affordable(left: float | None, epochs: int) -> int:
    """How many cells the grid's share of the budget pays for; at least two."""
    if left is None:
        return MOST_TRIALS
    share = left * BUDGET_SHARE
    paid = (n for n in range(MOST_TRIALS, FEWEST, -1) if epochs * HALVING.cost(n) <= share)
    return next(paid, FEWEST)


def rate_range(ctx: Context) -> tuple[float, float]:
    """Rates around the best of step 3, or below the declared one when step 3 was left out.

    Raises:
        UsageError: there is neither.

    """
    found, best = ctx.evidence("lr_range"), _best_rate(ctx)
    if best is None:
        raise UsageError(
            "The coarse grid needs a learning rate: let step lr_range run, or declare lr=..."
        )
    top = found.number("bracket_high") if found else None
    if top is None:
        return best / 10, best
    return best / STEP, max(best, min(top, best * STEP))


def _best_rate(ctx: Context) -> float | None:
    """That of step 3; where it was left out for want of time, the one that the sample was learnt at
    or a usual one.
    """
    found = ctx.evidence("lr_range")
    best = (found.number("best_lr") if found else None) or ctx.experiment.lr
    if found and not found.flag("works"):
        best = found.number("sample_lr") or best
    if best is None and ctx.meter.limits_time:
        sample = ctx.evidence("overfit_sample")
        best = sample.number("best_lr") if sample and sample.flag("reached") else None
        return best or usual_rates(ctx.experiment)[0]
    return best


def _leads(ctx: Context, trials: Sequence[Trial], best: Trial | None) -> bool:
    """Whether the best cell beats every other rate by more than the noise of a score: short trials
    whose scores are alike do not show where the best rate lies.
    """
    if best is None or best.val_score is None:
        return False
    others = [
        t.val_score for t in trials
        if t.val_score is not None and t.params.get("lr") != best.params.get("lr")
    ]  # fmt: skip
    return best.val_score - max(others, default=best.val_score) > EDGE * ctx.score_error(best)


def _cells(ctx: Context, low: float, high: float, epochs: int) -> list[Params]:
    name = ctx.experiment.optimizer if isinstance(ctx.experiment.optimizer, str) else "sgd"
    decays = DECAYS.get(name, USUAL_DECAYS)
    limit = ctx.decide("cells", lambda: _affordable(ctx.epochs_left, epochs))
    seed = ctx.seed_for("cells")
    space = ctx.experiment.space
    axes = {"lr": Range(low, high, log=True),
            "weight_decay": Range(decays[0], decays[-1], log=True), **space}  # fmt: skip
    how = _how(ctx)
    if how != "grid":
        return (random_draws if how == "random" else quasi_random)(axes, limit, seed)
    count = 1 + max(1, round(math.log(high / low, STEP)))
    values = {"lr": log_spaced(low, high, count), "weight_decay": decays[-LARGER:],
              **{name: listed_values(axis) for name, axis in space.items()}}  # fmt: skip
    return distinct_cells(
        [active_params(cell, space) for cell in thinned_grid(values, limit, seed)]
    )


def _stop_when_all_failed(trials: Sequence[Trial]) -> None:
    if trials and all(trial.status == "failed" for trial in trials):
        raise UsageError(f"Every trial failed; the first one said: {trials[0].reason}")


def _beyond(trials: Sequence[Trial]) -> Params | None:
    """A cell past the best one when that has the smallest or the largest rate."""
    best = best_of(trials)
    rates = sorted({rate for t in trials if (rate := number(t.params.get("lr"))) is not None})
    if best is None or len(rates) < 2:
        return None
    rate = number(best.params["lr"])
    if rate == rates[-1]:
        new = rounded(rates[-1] * STEP)
    elif rate == rates[0]:
        new = rounded(rates[0] / STEP)
    else:
        return None
    kept = {k: v for k, v in best.params.items() if k not in ("epochs", "warmup")}
    return {**kept, "lr": new}
