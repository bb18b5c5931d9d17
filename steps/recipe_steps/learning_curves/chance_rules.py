"""The rule about a model that knows nothing, whatever its curves look like."""

import math

from recipe.plugin import Evidence, Finding, finding, rule
from recipe_steps.learning_curves.run_curves import Run, runs

MOST_OF_ONE = 0.9
"""Share of the most frequent class from which that answer may be the best there is."""
LEAST = 50
"""Validation items below which a score at chance says little."""
LUCK = 2.0
"""Standard errors by which the best of several runs has to be above chance."""
WORSE = 0.03
"""R2 below zero from which a model is worse than the mean: what noise and a mean of the training
targets cost is about one over the number of items."""


@rule(
    "warn",
    explains=["underfitting", "slow-start", "still-improving", "too-few-updates", "overfitting",
              "best-at-edge-of-grid", "needs-lr-decay", "regularization-too-strong"],
)  # fmt: skip
def no_better_than_chance(evidence: Evidence) -> Finding | None:
    """What: the best run answers no better than one constant answer does: the most frequent class,
    or for real values worse than their mean.

    Why: nothing that training taught holds for new items. Either the inputs do not tell the
    targets as they arrive at the model (they are scrambled, cut, constant, paired with other
    targets), or validation items are made in another way than training items.

    Fix: look at a few items as the model sees them, of both parts, beside their targets; train on
    validation items for once: what is not learnt there either is not in them.
    """
    found = runs(evidence)
    told = [(run, said) for run in found if (said := _at_chance(run)) is not None]
    if not told or len(told) < len(found):  # another run knows something
        return None
    return finding(
        "warn",
        told[0][1],
        "Look at a few items of both parts as the model sees them, beside their targets: do the "
        "inputs tell the answer, and are both parts made alike?",
        confidence=0.6,
    )


def _at_chance(run: Run) -> str | None:
    if run.score is None or run.constant is None or run.items < LEAST:
        return None
    if run.metric == "r2":
        if run.score >= run.constant - WORSE:
            return None
        return (
            f"{run.label} R2 is {run.score:.3g}: to answer the mean of the targets for every item "
            f"scores {run.constant:.3g}."
        )
    luck = 0.0  # of a metric of one's own nobody knows
    if run.constant == run.chance:
        if not 0 < run.chance < MOST_OF_ONE:
            return None
        luck = LUCK * math.sqrt(run.chance * (1 - run.chance) / run.items)
    if run.score > run.constant + luck:
        return None
    return (
        f"{run.label} the score is {run.score:.3g}, and to give all {run.items:.0f} items one and "
        f"the same answer scores {run.constant:.3g}."
    )


RULES = (no_better_than_chance,)
