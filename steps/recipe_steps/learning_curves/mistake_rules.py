"""Rules about what the best model gets wrong, and what it does not need. Both are notes: they say
where to look next.
"""

from recipe.plugin import Evidence, Finding, finding, rule

CERTAIN = 5.0
"""Standard errors by which a slice of the items is answered worse: of two hundred slices of data
without any such relation the worst one reaches 4 in one run of a hundred."""
TWICE = 2.0
"""Times as many mistakes as elsewhere."""
WITHIN = 0.01
"""Of the score: what halving pictures may cost, and twice its standard error at most."""
LEARNT = 0.1
"""Of the score above chance, below which nothing was learnt that could be lost."""


@rule("note")
def mistakes_gather(evidence: Evidence) -> Finding | None:
    """What: along one property of the validation items (brightness, contrast, length, a column),
    the best model is wrong at least twice as often at one end as elsewhere, beyond chance.

    Why: an average hides where a model fails. Dark pictures, short texts or one group of rows may
    be rare in training, measured differently, or labelled worse: a bias in the data becomes a bias
    of the model. It may also be that such items are simply harder.

    Fix: look at these items (the plot of mistakes shows the surest ones), and collect more like
    them.
    """
    where, inside, outside, errors = (
        evidence.text("slice"), evidence.number("slice_wrong"), evidence.number("others_wrong"),
        evidence.number("slice_errors"),
    )  # fmt: skip
    if where is None or inside is None or outside is None or errors is None:
        return None
    if errors < CERTAIN or inside < TWICE * outside:
        return None
    items = evidence.number("slice_items") or 0
    return finding(
        "note",
        f"Of the {items:.0f} validation items in {where} {inside:.0%} are answered wrongly, of all "
        f"others {outside:.0%}.",
        "Look at these items, and collect more like them.",
        confidence=0.9,
    )


@rule("note")
def detail_not_needed(evidence: Evidence) -> Finding | None:
    """What: the best model answers validation pictures as well when they are shrunk to half their
    size and enlarged again.

    Why: pictures of half the size take a quarter of the time and memory, so four times as many
    settings can be tried. The model was trained on whole pictures, so one that is trained on
    smaller ones does at least as well.

    Fix: train on pictures of half the size (`--image-size` for data by name).
    """
    whole, half, error, side = (
        evidence.number(f"detail_{name}") for name in ("whole", "half", "error", "side")
    )
    if whole is None or half is None or error is None or side is None:
        return None
    chance = evidence.number("best_chance")
    if chance is None or whole - chance < LEARNT:
        return None
    if whole - half > WITHIN or 2 * error > WITHIN:  # the latter: too few pictures to tell
        return None
    return finding(
        "note",
        f"The best model scores {half:.3g} on validation pictures at half their size and "
        f"{whole:.3g} on whole ones: {side / 2:.0f} pixels a side would do.",
        "Train on pictures of half the size, in a quarter of the time.",
        confidence=0.8,
    )


RULES = (mistakes_gather, detail_not_needed)
"""In the order in which they are said."""
