"""Rules about runs that do not learn what they should, beyond the lecture's six shapes."""

import math
from itertools import pairwise
from statistics import fmean

from recipe.results import Evidence, Finding
from recipe.rules import rule
from recipe_steps.learning_curves.balance import weigh_classes
from recipe_steps.learning_curves.regularization import HIGH_FLOOR, STRONG_DECAY
from recipe_steps.learning_curves.remedies import (
    less_decay,
    slower,
    smaller_batch,
    without_augmentation,
)
from recipe_steps.learning_curves.runs import Run, about, wins

ENOUGH = 6
AT_CHANCE = 0.01
"""Distance from the share of the most frequent class that counts as always answering it."""
KNOWN_BY_HEART, TELLING = 0.9, 0.15
"""Shares of the way from chance to perfect: what training has to reach, and the uncertainty of
the validation score at most."""
ERRORS = 2.0
"""Standard errors of the validation score within which it equals chance."""
SWING = 0.15
"""Mean relative change of the training loss from epoch to epoch that counts as large."""
RISES = 0.25
"""Share of the epochs in which the loss goes up, in a run that swings."""
LATE = 0.5
SETTLED = 0.05
"""Of its first value: a training loss below it may swing as it likes."""
FEW_UPDATES = 100
STILL_FALLING = 0.01
APART = 0.25
"""Validation score above the training score that augmentation does not explain by itself."""
HALF = 0.5
"""Of the validation loss at first, below which a score that stays at zero measures nothing."""
LOSS_FELL, SCORE_FELL = 0.2, 0.05


def _of_classes(run: Run) -> bool:
    return 0 < run.chance < 1 and bool(run.train_score) and bool(run.val_score)


@rule(
    "fail",
    explains=["underfitting", "slow-start", "needs-lr-decay", "still-improving"],
    remedy=weigh_classes,
)
def predicts_majority_class(evidence: Evidence) -> Finding | None:
    """What: training and validation scores equal the share of the most frequent class.

    Why: the model gives the same answer to every input: dead units, a rate so high that only
    the output bias is left, or a loss in which the rare classes do not count.

    Fix: look at the rate and at dead units first; then weigh the classes.
    """

    def test(run: Run) -> str | None:
        if not _of_classes(run) or len(run.val_score) < 2:
            return None
        late = run.val_score[len(run.val_score) // 2 :]
        if max(abs(score - run.chance) for score in late) > AT_CHANCE * (1 - run.chance):
            return None
        if abs(run.train_score[-1] - run.chance) > 3 * AT_CHANCE:
            return None
        return f"the score stays at {run.chance:.3g}, the share of the most frequent class"

    return about(
        evidence,
        test,
        "fail",
        "Check the rate and dead units, then weigh the classes.",
        confidence=0.7,
    )


RANDOM = ("overfitting", "underfitting", "best-at-edge-of-grid", "slow-start", "still-improving",
          "predicts-majority-class", "learning-rate-too-low")  # fmt: skip
"""What labels look like that the inputs do not tell."""


@rule("fail", explains=RANDOM)
def labels_look_random(evidence: Evidence) -> Finding | None:
    """What: the training data is learnt by heart, and validation is no better than chance.

    Why: there is nothing in the inputs that tells the labels: they were shuffled apart, or
    belong to other items.

    Fix: check that inputs and labels are paired, on a few items by eye.
    """
    by_heart = [evidence.number(f"memory_{part}_score") for part in ("train", "val")]

    def test(run: Run) -> str | None:
        if not _of_classes(run) or not run.items:
            return None
        runs = [(max(run.train_score), max(run.val_score))]
        if by_heart[0] is not None and by_heart[1] is not None:
            runs.append((by_heart[0], by_heart[1]))
        room = 1 - run.chance
        error = math.sqrt(run.chance * room / run.items)
        for train, val in runs:
            known = train - run.chance >= KNOWN_BY_HEART * room
            if known and ERRORS * error <= TELLING * room and val <= run.chance + ERRORS * error:
                chance = f"where chance is {run.chance:.3g}"
                return f"training reaches {train:.3g} and validation {val:.3g}, {chance}"
        return None

    return about(
        evidence, test, "fail", "Check that inputs and labels belong together.", confidence=0.8
    )


@rule("warn", explains=["needs-lr-decay"], remedy=slower)
def unstable_training(evidence: Evidence) -> Finding | None:
    """What: late in training the loss still swings from epoch to epoch.

    Why: the rate is too high for this point of training, or batches are so small that single
    ones throw the weights about.

    Fix: a lower rate or a decay, larger batches, clipping.
    """

    def test(run: Run) -> str | None:
        losses = run.train_loss
        late = losses[int(len(losses) * (1 - LATE)) :]
        if len(late) < ENOUGH or min(late) <= 0 or fmean(late) < SETTLED * losses[0]:
            return None
        if any(b > a for a, b in pairwise(run.lr[-len(late) :])):
            return None  # a restart of the schedule
        changes = [math.log(b / a) for a, b in pairwise(late)]
        rises = sum(change > SWING for change in changes) / len(changes)
        if fmean(map(abs, changes)) < SWING or rises < RISES:
            return None
        return f"the training loss swings by {fmean(map(abs, changes)):.0%} from epoch to epoch"

    return about(
        evidence, test, "warn", "Lower or decay the rate, or take larger batches.", confidence=0.7
    )


@rule(
    "warn",
    explains=["still-improving", "underfitting", "learning-rate-too-low", "slow-start"],
    remedy=smaller_batch,
)
def too_few_updates(evidence: Evidence) -> Finding | None:
    """What: the whole run makes fewer than a hundred updates, and the loss was still on its way.

    Why: with a batch about as large as the data an epoch is one update, however many items it
    sees.

    Fix: a smaller batch, more epochs, a rate scaled up with the batch.
    """

    def test(run: Run) -> str | None:
        if not 0 < run.updates < FEW_UPDATES or run.learnt:
            return None
        if len(run.train_loss) < 2:
            return None
        fall = (run.train_loss[0] - run.train_loss[-1]) / max(run.train_loss[0], 1e-12)
        if fall < STILL_FALLING:
            return None
        return f"all training is {run.updates:.0f} updates, and the loss is still on its way"

    return about(
        evidence, test, "warn", "Take a smaller batch, or train for more epochs.", confidence=0.8
    )


@rule(
    "warn",
    explains=["underfitting", "slow-start", "needs-lr-decay", "regularization-too-strong"],
    remedy=less_decay,
)
def weight_decay_too_high(evidence: Evidence) -> Finding | None:
    """What: a strong weight decay, and a training loss that stays far from learnt.

    Why: each update takes away more of the weights than the gradient can put back; training and
    validation suffer alike.

    Fix: a tenth of the weight decay, or none until the model fits.
    """

    def test(run: Run) -> str | None:
        branch = run.tested("regularization-too-strong")
        if branch and not wins(run, branch):
            return None  # without it nothing is gained
        strong = STRONG_DECAY.get(run.optimizer)
        if strong is None or run.decay < strong or len(run.train_loss) < ENOUGH:
            return None
        if run.train_loss[-1] < HIGH_FLOOR * run.train_loss[0] or run.learnt:
            return None
        return (
            f"weight decay is {run.decay:g}, and the training loss ends at {run.train_loss[-1]:.3g}"
        )

    return about(evidence, test, "warn", "Take a tenth of the weight decay.", confidence=0.7)


@rule("warn", explains=["underfitting"], remedy=without_augmentation)
def augmentation_too_strong(evidence: Evidence) -> Finding | None:
    """What: the score on augmented training data is far below that on clean validation data.

    Why: what the augmentation leaves of an item is too little to tell it by, so the model trains
    on other data than it is used for.

    Fix: smaller shifts, crops and distortions.
    """

    def test(run: Run) -> str | None:
        if not run.regularised or not run.train_score or not run.val_score:
            return None
        train, val = run.train_score[-1], run.val_score[-1]
        if val - train < APART:
            return None
        return f"augmented training scores {train:.3g}, clean validation {val:.3g}"

    return about(evidence, test, "warn", "Soften the augmentation.", confidence=0.6)


@rule("warn", explains=["overfitting"])
def metric_disagrees_with_loss(evidence: Evidence) -> Finding | None:
    """What: validation loss falls clearly, and the validation score falls with it or is zero in
    every epoch.

    Why: the score does not measure what is trained for: its sign, its inputs (probabilities
    for logits) or its threshold is wrong.

    Fix: compute the score of a few items by hand.
    """

    def test(run: Run) -> str | None:
        if len(run.val_loss) < ENOUGH or len(run.val_score) != len(run.val_loss):
            return None
        third = max(2, len(run.val_loss) // 3)
        loss_before, loss_after = fmean(run.val_loss[:third]), fmean(run.val_loss[-third:])
        before, after = fmean(run.val_score[:third]), fmean(run.val_score[-third:])
        if loss_before <= 0 or loss_after > (1 - LOSS_FELL) * loss_before:
            return None
        if max(run.val_score) == min(run.val_score) <= 0 and loss_after < HALF * loss_before:
            return (
                f"validation loss fell from {loss_before:.3g} to {loss_after:.3g} and the score "
                f"is {before:.3g} in every epoch"
            )
        if after > before - max(SCORE_FELL, 0.1 * abs(before)):
            return None
        return (
            f"validation loss fell from {loss_before:.3g} to {loss_after:.3g} and the score "
            f"from {before:.3g} to {after:.3g}"
        )

    return about(
        evidence, test, "warn", "Check sign, inputs and threshold of the metric.", confidence=0.8
    )


RULES = (
    labels_look_random,
    predicts_majority_class,
    too_few_updates,
    weight_decay_too_high,
    unstable_training,
    augmentation_too_strong,
    metric_disagrees_with_loss,
)
