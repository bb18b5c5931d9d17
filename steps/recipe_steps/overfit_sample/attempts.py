"""One attempt to memorize a sample, and how large samples and how long attempts are."""

import math
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from statistics import fmean

from recipe.plugin import (
    Context,
    Curve,
    Experiment,
    Splits,
    TensorData,
    TimeUp,
    Training,
    Values,
    build_model,
    copies,
    every_tensor,
    no_dropout,
    usual_rates,
)
from recipe_steps.overfit_sample.dynamics import Watch, answers
from recipe_steps.overfit_sample.failure_causes import (
    recalibrated_score,
    response,
    train_mode_score,
)

MINIBATCHES = 8
"""The lecture's "5-10 minibatches"."""
LARGEST_MINIBATCH = 16
MOST_TARGETS = 1024
"""Targets in the sample."""
SETTLES_FROM = 0.75
LEAST_ITEMS, LEAST_MINIBATCH, FEWEST_ITEMS = 8, 4, 2
PARAMETERS_PER_TARGET = 4
"""A linear classifier separates any two items per weight (Cover 1965); training takes more room."""
PASSES = 60
LAST_PASSES = 240
"""Passes over the sample of MINIBATCHES per rate, and in a last attempt at the best of them. A
smaller sample is passed as often as makes as many updates."""
TINY, TINY_PASSES, TINY_DRAWS = 16, 6000, 3
"""Items up to which the last attempt makes this many updates, from so many initial weights:
exclusive or with sigmoid units and squared error takes thousands (Rumelhart et al. 1986), and of
networks with two hidden units many end in a local minimum."""


LEAST_SCORES, SURE_FROM, ERRORS = 8, 0.3, 3.0
"""Scores, share of an attempt, and standard errors, by which it counts as hopeless."""


@dataclass
class Attempt:
    """One rate on the sample."""

    lr: float
    scores: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    response: float | None = None
    """How much the outputs of the trained model differ between items."""
    train_mode_score: float | None = None
    """With the statistics of each batch, where layers normalise by batch."""
    recalibrated_score: float | None = None
    """With running statistics of the sample itself."""
    passes_at_once: int = 1
    """Over the sample, from one score to the next."""
    seen: list[tuple[float, ...]] = field(default_factory=list)
    """What was said of the sample on the way: passes and quantiles of how good the answers are."""
    answers: dict[str, Curve] = field(default_factory=dict)
    """What is said in the end, beside the labels."""
    blind_losses: list[float] = field(default_factory=list)
    """Of the same training without inputs."""
    cut_off: bool = False
    """Whether the time ended it: what it would have reached is not known."""

    @property
    def passes(self) -> int:
        """Over the sample, in all."""
        return len(self.scores) * self.passes_at_once

    @property
    def best(self) -> float:
        """Best score of any pass; minus infinity when it diverged at once."""
        return max(self.scores, default=float("-inf"))


def attempt(
    ctx: Context,
    experiment: Experiment,
    sample: TensorData,
    target: float,
    *,
    regularized: bool = False,
    draw: int = 0,
    ends: Callable[[Attempt], bool] | None = None,
) -> Attempt:
    """Train on the sample until its score is reached, without dropout unless `regularized`.

    Args:
        ctx: of the step.
        experiment: with a rate, and as many epochs as there are passes.
        sample: to be memorized.
        target: score at which it is.
        regularized: with dropout.
        draw: number of the initial weights.
        ends: whether to give up, asked after each score; with it an attempt that is cut off by the
            clock ends with what it has.

    Raises:
        TimeUp: the time of the step is used up.

    """
    several = passes_at_once(sample, experiment.batch_size)
    made = Attempt(experiment.lr or 0.0, passes_at_once=several)
    training = Training(
        replace(experiment, epochs=math.ceil((experiment.epochs or 1) / several)),
        Splits(_repeated(sample, several), sample),
        seed=ctx.seed_for("fit", *([draw] if draw else [])),
        device=ctx.device,
        mode=ctx.careful_mode,
    )
    watch = Watch(ctx, sample, experiment.epochs or 1)
    with nullcontext() if regularized else no_dropout(training.model):
        try:
            for epoch in training.epochs():
                if epoch.diverged:
                    break
                made.scores.append(epoch.figures["val_score"])
                made.losses.append(epoch.figures["val_loss"])
                made.seen += watch.look(training.model, made.passes)
                if made.scores[-1] >= target or (ends is not None and ends(made)):
                    break
        except TimeUp:
            if ends is None:
                raise
            made.cut_off = True
    _look_at_trained(ctx, made, training, sample, target)
    ctx.spend(len(made.scores) * training.iterations_per_epoch)
    made.scores = [score if score == score else float("-inf") for score in made.scores]  # noqa: PLR0124 - NaN
    return made


def _look_at_trained(
    ctx: Context, made: Attempt, training: Training, sample: TensorData, target: float
) -> None:
    """What the trained model tells beside its scores."""
    model, minibatch = training.model, training.experiment.batch_size
    if made.scores or not made.cut_off:
        made.response = response(model, sample)
        made.answers = answers(ctx, model, sample)
    if made.best < target and not made.cut_off:
        made.train_mode_score = train_mode_score(model, ctx.task, sample, minibatch)
        made.recalibrated_score = recalibrated_score(model, ctx.task, sample, minibatch)


def passes_at_once(sample: TensorData, minibatch: int) -> int:
    """After so many passes the score is taken: of four rows every pass is one update, and cheaper
    than its score.
    """
    return max(1, MINIBATCHES // max(1, round(len(sample) / minibatch)))


def _repeated(sample: TensorData, times: int) -> TensorData:
    if times == 1:
        return sample
    return replace(sample, x=copies(sample.x, times), y=copies(sample.y, times))


def hopeless(attempt: Attempt, passes: int, target: float) -> bool:
    """Whether an attempt of so many passes is not going to reach its target, for certain: the line
    through its last scores ends below it, by three standard errors of that prediction. Scores that
    level off end below the line.
    """
    scores = attempt.scores
    if not all(map(math.isfinite, scores)):
        return False
    planned = math.ceil(passes / attempt.passes_at_once)
    window = max(LEAST_SCORES, len(scores) // 3)
    if len(scores) < max(window, SURE_FROM * planned):
        return False
    recent = scores[-window:]
    middle, mean = (window - 1) / 2, fmean(recent)
    spread = sum((k - middle) ** 2 for k in range(window))
    slope = sum((k - middle) * score for k, score in enumerate(recent)) / spread
    errors = [score - mean - slope * (k - middle) for k, score in enumerate(recent)]
    deviation = math.sqrt(sum(error**2 for error in errors) / (window - 2))
    ahead = middle + planned - len(scores)
    error = deviation * math.sqrt(1 + 1 / window + ahead**2 / spread)
    return max(*recent, mean + slope * ahead) + ERRORS * error < target


def share_of_way(score: float, chance: float, perfect: float) -> float:
    """How much of the way from chance to perfect a score has come."""
    return (score - chance) / max(1e-9, perfect - chance)


def settling(progress: float) -> float:
    """A constant rate, and a tenth of it in the last quarter: what bounces around a minimum comes
    to rest there.
    """
    return 1.0 if progress < SETTLES_FROM else 0.1


def sample_size(ctx: Context) -> tuple[int, int]:
    """Items of the sample and of a minibatch.

    No more targets than a quarter of the model's trainable parameters: a logistic regression with
    14 weights cannot memorize 128 rows, and nothing is wrong with it. A few items are asked
    of every model, as many as a plane with its parameters can part in any case, or all when there
    are no more: exclusive or is four rows.
    """
    size = min(ctx.experiment.batch_size, LARGEST_MINIBATCH, sequences_per_batch(ctx))
    model = build_model(ctx.experiment, ctx.seed_for("size"), ctx.device)
    parameters = sum(p.numel() for p in model.parameters() if p.requires_grad)
    _, y = next(iter(ctx.data.val.eval_batches()))
    per_target = parameters // max(1, targets_per_item(y))
    few = len(ctx.data.train) <= LEAST_ITEMS
    least = LEAST_ITEMS if few else max(FEWEST_ITEMS, min(LEAST_ITEMS, per_target))
    count = min(MINIBATCHES * size, max(least, per_target // PARAMETERS_PER_TARGET))
    return count, min(size, max(LEAST_MINIBATCH, count // MINIBATCHES))


def passes_over(sample: TensorData, minibatch: int) -> tuple[int, int]:
    """Passes per rate, and of the last attempt."""
    per_pass = max(1, round(len(sample) / minibatch))
    more = max(1.0, MINIBATCHES / per_pass)
    last = math.ceil(LAST_PASSES * more)
    if is_tiny(sample):
        last = max(last, math.ceil(TINY_PASSES / per_pass))
    return math.ceil(PASSES * more), last


def is_tiny(sample: TensorData) -> bool:
    """Whether thousands of updates are asked of it: so few items, and not many targets in each. A
    few masks have thousands.
    """
    targets = len(sample) * targets_per_item(sample.y)
    return len(sample) <= TINY and targets <= MOST_TARGETS


def sequences_per_batch(ctx: Context) -> int:
    """Items per minibatch when every item has many targets: a sequence of 64 tokens is as much
    to remember as 64 images. The pixels of a mask are not: they resemble each other, so a few
    masks make a minibatch, and batch normalisation sees more than one.
    """
    if ctx.task.counts_by == "pixels":
        return LEAST_MINIBATCH
    _, y = next(iter(ctx.data.val.eval_batches()))
    targets = targets_per_item(y) if ctx.task.target_kind == "class index" else 1
    return max(1, MOST_TARGETS // (MINIBATCHES * targets))


def targets_per_item(y: Values) -> int:
    """Numbers that are to be known of one item, on average."""
    return sum(tensor.numel() for tensor in every_tensor(y)) // max(1, len(y))


def candidate_rates(experiment: Experiment) -> list[float]:
    """Usual rates of the optimizer, and the declared one behind the first."""
    rates = list(usual_rates(experiment))
    if experiment.lr is not None and experiment.lr not in rates:
        rates.insert(1, experiment.lr)
    return rates
