"""A rule about what simple models score."""

from recipe.plugin import Evidence, Finding, finding, rule

ERRORS, WORTH = 2.0, 0.01
"""Standard errors, and points of the score, by which a simple model has to be better."""
NAMES = {"linear": "A linear model", "forest": "A random forest"}


MOST_OF, SURELY = 0.6, 5.0
"""Share of the way from chance to what a simple model scores that a run without a fault goes, and
the standard errors by which it falls short of that one."""


@rule("warn")
def simple_model_does_better(evidence: Evidence) -> Finding | None:
    """What: a linear model or a random forest scores clearly better on validation than the best
    run.

    Why: it is hard to get such a model wrong, so what it knows is in the data: a network that knows
    less was trained too briefly, is too small, or has a fault. On tables of a few hundred rows,
    forests are often simply the better choice. It is a warning if the run gets little more than
    half of the way from chance to the score of the simple model.

    Fix: use the simple model, or find out what keeps the network from doing as well.
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
    chance = evidence.number("best_chance") or 0.0
    falls_short = best - chance < MOST_OF * (known[name] - chance)
    certain = known[name] - best > SURELY * error
    return finding(
        "warn" if falls_short and certain else "note",
        f"{NAMES[name]} that learnt from {items:.0f} training items scores {known[name]:.3g} on "
        f"validation, the best run {best:.3g}.",
        "Use it, or find out what keeps the network from doing as well.",
        confidence=0.9,
    )


RULES = (simple_model_does_better,)
"""All of them."""
