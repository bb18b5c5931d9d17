"""A class that is never answered, and a score that does not show it."""

from recipe.plugin import Evidence, Finding, finding, rule
from recipe_steps.learning_curves.class_balance import weigh_classes

HIDDEN = 0.05
"""By how much the plain score lies above the mean recall of the classes."""
CERTAIN, WON = 3.0, 5
"""Deviations of the sign test (won less lost, by the root of both), and right answers that are won,
from which even the plain score is better when the class is answered."""
RANKED = 0.7
"""From here on the outputs are said to tell the class from others."""


@rule("warn", explains=["underfitting"], remedy=weigh_classes)
def rare_class_ignored(evidence: Evidence) -> Finding | None:
    """What: the best model never answers one of the classes, and the plain score hides it: the mean
    recall of the classes is far lower.

    Why: of a rare class that the inputs tell only by chances, never to answer it is right most
    often; then a lower threshold or class weights find its items at the price of false alarms, and
    this is a note. Where even the plain score rises once its output is raised by an offset (chosen
    on the other half of the items), the training has neglected it: this is a warning.

    Fix: judge by a balanced metric, weigh the classes in the loss, or answer the class from a
    lower threshold on.
    """
    label, items, plain, balanced = (
        evidence.number(f"ignored_{name}") for name in ("class", "items", "plain", "balanced")
    )
    if label is None or items is None or plain is None or balanced is None:
        return None
    if plain - balanced < HIDDEN:
        return None
    gain, changed = evidence.number("ignored_gain"), evidence.number("ignored_changed")
    better = (
        gain is not None and bool(changed)
        and gain >= max(WON, CERTAIN * (changed or 0.0) ** 0.5)
    )  # fmt: skip
    rank = evidence.number("ignored_rank")
    told = ""
    if better:
        told = f" Raised by an offset, its output makes {gain:.0f} more answers right."
    elif rank is not None and rank >= RANKED:
        told = f" Its output ranks its items before {rank:.0%} of the others."
    return finding(
        "warn" if better else "note",
        f"Class {label:.0f} ({items:.0f} validation items) is never answered: the plain score is "
        f"{plain:.3g}, the mean recall of the classes {balanced:.3g}.{told}",
        "Judge by a balanced metric; weigh the classes, or answer this one from a lower threshold "
        "on.",
        confidence=0.8,
    )


RULES = (rare_class_ignored,)
