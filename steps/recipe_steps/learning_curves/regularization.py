"""Regularisation that costs more than it brings, as training without it shows."""

from recipe.results import Evidence, Finding
from recipe.rules import rule
from recipe_steps.learning_curves.runs import Run, about_branch

STRONG_DROPOUT = 0.3
STRONG_DECAY = {"sgd": 0.05, "adam": 0.1, "rmsprop": 0.1, "adamw": 1.0}
"""Weight decay from which it is suspected; the usual values are a hundredth of these."""
NOTABLE_DECAY = 0.1
"""Of the strong one: enough for a look, since the branch decides."""
HIGH_FLOOR = 0.5
"""Training loss at the end, of its first value, that is far from learnt."""
ENOUGH = 6


def suspect_regularization(run: Run) -> bool:
    """Whether dropout or weight decay is notable and the training loss stays high."""
    losses = run.train_loss
    if len(losses) < ENOUGH or run.learnt or losses[-1] < HIGH_FLOOR * losses[0]:
        return False
    strong = STRONG_DECAY.get(run.optimizer)
    decays = strong is not None and run.decay >= NOTABLE_DECAY * strong
    return decays or run.dropout >= STRONG_DROPOUT


@rule("warn", explains=["underfitting", "slow-start", "needs-lr-decay"])
def regularization_too_strong(evidence: Evidence) -> Finding | None:
    """What: the training loss stays high, and the same training without dropout and weight decay
    is better on validation data.

    Why: regularisation pays for a smaller gap with a worse fit; where the model does not even
    fit the training data, there is no gap to pay for.

    Fix: less dropout and weight decay; add them back once the model overfits.
    """
    return about_branch(
        evidence,
        "regularization-too-strong",
        lambda run: (
            f"the training loss stays at {run.train_loss[-1]:.3g}"
            if run.tested("regularization-too-strong") and suspect_regularization(run)
            else None
        ),
        "without dropout and weight decay",
        "Less dropout and weight decay.",
    )
