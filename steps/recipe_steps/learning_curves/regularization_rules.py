"""Rules about weight decay and augmentation that cost more than they bring."""

from recipe.plugin import Evidence, Finding, finding, rule
from recipe_steps.learning_curves.regularization import HIGH_FLOOR, NOTABLE_DECAY, STRONG_DECAY
from recipe_steps.learning_curves.remedies import (
    less_decay,
    without_augmentation,
)
from recipe_steps.learning_curves.run_curves import (
    LABELS,
    WITHOUT,
    Run,
    before,
    finding_of_runs,
    noise_of,
    wins,
)
from recipe_steps.learning_curves.shapes import ENOUGH
from recipe_steps.lr_range.rules import outdone

APART = 0.25
"""Validation score above the training score that augmentation does not explain by itself."""
HARDER = 0.05
"""The same, where training without augmentation decides."""
LOW = 0.8
"""Share of right answers, in training and validation, below which augmentation may be why."""
MUCH_BETTER, CLOSER = 0.05, 0.25
"""Of the score, and of what is missing to a perfect one: what that has to bring. A sound
augmentation costs a little in a short training."""
LESS = 10.0
"""Times less weight decay, where that is compared."""


@rule(
    "warn",
    explains=["underfitting", "slow-start", "needs-lr-decay", "regularization-too-strong",
              "learning-rate-too-low", "learning-rate-too-high"],
    remedy=less_decay,
)  # fmt: skip
def weight_decay_too_high(evidence: Evidence) -> Finding | None:
    """What: weight decay is strong and the training loss stays high; or a whole training with far
    less of it is far better.

    Why: each update takes more away from the weights than the gradient can put back; training and
    validation suffer alike.

    Fix: use a tenth of the weight decay, or none until the model fits.
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

    advice = "Use a tenth of the weight decay."
    found = finding_of_runs(evidence, test, "warn", advice, confidence=0.7)
    return found if found and found.counts else _outdone_by_less(evidence, advice) or found


def suspect_augmentation(run: Run) -> bool:
    """Whether training without augmentation is worth a look: augmented items are harder than
    clean ones, the training loss stays high, or the score is low on both.
    """
    if not run.regularised or not run.train_score or not run.val_score or run.chance >= 1:
        return False
    stays = run.train_loss[-1] >= HIGH_FLOOR * run.train_loss[0]
    low = max(run.train_score[-1], run.val_score[-1]) < LOW
    return stays or low or run.val_score[-1] - run.train_score[-1] >= HARDER


@rule(
    "warn",
    explains=[
        "underfitting",
        "overfitting",
        "learning-rate-too-high",
        "predicts-majority-class",
        "simple-model-does-better",
    ],
    remedy=without_augmentation,
)
def augmentation_too_strong(evidence: Evidence) -> Finding | None:
    """What: the score on augmented training data is far below that on clean validation data, or
    the same training without augmentation is far better.

    Why: augmentation leaves too little of an item to recognise it, so the model is trained on other
    data than it is used for; or it changes what the item is.

    Fix: use smaller shifts, crops and distortions, and none that change the label or mix items.
    """

    def test(run: Run) -> str | None:
        plain = run.tested("augmentation-too-strong")
        old = before(run, plain) if plain else run
        if plain and plain.score is not None and old.score is not None:
            gain = plain.score - old.score
            if gain >= max(MUCH_BETTER, CLOSER * (1 - old.score), noise_of(old)):
                on = f"{WITHOUT[plain.on]} " if plain.on else ""
                return f"{on}it scores {old.score:.3g}, and {plain.score:.3g} without augmentation"
        if not run.regularised or not run.train_score or not run.val_score:
            return None
        train, val = run.train_score[-1], run.val_score[-1]
        if val - train < APART or run.chance >= 1:  # a share, and no loss
            return None
        return f"augmented training scores {train:.3g}, clean validation {val:.3g}"

    return finding_of_runs(evidence, test, "warn", "Use weaker augmentation.", confidence=0.6)


def _outdone_by_less(evidence: Evidence, advice: str) -> Finding | None:
    """Where the best of the whole trainings had far less weight decay; the remedy decides."""
    own, rival = evidence.number("declared_weight_decay"), evidence.number("rival_weight_decay")
    strong = STRONG_DECAY.get(evidence.text("baseline_optimizer") or "")
    scores = outdone(evidence)
    if own is None or rival is None or strong is None or scores is None:
        return None
    if own < NOTABLE_DECAY * strong or rival > own / LESS:
        return None
    return finding(
        "warn",
        f"{LABELS['baseline']} weight decay is {own:g} and the score {scores[0]:.3g}; at {rival:g} "
        f"the best setting reaches {scores[1]:.3g}.",
        advice,
        confidence=0.7,
    )
