"""Noise of labels, told from a hard task.

A model on a hard task is wrong where it is unsure. Wrong labels fall anywhere: among the items
of which the model is surest it is then wrong about as often as among all (Northcutt et al. 2021
look for label errors in the same place).
"""

from recipe.plugin import Evidence, Finding, finding, rule

SIGNIFICANCE = 2.33
"""Standard normal quantile of one in a hundred."""
NOISY = 0.05
"""Share of wrong answers among the surest items that has to be exceeded at that significance."""
AS_OFTEN = 0.7
"""Wrong answers among the surest items, relative to all: 1 where errors fall anywhere; weak models
on clean CIFAR-10 reach 0.5."""
SKILL = 0.25
"""Share of the way from chance to perfect below which a model is sure of nothing."""
MOST = 0.5
"""Share of all labels that the model contradicts from which it is the model that is doubtful: a
small network on clean CIFAR-10 that is wrong on 58 % was wrong on 43 % of the surest."""


@rule("warn", explains=["overfitting", "underfitting", "needs-lr-decay"])
def noisy_labels(evidence: Evidence) -> Finding | None:
    """What: the best model is wrong on the items it is surest of nearly as often as on all.

    Why: on a hard task a model is wrong where it is unsure. Labels that were given wrongly fall
    anywhere, and training that goes on learns them by heart: validation loss rises as in
    overfitting, and more data of this kind helps less than clean labels.

    Fix: look at the listed items and relabel; until then stop early, or smooth the labels.
    """
    items, wrong, overall, chance = (
        evidence.number(name)
        for name in ("surest_items", "surest_wrong", "wrong_share", "best_chance")
    )
    if not items or wrong is None or not overall or chance is None or chance >= 1:
        return None
    if overall >= MOST:
        return None
    share = wrong / items
    error = (max(share, NOISY) * (1 - min(share, 1 - NOISY)) / items) ** 0.5
    skill = (1 - overall - chance) / (1 - chance)
    if share - SIGNIFICANCE * error <= NOISY or share < AS_OFTEN * overall or skill < SKILL:
        return None
    named = evidence.text("suspect_items")
    return finding(
        "warn",
        f"Of the {items:.0f} validation items that the best model is surest of, {share:.0%} have "
        f"another label (of all {overall:.0%}), among them items {named}.",
        "Look at these items and relabel; until then stop early or smooth the labels.",
        confidence=0.8,
    )


RULES = (noisy_labels,)
