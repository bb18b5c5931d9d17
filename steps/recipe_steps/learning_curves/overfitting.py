"""Overfitting of a run: what validation had gained, and how much of it was lost again."""

import math
from statistics import median

from recipe.plugin import Evidence, Finding, Severity, finding, rule, standard_error
from recipe_steps.learning_curves.capacity_rules import data_said
from recipe_steps.learning_curves.log_rules import overfit_tests
from recipe_steps.learning_curves.log_rules.courses import for_logs
from recipe_steps.learning_curves.regularising import regularise
from recipe_steps.learning_curves.rise_limits import CERTAIN, LOST, LOST_OF_LOSS, MUCH_LOST
from recipe_steps.learning_curves.run_curves import Run, chosen_only, runs
from recipe_steps.learning_curves.shapes import ENOUGH, Rise, rise, smooth

GAP = 0.1
"""Of the score: a gap that anybody would call one."""
FEW = 8.0
"""Wrong answers that tell nothing: a classifier that is nearly always right has its loss from the
k of n items on which it is wrong. With losses among them whose spread is their mean, the standard
error of the whole mean is sqrt(2 / k - 1 / n) of it; at k = 8 it is a half, so two of them are
all."""


def generalisation_rise(train: list[float], val: list[float]) -> Rise | None:
    """The rise of validation loss beyond noise while training loss goes on falling."""
    if min(len(val), len(train)) < ENOUGH:
        return None
    found = rise(val)
    if found is None or found.height <= CERTAIN * found.error:
        return None
    at_lowest, at_end = train[min(found.lowest, len(train) - 1)], median(train[-3:])
    return found if at_end < at_lowest else None


def overfits(train: list[float], val: list[float], start: float | None = None) -> Rise | None:
    """The rise, where it is a notable part of what validation had gained since `start`.

    Args:
        train: loss by epoch.
        val: loss by epoch.
        start: loss of the best constant prediction; the first validation loss where unknown.

    """
    found = generalisation_rise(train, val)
    if found is None or found.height <= LOST_OF_LOSS * abs(found.least):
        return None
    first = val[0] if start is None else start
    return found if found.share_of(first - found.least) > LOST else None


@rule("warn", remedy=regularise, lasting=True)
@for_logs(overfit_tests.overfitting)
def overfitting(evidence: Evidence) -> Finding | None:
    """What: validation loss rises again while training loss goes on falling, and more than a
    twentieth of what had been gained is lost.

    Why: the model learns what is particular to the training data. The kept snapshot is from
    before the rise, so the run is not lost; more of it could be gained. Where little was lost
    and the score holds or a handful of wrong answers make the loss, or where only a run that the
    search chose overfits and the declared one does not, this is a note; so is a training score
    that is far above the one on validation data. More decay, dropout, augmentation of images,
    smoothed labels, half and twice the width, fewer columns and smaller batches are tried: where
    one of them helps, it is a warning; where none does, data are missing. What more of them may
    bring a training on half of them says.

    Fix: use more weight decay, dropout, augmentation or data; or stop early.
    """
    said: list[str] = []
    severity: Severity = "note"
    every = runs(evidence)
    for run in every:
        found = overfits(run.train_loss, run.val_loss, run.start)
        if found is None or _by_chance(run, found):
            continue
        first = run.val_loss[0] if run.start is None else run.start
        share = found.share_of(first - found.least)
        matters = share >= MUCH_LOST or not (_score_holds(run) or _carried_by_few(run))
        if matters and not chosen_only([run], every):
            severity = "warn"
        part = f"{found.height / abs(found.least):.0%}" if found.least else f"{found.height:.3g}"
        said.append(
            f"{run.label} validation loss rose by {part} after epoch {found.lowest + 1}, "
            f"undoing {min(share, 1):.0%} of its fall."
        )
    said += [gap for run in every if not said and (gap := _gap(run))]
    if not said:
        return None
    advice = f"Use more weight decay, dropout, augmentation or data. {data_said(evidence)}".strip()
    return finding(severity, " ".join(said), advice, 0.8)


def _gap(run: Run) -> str:
    """How far the training score ends above the one on validation data, in points of a hundred;
    empty where that is little, or may be luck.
    """
    if not run.of_classes or not run.items:
        return ""
    train, val = _last(run.train_score), _last(run.val_score)
    error = standard_error(val, run.answers or run.items, shares=True)
    if train - val < max(GAP, CERTAIN * error):
        return ""
    return (
        f"{run.label} the training score ends {100 * (train - val):.0f} points above the one on "
        f"validation data ({train:.3g} and {val:.3g})."
    )


def _by_chance(run: Run, found: Rise) -> bool:
    """Whether so few items could differ by this much: one standard error of a mean loss whose
    spread is its size. The same items are compared, so this is about two of the difference.
    """
    return run.items > 0 and found.height <= abs(found.least) / math.sqrt(run.items)


def _carried_by_few(run: Run) -> bool:
    """Whether so few items are wrong at the end that a few others would have told another story."""
    if not run.of_classes or not run.items or len(run.val_score) < ENOUGH:
        return False
    return (1 - _last(run.val_score)) * run.items <= FEW


def _last(scores: list[float]) -> float:
    return median(scores[-max(3, len(scores) // 10) :])


def _score_holds(run: Run) -> bool:
    """Whether the score at the end is the best one but for its standard error."""
    if not run.items or len(run.val_score) < ENOUGH:
        return False
    best, last = max(smooth(run.val_score)), _last(run.val_score)
    error = math.sqrt(max(0.0, best * (1 - best)) / run.items)
    return last >= best - error
