"""Which trial is the best."""

from collections.abc import Sequence

from recipe.core.trials import Trial
from recipe.training.early_stopping import is_better


def _beats(other: Trial, trial: Trial) -> bool:
    return is_better(other.val_score, other.val_loss, trial.val_score, trial.val_loss)


def best_of(trials: Sequence[Trial]) -> Trial | None:
    """The trial with the best score (ties: lower loss, then earlier); None when none has one.

    One that repeats another from a lucky seed, or that was set aside, is not asked.
    """
    best: Trial | None = None
    for trial in trials:
        unknown = trial.val_score is None and trial.val_loss is None
        if unknown or trial.repeats is not None or trial.set_aside:
            continue
        if best is None or _beats(trial, best):
            best = trial
    return best
