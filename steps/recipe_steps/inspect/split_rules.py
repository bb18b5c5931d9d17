"""Rules about how validation data relate to training data."""

import math

from recipe.plugin import ERRORS, Evidence, Finding, chance_of_at_least, finding, rule
from recipe_steps.inspect import remedies
from recipe_steps.inspect.undoing import FIRST_READ_AS_LAST, LAST_READ_AS_FIRST
from recipe_steps.symptoms import NOT_GENERALISING

CHANCE_FACTOR = 3.0
"""Overlap counts when it exceeds this many times the share of training items that repeat: a
table of few distinct rows overlaps by itself."""
OVERLAP_WARN, OVERLAP_FAIL = 0.01, 0.2
RARELY, OFTEN = 0.1, 0.5
"""Shares of repeated items of two classes of which one was sampled more often before the split;
where each of its items was doubled, three quarters still meet their copy in training."""
TOO_FEW_TO_SPLIT = 32
"""Training items below which validating on all of them is taken for a choice: a truth table has
nothing to hold out."""
CHANCE = 1e-3
"""Probability of a random split below which it was none: a false alarm in a thousand runs."""
DIFFERING_SHARE = 0.5
"""Of the features: another preprocessing meets all of them, or a channel or more."""
MOVED, STRETCHED = 0.35, 1.5
"""Distance of the levels in deviations, and ratio of the deviations, in the middle of the features,
that are told where chance does not explain them. Of 200 made-up splits by subject (four of twenty,
a fifth of the variance between them) the median feature is moved by more than this in one."""
MOVED_CHANCE = 1e-5
"""Probability that a random split is as far apart: none of 1600 made-up ones came below."""
UNDONE = {
    "order of columns": "the order of their columns",
    "first and last column": "the order of their columns (from the last to the first)",
    "columns one place on": "the place of their columns (each one on)",
    "columns one place back": "the place of their columns (each one back)",
    "order of channels": "the order of their channels (RGB and BGR)",
    FIRST_READ_AS_LAST: "their layout (channels first, read as if they were last)",
    LAST_READ_AS_FIRST: "their layout (channels last, read as if they were first)",
    "order of height and width": "the order of height and width",
    "up and down": "what is up and down", "left and right": "what is left and right",
    "level and spread": "their level and spread", "sign": "their sign (dark for bright)",
}  # fmt: skip
FEW_ITEMS = 100
"""Validation items below which the standard error of a score exceeds 5 points."""


@rule("fail", exact=True, remedy=remedies.without_overlap)
def train_validation_overlap(evidence: Evidence) -> Finding | None:
    """What: the same items are in both the training and the validation data, or nearly the same
    ones: rounded, compressed again, with a trace of noise.

    Why: the model can remember these items, so the validation score promises more than new data
    will give. Tables with few distinct rows repeat by chance, so only an excess over that counts
    (binomial test), or repeats that independent rows would not show: two rows with continuous
    columns hardly ever agree, and in a table that was appended to itself every row is there exactly
    twice. Nothing can be held out from a table that lists every possible row. Texts that were
    turned into a few numbers may look alike although they differ: then a small share is a note.

    Fix: remove duplicates before splitting, or split by group (subject, video, user). With val= as
    a fraction, equal items stay on one side without your doing anything.
    """
    share = evidence.number("overlap_share")
    if share is None:
        return None
    if share < OVERLAP_WARN:
        return _nearly_identical(evidence)
    chance = evidence.number("repeats_chance")
    copied = chance is not None and chance < CHANCE
    if not (copied or _beyond_chance(evidence, share) or _oversampled(evidence)):
        return None
    count, items = evidence.number("overlap") or 0, evidence.number("train_items")
    few = share == 1.0 and items is not None and items < TOO_FEW_TO_SPLIT
    whole_table = few or evidence.flag("whole_table")
    some = evidence.flag("texts_as_numbers") and share < OVERLAP_FAIL
    texts = " as numbers; their texts may differ" if some else ""
    return finding(
        "note" if whole_table or some else "fail" if share >= OVERLAP_FAIL else "warn",
        f"{count:.0f} validation items ({share:.1%}) are identical to training items{texts}.",
        "Remove duplicates before splitting, or split by group.",
    )


def _nearly_identical(evidence: Evidence) -> Finding | None:
    share, count = evidence.number("near_overlap_share"), evidence.number("near_overlap") or 0
    if share is None or share < OVERLAP_WARN:
        return None
    return finding(
        "fail" if share >= OVERLAP_FAIL else "warn",
        f"{count:.0f} validation items ({share:.1%}) are nearly identical to training items: they "
        "lie far closer to one of them than to all others.",
        "Remove copies before splitting, or split by group.",
        confidence=0.9,
    )


def _beyond_chance(evidence: Evidence, share: float) -> bool:
    """Whether a random split would hardly ever share so many items: a validation item meets its
    like in training as often as a training item does, or as often as values meet by chance.
    """
    repeated = evidence.number("repeated_share") or 0.0
    if share <= CHANCE_FACTOR * repeated:
        return False
    count, items = evidence.number("overlap"), evidence.number("val_inputs_seen")
    if count is None or items is None:
        return True
    met = 1 - math.exp(-(evidence.number("repeats_by_chance") or 0.0))
    return chance_of_at_least(int(count), int(items), max(repeated, met)) < CHANCE


def _oversampled(evidence: Evidence) -> bool:
    """Whether items of one class repeat, not by chance, and those of another do not."""
    least, most = evidence.number("repeats_least"), evidence.number("repeats_most")
    chance = evidence.number("repeats_by_chance")
    if least is None or most is None or chance is None:
        return False
    return least <= RARELY and most >= OFTEN and chance < CHANCE


@rule(
    "fail",
    exact=True,
    explains=[*NOT_GENERALISING, "best-at-edge-of-grid", "single-class-labels"],
    remedy=remedies.split_anew,
)
def validation_missing_classes(evidence: Evidence) -> Finding | None:
    """What: validation lacks classes that training has, or the other way round, more often than
    chance would do it.

    Why: data sorted by class were split without shuffling. The model was never trained on what is
    held out, and the validation score says nothing about the missing classes.

    Fix: shuffle before splitting, and split so that every class has its share (stratified).
    """
    for part, other in (("val", "train"), ("train", "val")):
        lacks = evidence.number(f"{part}_lacks")
        chance = evidence.number(f"{part}_lacks_chance")
        if lacks and chance is not None and chance < CHANCE:
            name = {"val": "Validation", "train": "Training"}[part]
            return finding(
                "fail",
                f"{name} lacks {lacks:.0f} classes that {other} has; a random split would leave "
                f"them out with a probability of {chance:.2g}.",
                "Shuffle, then split with stratification.",
            )
    return None


@rule("fail", exact=True, explains=NOT_GENERALISING, remedy=remedies.one_preprocessing)
def validation_preprocessing_differs(evidence: Evidence) -> Finding | None:
    """What: validation inputs are larger or smaller, or spread differently, than training inputs.

    Why: the model sees numbers it was never trained on: only one part was normalised, or each with
    other figures, or one is 0..255 and the other 0..1. A series that drifts and was split by time
    differs too, but there validation begins where training ends. Columns in another order show by
    what they say of the targets. A shift of most features by a
    third of a standard deviation is reported if no random split explains it (a permutation test of
    whole items, within the classes). Other differences, such as channels or axes in another order,
    only show once a model is trained: it recognises the validation items as soon as the difference
    is undone.

    Fix: use one transform for both, and take its mean and deviation from the training data.
    """
    shown = _when_undone(evidence) or _turned(evidence) or _noisy(evidence)
    if shown is not None:
        return shown
    share = evidence.number("differing_features")
    if share is None or share < DIFFERING_SHARE:
        return _moved(evidence)
    shift, stretch = evidence.number("largest_shift"), evidence.number("largest_stretch")
    differ = (
        f"{share:.0%} of the input features differ between training and validation: means by up "
        f"to {shift or 0:.2g} spreads, spreads by a factor of up to {stretch or 1:.2g}"
    )
    drifts = share - (evidence.number("drifting_features") or 0.0) < DIFFERING_SHARE
    return _differing(differ, drifts=drifts)


def _differing(differ: str, *, drifts: bool) -> Finding:
    """A difference between the parts, which is no fault where later items drift away."""
    if drifts:
        return finding(
            "note",
            f"{differ}, but validation goes on where training ends.",
            "In a series that was split by time this is drift; expect the score to follow it.",
        )
    return finding("fail", f"{differ}.", "Use one transform for both.")


def _moved(evidence: Evidence) -> Finding | None:
    """Where all features are moved or stretched by little, and more than chance does. Whether a
    stretch harms depends on the model.
    """
    shift, chance = evidence.number("moved_shift"), evidence.number("moved_chance")
    goes_on = evidence.flag("moved_goes_on")
    if shift is not None and chance is not None and shift >= MOVED and chance < MOVED_CHANCE:
        return finding(
            "note" if goes_on else "warn",
            f"Validation inputs lie {shift:.2g} deviations apart from training inputs (the median "
            f"feature); a random split comes that far less than once in {1 / MOVED_CHANCE:,.0f}.",
            "In a series that was split by time this is drift; expect the score to follow it."
            if goes_on else "Use one transform for both, or find out what else differs.",
            confidence=0.8,
        )  # fmt: skip
    stretch, chance = (evidence.number(name) for name in ("moved_stretch", "moved_stretch_chance"))
    if stretch is None or chance is None or stretch < STRETCHED or chance >= MOVED_CHANCE:
        return None
    return finding(
        "note",
        f"The spreads of training and validation inputs differ by a factor of {stretch:.2g} (the "
        f"median feature); those of a random split do less than once in {1 / MOVED_CHANCE:,.0f}.",
        "Use one transform for both.",
        confidence=0.8,
    )


def _when_undone(evidence: Evidence) -> Finding | None:
    """Where a trained model knows the validation items once something is undone in them."""
    what, before, after, known = (
        evidence.text("val_undone"), evidence.number("val_as_given"),
        evidence.number("val_when_undone"), evidence.number("val_known_in_training"),
    )  # fmt: skip
    if what is None or before is None or after is None or known is None:
        return None
    said = (
        f"Validation inputs differ from training inputs in {UNDONE.get(what, what)}: with that "
        f"undone the trained model scores {after:.3g} on them instead of {before:.3g} "
        f"({known:.3g} in training)"
    )
    return _differing(said, drifts=evidence.flag("val_goes_on"))


def _turned(evidence: Evidence) -> Finding | None:
    """Where the columns say of the targets what they say in training, once they stand otherwise."""
    what, chance = evidence.text("columns_undone"), evidence.number("columns_chance")
    if what is None or chance is None:
        return None
    return finding(
        "fail",
        f"Validation inputs differ from training inputs in {UNDONE.get(what, what)}. With that "
        "undone, they relate to the targets as they do in training; as they stand, they do not, "
        f"and a random split would be this far off with a probability of {max(chance, 1e-30):.0g}.",
        "Select the columns by name, in one order for both.",
    )


def _noisy(evidence: Evidence) -> Finding | None:
    """Where validation inputs hold noise that training inputs do not."""
    size, share, before, known, lowered = (
        evidence.number(name) for name in (
            "val_noise", "val_overwritten", "val_as_given", "val_known_in_training",
            "training_with_noise",
        )
    )  # fmt: skip
    if before is None or known is None or lowered is None:
        return None
    if share is not None:
        values = evidence.text("val_overwritten_by")
        said = f"{share:.0%} of the values are overwritten by {values}"
    elif size is not None:
        said = f"{size:.2g} of their deviation"
    else:
        return None
    return finding(
        "warn",
        f"Validation inputs hold noise that training inputs do not, {said}: the model scores "
        f"{before:.3g} on them, {known:.3g} in training and {lowered:.3g} on training items with "
        "as much noise.",
        "Leave noise and other augmentation out of validation.",
        confidence=0.9,
    )


@rule("warn", exact=True, explains=["overfitting", "unstable-training"])
def validation_items_random(evidence: Evidence) -> Finding | None:
    """What: the same index of the validation data gives different items.

    Why: random transforms, such as crops and noise, belong in training. In validation they make the
    score lower than it really is, and different every time, so that settings cannot be compared.

    Fix: give the validation data a transform without anything random in it.
    """
    if not evidence.flag("val_items_random"):
        return None
    return finding(
        "warn",
        "The same index of the validation data gives different items: they are changed at random.",
        "Give validation a transform without randomness, such as a resize and the normalisation.",
    )


@rule("note")
def too_little_validation_data(evidence: Evidence) -> Finding | None:
    """What: the validation score is too uncertain to show the differences that are being looked
    for.

    Why: with n items, a share of one half has a 95 % interval of 1.96 sqrt(0.25 / n) to either
    side. With 50 items that is 14 points, so two settings that are 10 points apart may be equally
    good.

    Fix: hold out more, or use cross-validation.
    """
    items = evidence.number("val_items")
    if not items or evidence.text("target_kind") == "real" or items >= FEW_ITEMS:
        return None
    points = 100 * ERRORS * (0.25 / items) ** 0.5
    return finding(
        "note",
        f"With {items:.0f} validation items an accuracy is uncertain by up to {points:.0f} points "
        "either way (95 % interval).",
        "Hold out more items, or do not take smaller differences for gains.",
    )


RULES = (
    validation_missing_classes,
    validation_preprocessing_differs,
    train_validation_overlap,
    validation_items_random,
    too_little_validation_data,
)
