"""Rules about runs that do not learn what they should, beyond the lecture's six shapes."""

import math
from itertools import pairwise
from statistics import fmean

from recipe.plugin import Evidence, Finding, finding, rule
from recipe_steps.learning_curves.class_balance import weigh_classes
from recipe_steps.learning_curves.log_rules import shape_tests
from recipe_steps.learning_curves.log_rules.courses import for_logs
from recipe_steps.learning_curves.regularization_rules import (
    augmentation_too_strong,
    weight_decay_too_high,
)
from recipe_steps.learning_curves.remedies import (
    slower,
    smaller_batch,
)
from recipe_steps.learning_curves.run_curves import Run, finding_of_runs, runs
from recipe_steps.learning_curves.schedule_rules import TAIL, noise_of_fall
from recipe_steps.learning_curves.shapes import ENOUGH, relative_fall

RARE = 0.9
"""Share of the most frequent class from which the others are rare."""
AT_CHANCE = 0.01
"""Distance from the share of the most frequent class that counts as always answering it."""
MORE_RIGHT = 4
"""Items by which always giving one answer has to be beaten: two standard errors of the number of
items that are right in one way and wrong in the other."""
SWING = 0.15
"""Mean relative change of the training loss from epoch to epoch that counts as large."""
RISES = 0.25
"""Share of the epochs in which the loss goes up, in a run that swings."""
LATE = 0.5
SETTLED = 0.05
"""Of its first value: a training loss below it may swing as it likes."""
FEW_UPDATES = 100
STILL_FALLING = 0.01
"""Of the loss, over the end of training."""
HALF = 0.5
"""Of the validation loss at first, below which a score that stays at zero measures nothing."""
LOSS_FELL, SCORE_FELL = 0.2, 0.05


@rule(
    "fail",
    explains=[
        "underfitting",
        "slow-start",
        "needs-lr-decay",
        "still-improving",
        "no-better-than-chance",
    ],
    remedy=weigh_classes,
)
def predicts_majority_class(evidence: Evidence) -> Finding | None:
    """What: training and validation scores equal the share of the most frequent class, or a score
    of one's own stays at zero where nearly all items are of one class.

    Why: the model gives the same answer to every input: dead units, a rate so high that only
    the output bias is left, or a loss in which the rare classes do not count. Where validation
    loss is below that of the best constant answer, items are told apart: then this is a warning
    if another run does better, and a note if all tell items apart and none does better, since
    with rare classes and a weak signal never to answer them is right most often.

    Fix: look at the rate and at dead units first; then weigh the classes.
    """
    possible = evidence.number("right_score") or 0.0

    def test(run: Run) -> str | None:
        if RARE <= run.chance < 1 and len(run.val_score) >= ENOUGH and possible > 0:
            # A score of one's own in which the rare ones count, and none is ever found.
            share = f"{run.chance:.3g} of the items are of one class"
            return None if any(run.val_score) else f"the score stays at zero; {share}"
        if not run.of_classes or len(run.val_score) < 2:
            return None
        late = run.val_score[len(run.val_score) // 2 :]
        if max(abs(score - run.chance) for score in late) > AT_CHANCE * (1 - run.chance):
            return None
        if abs(run.train_score[-1] - run.chance) > 3 * AT_CHANCE:
            return None
        return f"the score stays at {run.chance:.3g}, the share of the most frequent class"

    advice = "Check the rate and dead units, then weigh the classes."
    every = runs(evidence)
    if not any(run.tells for run in every if test(run)):
        return finding_of_runs(evidence, test, "fail", advice, confidence=0.7)
    better = any(
        (max(run.val_score) - run.chance) * run.items >= MORE_RIGHT
        for run in every
        if run.of_classes
    )
    if not better and all(run.tells for run in every if test(run)):
        advice = "Weigh the classes, or take a score in which rare ones count, if they matter."
        return finding_of_runs(evidence, test, "note", advice, confidence=0.7)
    return finding_of_runs(evidence, test, "warn", advice, confidence=0.7)


@rule("warn", explains=["needs-lr-decay"], remedy=slower)
@for_logs(shape_tests.unstable)
def unstable_training(evidence: Evidence) -> Finding | None:
    """What: late in training, the loss still swings from epoch to epoch.

    Why: the rate is too high at this point of training, or batches are so small that single ones
    throw the weights about.

    Fix: lower or decay the rate, use larger batches, or clip the gradient.
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

    return finding_of_runs(
        evidence, test, "warn", "Lower or decay the rate, or take larger batches.", confidence=0.7
    )


def _still_falls(losses: list[float]) -> bool:
    """At the end, and beyond the scatter of single epochs where that is known."""
    if len(losses) < 2:
        return False
    fall = relative_fall(losses, TAIL)
    if fall is None:
        return losses[-2] - losses[-1] >= STILL_FALLING * abs(losses[-2])
    return fall >= max(STILL_FALLING, noise_of_fall(losses))


@rule(
    "warn",
    explains=["still-improving", "underfitting", "learning-rate-too-low", "slow-start"],
    remedy=smaller_batch,
)
def too_few_updates(evidence: Evidence) -> Finding | None:
    """What: the whole run makes fewer than a hundred updates, and the loss was still falling at the
    end, in validation too.

    Why: if a batch is about as large as the data, an epoch is a single update, however many items
    it sees.

    Fix: use a smaller batch, more epochs, or a rate scaled up with the batch.
    """

    def test(run: Run) -> str | None:
        if not 0 < run.updates < FEW_UPDATES or run.learnt:
            return None
        val = relative_fall(run.val_loss, TAIL)
        if not _still_falls(run.train_loss) or (val is not None and val <= 0):
            return None
        return f"all training is {run.updates:.0f} updates, and the loss is still on its way"

    return finding_of_runs(
        evidence, test, "warn", "Use a smaller batch, or train for more epochs.", confidence=0.8
    )


@rule("warn", explains=["overfitting", "underfitting", "still-improving"], lasting=True)
@for_logs(shape_tests.score_disagrees)
def metric_disagrees_with_loss(evidence: Evidence) -> Finding | None:
    """What: validation loss falls clearly, and the validation score falls with it or is zero in
    every epoch; or the metric gives the same when outputs and targets are paired in other orders.

    Why: the score does not measure what is trained for: its sign, its inputs (probabilities
    for logits), its threshold or its shapes ([n] against [n, 1] compares each with all) are wrong.

    Fix: compute the score of a few items by hand.
    """
    if evidence.flag("metric_ignores_pairing"):
        return finding(
            "warn",
            "The metric does not depend on which targets belong to which outputs.",
            "Bring outputs and targets to one shape before they are compared.",
            confidence=0.95,
        )

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

    return finding_of_runs(
        evidence, test, "warn", "Check sign, inputs and threshold of the metric.", confidence=0.8
    )


RULES = (
    predicts_majority_class,
    too_few_updates,
    weight_decay_too_high,
    unstable_training,
    augmentation_too_strong,
    metric_disagrees_with_loss,
)
