"""Short trials over a log-spaced grid, or at quasi-random or random points."""

import math
from collections.abc import Mapping, Sequence

from recipe.plugin import (
    Axis,
    Context,
    Curve,
    Evidence,
    Experiment,
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
from recipe_steps.coarse_grid.adam import TRIALS as ADAM_STEPS
from recipe_steps.coarse_grid.adam import adam_axes, trials_for
from recipe_steps.coarse_grid.enough import last_doubling
from recipe_steps.coarse_grid.studies import (
    TRIALS,
    held,
    outcome,
    roles,
    scientific_axes,
    size_of_study,
    studies,
)
from recipe_steps.grids import grid_evidence, number
from recipe_steps.rate_scales import decays_of, of_one_kind, scaled

STEP, RATES = math.sqrt(10), 3
"""Ratio of neighbouring rates, about, and how many there usually are."""
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
    trials, drawn = _first_trials(ctx, low, high, epochs)
    _stop_when_all_failed(trials)
    enough = last_doubling(ctx, trials) if drawn else {}
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
    more: dict[str, Scalar] = {"epochs_per_trial": epochs, "extended": extended, "edge": edge}
    return grid_evidence(trials, best, {**more, **enough, **outcome(ctx, trials)})


def _first_trials(ctx: Context, low: float, high: float, epochs: int) -> tuple[list[Trial], bool]:
    """The grid, or one for each scientific value, and whether its places were drawn for one search;
    rates and decays are moved with what changes their meaning.
    """
    experiment = ctx.experiment
    compared = studies(experiment.space)
    most = ctx.decide("cells", lambda: _affordable(experiment, ctx.epochs_left, epochs))
    space = {**experiment.space, **({} if compared else adam_axes(experiment, most))}
    if said := roles(space):
        ctx.say(said)
    if not compared:
        cells = _cells(ctx, low, high, most, space)
        return _trained(ctx, cells, epochs), _how(ctx, space) != "grid"
    each, trials = size_of_study(most, len(compared)), list[Trial]()
    for values in compared:
        # By itself, so that no trial is cut for those of another study; all have the same cells.
        cells = _cells(ctx, low, high, each, held(space, values))
        trials += _trained(ctx, cells, epochs, first=len(trials) + 1)
    return trials, False


def _trained(ctx: Context, cells: list[Params], epochs: int, first: int = 1) -> list[Trial]:
    moved = [scaled(ctx.experiment, cell) for cell in cells]
    return ctx.run_trials(moved, HALVING, first=first, epochs=epochs)


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
    compared = len(studies(ctx.experiment.space))
    cells = _affordable(ctx.experiment, None if left is None else left - baseline, epochs)
    if compared:
        each = size_of_study(cells, compared)
        return baseline + epochs * compared * HALVING.cost(each)
    space = {**ctx.experiment.space, **adam_axes(ctx.experiment, cells)}
    if _how(ctx, space) == "grid" and not space:
        cells = min(cells, RATES * LARGER)
    return baseline + epochs * HALVING.cost(cells)


def _how(ctx: Context, space: Mapping[str, Axis]) -> str:
    """The kind of search."""
    if ctx.settings.search != "auto":
        return ctx.settings.search
    searched = {"lr", "weight_decay", *space} - scientific_axes(ctx.experiment.space).keys()
    return "grid" if len(searched) <= DIMENSIONS else "quasi"


def _length(ctx: Context) -> int:
    """Epochs of a short trial: a share of a whole one, and no fewer than the declared setting needs
    until its score tells anything, since shorter trials would all score the same.
    """
    share = math.floor((ctx.experiment.epochs or 1) * EPOCH_SHARE)
    return min(MOST_EPOCHS, max(1, share, _first_telling(ctx)))


def _first_telling(ctx: Context) -> int:
    """Epochs after which the declared setting is better than a constant prediction, beyond noise;
    0 where it never is, or nobody knows.
    """
    trial = ctx.baseline_trial
    if trial is None or ctx.experiment.metric is not None:
        return 0
    bar = ctx.task.chance_score(ctx.val_targets) + EDGE * ctx.score_error(trial)
    scores: Curve = trial.curves.get("val_score", ())
    return next((k for k, score in enumerate(scores, 1) if score is not None and score > bar), 0)


def _affordable(experiment: Experiment, left: float | None, epochs: int) -> int:
    """How many cells the grid's share of the budget pays for; at least two. Where studies are
    compared, of all of them together; for Adam more, where the budget pays for searching more of
    its hyperparameters.
    """
    compared = len(studies(experiment.space))
    most = max(MOST_TRIALS, TRIALS * compared)
    if left is None:
        return most
    share = left * BUDGET_SHARE
    more = 0 if compared else trials_for(experiment, _paid(share, epochs, max(ADAM_STEPS.values())))
    return more or _paid(share, epochs, most)


def _paid(share: float, epochs: int, most: int) -> int:
    return next((n for n in range(most, FEWEST, -1) if epochs * HALVING.cost(n) <= share), FEWEST)


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
        and of_one_kind(t, best)
    ]  # fmt: skip
    return best.val_score - max(others, default=best.val_score) > EDGE * ctx.score_error(best)


def _cells(
    ctx: Context, low: float, high: float, limit: int, space: Mapping[str, Axis]
) -> list[Params]:
    decays, seed = decays_of(ctx.experiment), ctx.seed_for("cells")
    axes = {"lr": Range(low, high, log=True),
            "weight_decay": Range(decays[0], decays[-1], log=True), **space}  # fmt: skip
    how = _how(ctx, space)
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
    ended = [trial for trial in trials if trial.status == "finished"]
    if ended and all(t.val_score is None and t.val_loss is not None for t in ended):
        raise UsageError(
            f"The metric '{ended[0].metric}' gave no finite number after any of {len(ended)} "
            "trainings, although the validation loss was finite: have it return a finite number "
            "for the answers of a trained model."
        )


def _beyond(trials: Sequence[Trial]) -> Params | None:
    """A cell past the best one when that has the smallest or the largest rate."""
    best = best_of(trials)
    if best is None:
        return None
    alike = [t for t in trials if of_one_kind(t, best)]
    rates = sorted({rate for t in alike if (rate := number(t.params.get("lr"))) is not None})
    if len(rates) < 2:
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
