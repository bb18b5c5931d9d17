"""Rules about the data before training."""

from recipe.plugin import Evidence, Finding, finding, rule
from recipe_steps.inspect import remedies
from recipe_steps.symptoms import FIRST_LOSS, NOT_GENERALISING, NOT_LEARNING, OVERSHOOTING, SCALES

VARIETY_WARN, VARIETY_FAIL = 0.8, 0.5
IMBALANCE_NOTE, IMBALANCE_WARN = 10.0, 100.0
UNEVEN = 3.0
"""Ratio of class sizes from which weights against the smaller one are a mistake: below, someone may
want the larger class found at any price."""
WEIGHED = 1.1
"""Gradient of an item of the smallest class over that of the largest from which the loss weighs
them: rounding leaves 1e-6, and nobody sets a smaller weight."""

MANY_COLUMNS, NEARLY_ALL = 8, 0.9
"""Columns, and the share of them that never vary, from which something overwrote them: of digits in
28 x 28 pixels a tenth never varies, of bags of words in small samples half."""
ONE_INPUT, MANY_INPUTS, TOLD = 0.9, 20, 0.1
"""Share of the inputs that are the same, and of how many at least; and share of what there is to
know about the targets up to which the others tell nothing: a rare flag may tell all."""
MOST_NAMED = 10
"""Labels that a message lists."""
UNLABELLED = 255
"""The label of what is not labelled, by the habit of segmentation data sets (PASCAL VOC)."""
_IGNORE = (
    "Pass loss=nn.CrossEntropyLoss(ignore_index=255) if 255 marks what is not labelled; encode "
    "all other labels as integers 0..C-1."
)


@rule("fail", exact=True, blocks=True, remedy=remedies.impute)
def inputs_not_finite(evidence: Evidence) -> Finding | None:
    """What: inputs or targets contain NaN or infinite values.

    Why: one such value makes the loss, every gradient and then every weight NaN.

    Fix: drop these items, or fill in the missing values, before they reach the model. The finding
    names the columns or the first items.
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
                    "Correct these values, or fill them in, before training.",
                )
    return None


def _from_zero(evidence: Evidence, otherwise: str) -> str:
    """What to do about labels under other numbers than 0 to C - 1."""
    values = evidence.text("label_values")
    if values is None:
        return otherwise
    count = len(values.split(", "))
    if count > MOST_NAMED:
        return f"Number the {count} labels that there are from 0 to {count - 1}."
    numbers = ", ".join(map(str, range(count)))
    return f"Number the labels from 0: {values} become {numbers}."


@rule("fail", exact=True, blocks=True, remedy=remedies.number_from_zero)
def targets_out_of_range(evidence: Evidence) -> Finding | None:
    """What: labels are negative, not whole numbers, or not below the number of outputs.

    Why: cross-entropy uses the label to pick one of the outputs. A label outside of 0..C-1 crashes
    or, on a GPU, reads memory that belongs to something else. Labels that start at 1 are the usual
    cause.

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
                _from_zero(evidence, "Encode the answers as 0 and 1."),
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
        beyond = outputs is not None and high >= outputs and not evidence.flag("scored_by_loss")
        if low < 0 or beyond:
            limit = f"0..{outputs - 1:.0f}" if outputs is not None else "0 and above"
            return finding(
                "fail",
                f"Labels of {split} range from {low:g} to {high:g}, expected {limit}.",
                _IGNORE if high == UNLABELLED else _from_zero(
                    evidence,
                    "Encode the labels as integers 0..C-1; subtract 1 if they start at 1.",
                ),
            )  # fmt: skip
    return None


@rule("fail", exact=True, blocks=True, remedy=remedies.matching_outputs)
def outputs_do_not_match_targets(evidence: Evidence) -> Finding | None:
    """What: the model has fewer outputs than there are classes, or outputs of another shape than
    the targets, or the loss does not accept the two together.

    Why: a class without an output can never be predicted. Outputs [N, 1] against targets [N] are
    broadcast to [N, N] inside the loss, and the model learns the mean of all targets. Many losses
    want both in the same shape and type, and training needs one number per batch.

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
    if evidence.flag("scored_by_loss"):
        return False
    unlabelled = evidence.number("train_target_max") == UNLABELLED >= classes
    return classes - unlabelled > outputs


@rule("note", explains=NOT_LEARNING)
def class_imbalance(evidence: Evidence) -> Finding | None:
    """What: the largest class has many times more items than the smallest.

    Why: always predicting the frequent class already scores well, and accuracy hides that the rare
    class is never found.

    Fix: weigh the classes in the loss, sample the rare ones more often, and judge by a balanced
    metric.
    """
    large, small = evidence.number("largest_class"), evidence.number("smallest_class")
    if large is None or not small:
        return None
    ratio, weight = large / small, evidence.number("rare_weight") or 1.0
    if ratio >= UNEVEN and weight < 1 / WEIGHED:
        return finding(
            "warn",
            f"The loss weighs an item of the smallest class {weight:.2g} times one of the largest, "
            f"which has {ratio:.3g} times its items: the weights are the wrong way round.",
            "Weigh classes by one over their frequency.",
        )
    if ratio <= IMBALANCE_NOTE:
        return None
    what = evidence.text("counted_by") or "items"
    counted = f"{ratio:.0f} times the {what} of the smallest ({large:.0f} against {small:.0f})"
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
        "Weigh the classes in the loss, or use one that counts them alike, such as Dice."
        if what == "pixels"
        else "Weigh the classes in the loss and use a balanced metric.",
    )


@rule("fail", exact=True, explains=["train-validation-overlap", *NOT_LEARNING])
def constant_inputs(evidence: Evidence) -> Finding | None:
    """What: all or nearly all inputs are the same, or columns of a table never vary.

    Why: nothing can be learnt from an input that never changes. When all inputs are the same, the
    loader returns one item again and again, or has overwritten them; when nearly all are, they may
    have been rounded to integers.

    Fix: look at a few items, and drop columns that hold no information.
    """
    distinct, seen = evidence.number("distinct_inputs"), evidence.number("inputs_seen")
    if distinct == 1 and seen is not None and seen > 1:
        return finding(
            "fail",
            f"All {seen:.0f} training inputs are identical.",
            "Look at what the data set returns for different indices.",
        )
    same, told = evidence.number("most_frequent_input"), evidence.number("told_by_inputs")
    rare = same is not None and same >= ONE_INPUT and told is not None and told <= TOLD
    if rare and seen is not None and seen >= MANY_INPUTS:
        return finding(
            "warn",
            f"{same:.0%} of the training inputs are one and the same.",
            "Look at a few items, and at what rounded or overwrote them.",
        )
    constant, features = evidence.number("constant_features"), evidence.number("features")
    if not constant or not features:
        return None
    dead = features >= MANY_COLUMNS and constant >= NEARLY_ALL * features
    return finding(
        "warn" if dead else "note",
        f"{constant:.0f} of {features:.0f} input columns never vary.",
        "Drop them if they were meant to say something, find out why they do not.",
    )


@rule(
    "fail",
    exact=True,
    explains=["initial-loss-too-low", "predicts-majority-class"],
)
def single_class_labels(evidence: Evidence) -> Finding | None:
    """What: all training targets are the same.

    Why: there is nothing to tell apart. Usual reasons are labels divided by 255, a filter that kept
    one class, or a column that was read wrongly. Every model then reaches a perfect score without
    having learnt anything.

    Fix: print the distinct labels, and find out what made them all the same.
    """
    items = evidence.number("train_items")
    low, high = evidence.number("train_target_min"), evidence.number("train_target_max")
    if items is None or items < 2 or low is None or high is None or low != high:
        return None
    if evidence.number("train_target_nonfinite") or evidence.flag("targets_say_nothing"):
        return None
    return finding(
        "fail",
        f"All {items:.0f} training targets are {low:g}.",
        "Print the distinct targets, and fix what made them all the same.",
    )


@rule(
    "fail",
    exact=True,
    explains=[*OVERSHOOTING, *NOT_GENERALISING, "slow-start", "underfitting"],
    remedy=remedies.shuffle,
)
def data_not_shuffled(evidence: Evidence) -> Finding | None:
    """What: training batches are taken in the order of the data, and that order is not random.

    Why: if the data are sorted by class or by time, each batch pulls the model towards the few
    answers in it and the next batch pulls it away again: the loss zigzags, and the last batches of
    an epoch win.

    Fix: shuffle the training data: shuffle=True in the DataLoader.
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


@rule("fail", exact=True, explains=[*NOT_LEARNING, *NOT_GENERALISING, *FIRST_LOSS, *SCALES])
def random_dataset_items(evidence: Evidence) -> Finding | None:
    """What: the same index of the training data gives different items.

    Why: random transforms inside the data set have to be computed anew in every epoch, one item at
    a time, and validation data that share them are random too. If reading an item changes what the
    data set stores, as `image /= 255` does, every epoch sees different data: this is a failure.

    Fix: pass random transforms as `augment`, which works on whole batches; the data are then
    decoded only once. Work on a copy of what the data set stores.
    """
    if evidence.scalars.get("deterministic") is not False:
        return None
    if evidence.flag("items_rewritten"):
        return finding(
            "fail",
            "Reading a training item changes the one that the data set keeps: the next epoch "
            "reads other data.",
            "Give out a copy: image = self.images[i] / 255, not image /= 255.",
        )
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
    class_imbalance,
    data_not_shuffled,
    random_dataset_items,
)
