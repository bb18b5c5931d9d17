"""Regularisation that costs more than it brings, as training without it shows."""

import copy
from functools import partial
from typing import Any

from recipe.plugin import Evidence, Finding, rule
from recipe_steps.learning_curves.run_curves import WITHOUT, Run, finding_of_branch
from recipe_steps.learning_curves.shapes import ENOUGH

STRONG_DROPOUT = 0.3
BEYOND_USUAL = 0.55
"""Dropout above the usual half of hidden units (Srivastava et al. 2014, section A.4), which is
looked at in short trainings too."""
FEWEST = 3
"""Epochs of these."""
STRONG_DECAY = {"sgd": 0.05, "adam": 0.1, "rmsprop": 0.1, "adamw": 1.0}
"""Weight decay from which it is suspected; the usual values are a hundredth of these."""
STRONG_SMOOTHING = 0.5
"""Label smoothing from which the right class is no longer sought with half of all confidence; 0.1
is usual (Szegedy et al. 2016)."""
NOTABLE_DECAY = 0.1
"""Of the strong one: enough for a look, since the branch decides."""
NO_GAP = 0.05
"""Training score, measured with dropout, below the one on validation data: there is no gap that
dropout would have to close."""
HIGH_FLOOR = 0.5
"""Training loss at the end, of its first value, that is far from learnt."""


def suspect_regularization(run: Run) -> bool:
    """Whether dropout, weight decay or label smoothing is notable and the training loss stays
    high; or dropout is, and training scores lower than validation.
    """
    losses = run.train_loss
    unusual = run.dropout > BEYOND_USUAL
    if len(losses) < (FEWEST if unusual else ENOUGH) or run.learnt:
        return False
    if losses[-1] < HIGH_FLOOR * losses[0]:
        apart = run.val_score[-1] - run.train_score[-1] if run.of_classes else 0.0
        return unusual and apart >= NO_GAP
    strong = STRONG_DECAY.get(run.optimizer)
    decays = strong is not None and run.decay >= NOTABLE_DECAY * strong
    return decays or run.dropout >= STRONG_DROPOUT or run.smoothing >= STRONG_SMOOTHING


def smoothing_of(loss: Any) -> float:
    """The label smoothing of a loss, where it can be read: a module's, or a bound argument's."""
    bound = loss.keywords if isinstance(loss, partial) else {}
    smoothing = bound.get("label_smoothing", getattr(loss, "label_smoothing", 0.0))
    return float(smoothing) if isinstance(smoothing, float | int) else 0.0


def unsmoothed(loss: Any) -> Any:
    """The same loss without label smoothing."""
    if not smoothing_of(loss):
        return loss
    if isinstance(loss, partial):
        return partial(loss.func, *loss.args, **{**loss.keywords, "label_smoothing": 0.0})
    plain = copy.copy(loss)
    plain.label_smoothing = 0.0
    return plain


@rule(
    "warn",
    explains=[
        "underfitting",
        "slow-start",
        "needs-lr-decay",
        "learning-rate-too-low",
        "simple-model-does-better",
    ],
)
def regularization_too_strong(evidence: Evidence) -> Finding | None:
    """What: the training loss stays high, or training scores lower than validation, and the same
    training without dropout, weight decay and label smoothing is better on validation data.

    Why: regularisation narrows the gap between training and validation at the price of a worse fit.
    If the model does not even fit the training data, there is no gap to narrow.

    Fix: use less dropout, weight decay and label smoothing; add them back once the model overfits.
    """
    return finding_of_branch(
        evidence,
        "regularization-too-strong",
        lambda run: (
            f"the training loss stays at {run.train_loss[-1]:.3g}"
            if run.tested("regularization-too-strong") and suspect_regularization(run)
            else None
        ),
        WITHOUT["regularization-too-strong"],
        "Use less dropout, weight decay and label smoothing.",
    )
