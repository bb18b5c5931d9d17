"""Rules about the data before training."""

import math

from recipe.noise import chance_of_at_least
from recipe.results import Evidence, Finding
from recipe.rules import finding, rule
from recipe_steps.inspect import remedies
from recipe_steps.symptoms import NOT_GENERALISING, NOT_LEARNING, OVERSHOOTING

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
VARIETY_WARN, VARIETY_FAIL = 0.8, 0.5
FEW_ITEMS = 100
"""Validation items below which the standard error of a score exceeds 5 points."""
IMBALANCE_NOTE, IMBALANCE_WARN = 10.0, 100.0
WEIGHED = 1.1
"""Gradient of an item of the smallest class over that of the largest from which the loss weighs
them: rounding leaves 1e-6, and nobody sets a smaller weight."""

UNLABELLED = 255
"""The label of what is not labelled, by the habit of segmentation data sets (PASCAL VOC)."""
_IGNORE = (
    "Pass loss=nn.CrossEntropyLoss(ignore_index=255) if 255 marks what is not labelled; encode "
    "all other labels as integers 0..C-1."
)


@rule("fail", blocks=True, remedy=remedies.impute)
def inputs_not_finite(evidence: Evidence) -> Finding | None:
    """What: inputs or targets contain NaN or infinite values.

    Why: one such value makes the loss, every gradient and then every weight NaN.

    Fix: drop the items, or impute the values, before they reach the model. The finding names
    the columns or the first items.
    """
    for split in ("train", "val"):
        for what in ("input", "target"):
            count = evidence.number(f"{split}_{what}_nonfinite")
            if count:
                where = evidence.text(f"{split}_{what}_nonfinite_where")
                place = f" ({where})" if where else ""
                return finding(
                    "fail",
                    f"{count:.0f} {what} values of {split} are NaN or infinite{place}.",
                    "Clean or impute them before training.",
                )
    return None


@rule("fail", blocks=True)
def targets_out_of_range(evidence: Evidence) -> Finding | None:
    """What: labels are negative, not whole numbers, or not below the number of outputs.

    Why: cross-entropy indexes the outputs by the label; a label outside of 0..C-1 crashes, or
    on a GPU reads foreign memory. Labels that start at 1 are the usual cause.

    Fix: encode C classes as integers 0..C-1 (dtype int64), and yes/no targets as 0 and 1. Mark
    what is not labelled by -100, or tell the loss which label says so (ignore_index).
    """
    kind, outputs = evidence.text("target_kind"), evidence.number("outputs")
    for split in ("train", "val"):
        low = evidence.number(f"{split}_target_min")
        high = evidence.number(f"{split}_target_max")
        if low is None or high is None:
            continue
        if kind == "zero or one" and (low < 0 or high > 1):
            return finding(
                "fail",
                f"Targets of {split} range from {low:g} to {high:g}, expected 0 and 1.",
                "Encode the answers as 0 and 1.",
            )
        if kind != "class index":
            continue
        if not evidence.flag(f"{split}_target_integer"):
            dtype = evidence.text(f"{split}_target_dtype")
            return finding(
                "fail",
                f"Labels of {split} have dtype {dtype}, expected whole numbers (int64).",
                "Convert the labels to integers 0..C-1.",
            )
        if _too_few_outputs(evidence):
            return None
        if low < 0 or (outputs is not None and high >= outputs):
            limit = f"0..{outputs - 1:.0f}" if outputs is not None else "0 and above"
            return finding(
                "fail",
                f"Labels of {split} range from {low:g} to {high:g}, expected {limit}.",
                _IGNORE if high == UNLABELLED
                else "Encode the labels as integers 0..C-1; subtract 1 if they start at 1.",
            )  # fmt: skip
    return None


@rule("fail", blocks=True, remedy=remedies.matching_outputs)
def outputs_do_not_match_targets(evidence: Evidence) -> Finding | None:
    """What: the model has fewer outputs than there are classes, outputs of another shape, or
    outputs and targets that the loss refuses.

    Why: a class without an output can never be predicted; outputs [N, 1] against targets [N]
    broadcast to [N, N] in a loss and train towards the mean of all targets. Many losses want both
    in the same shape and type, and training goes by one number per batch.

    Fix: give the last layer one output per class (per label, per value), and targets the shape
    and type that the loss expects; take the mean of a loss that returns one number per item.
    """
    problem = evidence.text("shape_problem")
    if problem:
        return finding(
            "fail",
            f"The model gives {problem}.",
            "Match the shape of the last layer and of the targets to the task.",
        )
    if _too_few_outputs(evidence):
        classes, outputs = evidence.number("classes"), evidence.number("outputs")
        return finding(
            "fail",
            f"The data has {classes:.0f} classes, the model only {outputs:.0f} outputs.",
            f"Give the last layer {classes:.0f} outputs.",
        )
    return None if targets_out_of_range.judge(evidence) else _refused(evidence)


def _refused(evidence: Evidence) -> Finding | None:
    """What the loss itself says of the outputs and targets."""
    refusal, returns = evidence.text("loss_refusal"), evidence.text("loss_returns")
    numbers = evidence.number("loss_numbers")
    if refusal:
        return finding(
            "fail",
            f"The model gives {refusal}.",
            "Give outputs and targets the shape, type and range that the loss expects.",
        )
    if returns or (numbers is not None and numbers != 1):
        what = f"a {returns}" if returns else f"{numbers:.0f} numbers"
        return finding(
            "fail",
            f"The loss returns {what} for a batch, where training needs one number.",
            'Return one number: the mean over the batch, such as reduction="mean".',
        )
    return None


def _too_few_outputs(evidence: Evidence) -> bool:
    classes, outputs = evidence.number("classes"), evidence.number("outputs")
    if evidence.text("target_kind") != "class index" or classes is None or outputs is None:
        return False
    unlabelled = evidence.number("train_target_max") == UNLABELLED >= classes
    return classes - unlabelled > outputs


@rule("fail", remedy=remedies.without_overlap)
def train_validation_overlap(evidence: Evidence) -> Finding | None:
    """What: identical items stand in both the training and the validation data.

    Why: the model can remember them, so the validation score promises more than new data will
    give. Tables with few distinct rows repeat by chance; only an excess over that counts
    (binomial test). Of a truth table nothing can be held out.

    Fix: remove duplicates before splitting, or split by group (patient, video, user).
    """
    share = evidence.number("overlap_share")
    if share is None or share < OVERLAP_WARN:
        return None
    if not (_beyond_chance(evidence, share) or _oversampled(evidence)):
        return None
    count, items = evidence.number("overlap") or 0, evidence.number("train_items")
    few = share == 1.0 and items is not None and items < TOO_FEW_TO_SPLIT
    whole_table = few or evidence.flag("whole_table")
    return finding(
        "note" if whole_table else "fail" if share >= OVERLAP_FAIL else "warn",
        f"{count:.0f} validation items ({share:.1%}) are identical to training items.",
        "Remove duplicates before splitting, or split by group.",
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


@rule("note")
def class_imbalance(evidence: Evidence) -> Finding | None:
    """What: the largest class has many times more items than the smallest.

    Why: always predicting the frequent class already scores well, and accuracy hides that the
    rare one is never found.

    Fix: weigh the classes in the loss, sample the rare ones more often, and judge by a balanced
    metric.
    """
    large, small = evidence.number("largest_class"), evidence.number("smallest_class")
    if large is None or not small or large / small <= IMBALANCE_NOTE:
        return None
    ratio, weight = large / small, evidence.number("rare_weight") or 1.0
    counted = f"{ratio:.0f} times the items of the smallest ({large:.0f} against {small:.0f})"
    if weight >= WEIGHED:
        return finding(
            "note",
            f"The largest class has {counted}; the loss weighs the smallest {weight:.3g} times.",
            "Use a balanced metric.",
        )
    many = (evidence.number("values_per_item") or 1.0) > 1  # the pixels of a mask, tags of an item
    return finding(
        "warn" if ratio > IMBALANCE_WARN and not many else "note",
        f"The largest class has {counted}.",
        "Weigh the classes in the loss and use a balanced metric.",
    )


@rule("fail", explains=["train-validation-overlap", *NOT_LEARNING])
def constant_inputs(evidence: Evidence) -> Finding | None:
    """What: all inputs are the same, or columns of a table never vary.

    Why: from an input that never changes nothing can be learnt. When all are the same, the
    loader returns one item again and again, or has overwritten them.

    Fix: look at a few items; drop columns without information.
    """
    distinct, seen = evidence.number("distinct_inputs"), evidence.number("inputs_seen")
    if distinct == 1 and seen is not None and seen > 1:
        return finding(
            "fail",
            f"All {seen:.0f} training inputs are identical.",
            "Look at what the data set returns for different indices.",
        )
    constant, features = evidence.number("constant_features"), evidence.number("features")
    if not constant or not features:
        return None
    return finding(
        "note",
        f"{constant:.0f} of {features:.0f} input columns never vary.",
        "Drop them if they were meant to say something, find out why they do not.",
    )


@rule(
    "fail",
    explains=["initial-loss-too-low", "predicts-majority-class"],
)
def single_class_labels(evidence: Evidence) -> Finding | None:
    """What: all training targets are the same.

    Why: there is nothing to tell apart: labels divided by 255, a filter that kept one class, a
    column that was read wrongly. Every model reaches a perfect score and knows nothing.

    Fix: print the distinct labels, and mend what made them.
    """
    items = evidence.number("train_items")
    low, high = evidence.number("train_target_min"), evidence.number("train_target_max")
    if items is None or items < 2 or low is None or high is None or low != high:
        return None
    if evidence.number("train_target_nonfinite"):
        return None
    return finding(
        "fail",
        f"All {items:.0f} training targets are {low:g}.",
        "Print the distinct targets, and mend what made them all the same.",
    )


@rule(
    "fail",
    explains=[*NOT_GENERALISING, "best-at-edge-of-grid", "single-class-labels"],
    remedy=remedies.split_anew,
)
def validation_missing_classes(evidence: Evidence) -> Finding | None:
    """What: validation lacks classes that training has, or the reverse, beyond chance.

    Why: data sorted by class were cut without shuffling: what is held out was never trained on,
    and the validation score says nothing about the classes that are missing.

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


@rule("fail", explains=NOT_GENERALISING, remedy=remedies.one_preprocessing)
def validation_preprocessing_differs(evidence: Evidence) -> Finding | None:
    """What: validation inputs have another level or spread than training inputs.

    Why: the model sees numbers it was never trained on: one part was normalised and the other
    was not, or with other figures, or one is 0..255 and the other 0..1. A series that drifts and
    was split by time differs too, but there validation goes on where training ends.

    Fix: one transform for both, its figures (mean, deviation) taken from the training data.
    """
    share = evidence.number("differing_features")
    if share is None or share < DIFFERING_SHARE:
        return None
    shift, stretch = evidence.number("largest_shift"), evidence.number("largest_stretch")
    differ = (
        f"{share:.0%} of the input features differ between training and validation: means by up "
        f"to {shift or 0:.2g} spreads, spreads by a factor of up to {stretch or 1:.2g}"
    )
    if share - (evidence.number("drifting_features") or 0.0) < DIFFERING_SHARE:
        return finding(
            "note",
            f"{differ}, but validation goes on where training ends.",
            "In a series that was split by time this is drift; expect the score to follow it.",
        )
    return finding("fail", f"{differ}.", "Use one transform for both.")


@rule(
    "fail",
    explains=[*OVERSHOOTING, *NOT_GENERALISING, "slow-start", "underfitting"],
    remedy=remedies.shuffle,
)
def data_not_shuffled(evidence: Evidence) -> Finding | None:
    """What: training batches are taken in the order of the data, and that order is not random.

    Why: sorted by class or by time, each batch pulls the model to its own few answers and the
    next one away from them: the loss saws, and the last batches of an epoch win.

    Fix: shuffle=True.
    """
    variety = evidence.number("batch_variety")
    if variety is None or variety >= VARIETY_WARN:
        return None
    return finding(
        "fail" if variety < VARIETY_FAIL else "warn",
        f"In the order of the data a batch holds {variety:.0%} of the variety of targets that a "
        "random order gives it, and shuffling is off.",
        "Shuffle the training data in every epoch.",
        confidence=0.9,
    )


@rule("note")
def too_little_validation_data(evidence: Evidence) -> Finding | None:
    """What: the standard error of a validation score is larger than the differences sought.

    Why: with n items a score of one half has a standard error of sqrt(0.25 / n): with 50 items
    7 points, so that two settings 10 points apart may be equally good.

    Fix: hold out more, or use cross-validation.
    """
    items = evidence.number("val_items")
    if not items or evidence.text("target_kind") == "real" or items >= FEW_ITEMS:
        return None
    error = (0.25 / items) ** 0.5
    return finding(
        "note",
        f"With {items:.0f} validation items a score is uncertain by up to {error:.0%}.",
        "Hold out more items, or read small differences as none.",
    )


@rule("note")
def random_dataset_items(evidence: Evidence) -> Finding | None:
    """What: the same index of the training data gives different items.

    Why: random transforms inside of the data set have to be computed anew in every epoch, one
    item at a time, and validation data that share them are random too.

    Fix: pass them as `augment`, which sees whole batches; the data are then decoded once.
    """
    if evidence.scalars.get("deterministic") is not False:
        return None
    return finding(
        "note",
        "The same index of the training data gives different items.",
        "Move random transforms to augment=.",
    )


RULES = (
    inputs_not_finite,
    single_class_labels,
    constant_inputs,
    targets_out_of_range,
    outputs_do_not_match_targets,
    validation_missing_classes,
    validation_preprocessing_differs,
    train_validation_overlap,
    class_imbalance,
    data_not_shuffled,
    too_little_validation_data,
    random_dataset_items,
)
