"""Rules about single items: odd ones, blank ones, and those that are there twice."""

from recipe.plugin import Evidence, Finding, finding, rule

COPIED = 1e-3
"""Chance below which repeats are copies, as for the overlap with validation."""
REPEATED = 0.02
"""Share of the training items that are there more than once."""
FEW_BLANK = 0.1
"""Share of the pictures up to which blank ones are an oversight: of more, such as empty tiles of a
map, someone knows."""


@rule("note")
def unusual_items(evidence: Evidence) -> Finding | None:
    """What: a few training items lie far beyond all others: in brightness, contrast, length, in
    one column or the target of a table, or in their distance to the nearest other picture; or
    pictures are of one colour.

    Why: such items are often mistakes: a file that was read badly, a mixed-up unit, 999999 for a
    missing value, the scan of an empty page. One of them can move a mean, and a gradient, more than
    all others. Far beyond means by the whole range of the others (twice that for lengths and
    distances, ten times for columns, which may have long tails).

    Fix: look at the items, which the plot of extremes shows, and drop or correct those that are
    wrong.
    """
    axis, count = evidence.text("odd_axis"), evidence.number("odd_count")
    value, low, high = (evidence.number(f"odd_{name}") for name in ("value", "low", "high"))
    if axis is not None and count and value is not None and low is not None and high is not None:
        many = f"{count:.0f} training items lie" if count > 1 else "One training item lies"
        what = "distance to the nearest other" if axis == "distance" else axis
        return finding(
            "note",
            f"{many} far beyond all others in {what} (item {evidence.text('odd_items')}): "
            f"{value:.3g}, where the others range from {low:.3g} to {high:.3g}.",
            "Look at them, and drop or correct them if they are wrong.",
        )
    blank, share = evidence.number("blank_items"), evidence.number("blank_share")
    if not blank or share is None or share > FEW_BLANK:
        return None
    return finding(
        "note",
        f"{blank:.0f} training pictures are of one colour (items {evidence.text('blank_where')}).",
        "Look at these files: an image that could not be read, or an empty page?",
    )


@rule("note")
def repeated_training_items(evidence: Evidence) -> Finding | None:
    """What: some training items occur more than once, exactly or nearly, more often than chance
    would do it.

    Why: an item that occurs five times counts five times, and a random split puts some of the
    copies on both sides. Items of a rare class may have been repeated on purpose, so this is a
    note; items in both training and validation are a finding of their own.

    Fix: remove duplicates before splitting, unless they are intended.
    """
    share, chance = evidence.number("repeated_share"), evidence.number("train_repeats_chance")
    if share is not None and chance is not None and share >= REPEATED and chance < COPIED:
        return finding(
            "note",
            f"{share:.1%} of the training items are there more than once.",
            "Remove duplicates before splitting, unless they are intended.",
        )
    near, part = evidence.number("near_repeats"), evidence.number("near_repeated_share")
    if near is None or part is None or part < REPEATED:
        return None
    return finding(
        "note",
        f"{near:.0f} training items ({part:.1%}) are nearly identical to others, such as "
        f"{evidence.text('near_repeats_where')}.",
        "Look at these pairs, and remove copies before splitting.",
    )


RULES = (unusual_items, repeated_training_items)
