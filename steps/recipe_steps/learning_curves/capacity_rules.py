"""What more width and more data bring, in words."""

from recipe.plugin import Evidence, Finding, finding, rule
from recipe_steps.learning_curves.run_curves import runs

FITS = 0.9
"""Share of the way from chance to perfect from which training data count as fitted."""
LOWER = 0.9
"""Of the training loss: what twice the width has to come below."""
ERRORS = 2.0
"""Standard errors of a score, as for its difference from another one on the same items."""


def wider_said(evidence: Evidence) -> str:
    """What twice the width does to the training loss, as a sentence; empty where it was not
    tried.
    """
    name, width = evidence.text("capacity_name"), evidence.number("capacity_width")
    own, wider = evidence.number("capacity_loss"), evidence.number("capacity_wider_loss")
    if name is None or width is None or own is None or wider is None:
        return ""
    updates = evidence.number("capacity_updates") or 0
    brings = "lowers the training loss" if wider < own else "does not lower the training loss"
    return (
        f"{name} {2 * width:.0f} instead of {width:.0f} {brings} (from {own:.3g} to {wider:.3g} "
        f"in {updates:.0f} updates)."
    )


def data_said(evidence: Evidence) -> str:
    """What half of the data scores, and what that promises of more, as a sentence; empty where it
    was not tried.
    """
    half, whole, items = (
        evidence.number(f"half_{name}") for name in ("score", "whole_score", "items")
    )
    if half is None or whole is None or items is None:
        return ""
    known = f"{items:.0f} of the training items score {half:.3g}, all of them {whole:.3g}"
    if whole - half > ERRORS * (evidence.number("half_error") or 0.0):
        return f"{known}: twice as many may bring nearly as much again."
    return f"{known}: more of the same kind promises little."


@rule("note")
def larger_model_fits_better(evidence: Evidence) -> Finding | None:
    """What: the best run does not fit its training data, and in a short training a model twice as
    wide has a clearly lower training loss.

    Why: first make a model large enough to fit the training data, then hold it back until it
    generalises. A model that does not fit them has nothing to be held back from. The short
    trainings start from the same seed and see the same batches.

    Fix: add width or depth, as long as the training loss falls with it.
    """
    name, own, wider = (
        evidence.text("capacity_name"), evidence.number("capacity_loss"),
        evidence.number("capacity_wider_loss"),
    )  # fmt: skip
    best = next((run for run in runs(evidence) if run.label == "In the best run"), None)
    if name is None or own is None or wider is None or best is None or not best.train_score:
        return None
    train, room = best.train_score[-1], 1 - best.chance
    if room <= 0 or train - best.chance >= FITS * room or own <= 0 or wider > LOWER * own:
        return None
    return finding(
        "note",
        f"In the best run training ends at a score of {train:.3g}, and {wider_said(evidence)}",
        "Make the model larger, and hold it back once it overfits.",
        confidence=0.7,
    )


RULES = (larger_model_fits_better,)
"""All of them."""
