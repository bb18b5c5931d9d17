"""A rule about what simple models score."""

from recipe.plugin import Evidence, Finding, finding, rule

ERRORS, WORTH = 2.0, 0.01
"""Standard errors, and points of the score, by which a simple model has to be better."""
NAMES = {"linear": "A linear model", "forest": "A random forest"}


@rule("note")
def simple_model_does_better(evidence: Evidence) -> Finding | None:
    """What: a linear model or a random forest scores clearly better on validation than the best
    run.

    Why: such a model can hardly be got wrong, so what it knows is in the data: a network that knows
    less was trained too shortly, is too small, or has a fault. On tables of a few hundred rows
    forests are often simply the better choice.

    Fix: use the simple model, or find out what keeps the network from knowing as much.
    """
    best, error = evidence.number("best_score"), evidence.number("simple_error")
    scores = {name: evidence.number(f"simple_{name}") for name in NAMES}
    known = {name: score for name, score in scores.items() if score is not None}
    if best is None or error is None or not known:
        return None
    name = max(known, key=known.__getitem__)
    if known[name] - best <= max(WORTH, ERRORS * error):
        return None
    items = evidence.number("simple_items") or 0
    return finding(
        "note",
        f"{NAMES[name]} that learnt from {items:.0f} training items scores {known[name]:.3g} on "
        f"validation, the best run {best:.3g}.",
        "Use it, or find out what keeps the network from knowing as much.",
        confidence=0.9,
    )


RULES = (simple_model_does_better,)
"""All of them."""
