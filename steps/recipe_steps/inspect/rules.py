"""Rules about data and model before training."""

from recipe.results import Evidence, Finding
from recipe.rules import finding, rule

CHANCE_FACTOR = 3.0
"""Overlap counts when it exceeds this many times the share of training items that repeat: a
table of few distinct rows overlaps by itself."""
OVERLAP_WARN, OVERLAP_FAIL = 0.01, 0.2
IMBALANCE_NOTE, IMBALANCE_WARN = 10.0, 100.0


@rule("fail", blocks=True)
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

    Fix: encode C classes as integers 0..C-1 (dtype int64), and yes/no targets as 0 and 1.
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
                "Encode the labels as integers 0..C-1; subtract 1 if they start at 1.",
            )
    return None


@rule("fail", blocks=True)
def outputs_do_not_match_targets(evidence: Evidence) -> Finding | None:
    """What: the model has fewer outputs than there are classes, or outputs of another shape.

    Why: a class without an output can never be predicted; outputs [N, 1] against targets [N]
    broadcast to [N, N] in a loss and train towards the mean of all targets.

    Fix: give the last layer one output per class (per label, per value), and targets the shape
    that the task expects.
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
    return None


def _too_few_outputs(evidence: Evidence) -> bool:
    classes, outputs = evidence.number("classes"), evidence.number("outputs")
    if evidence.text("target_kind") != "class index" or classes is None or outputs is None:
        return False
    return classes > outputs


@rule("fail")
def train_validation_overlap(evidence: Evidence) -> Finding | None:
    """What: identical items stand in both the training and the validation data.

    Why: the model can remember them, so the validation score promises more than new data will
    give. Tables with few distinct rows repeat by chance; only an excess over that counts.

    Fix: remove duplicates before splitting, or split by group (patient, video, user).
    """
    share = evidence.number("overlap_share")
    repeated = evidence.number("repeated_share") or 0.0
    if share is None or share < OVERLAP_WARN or share <= CHANCE_FACTOR * repeated:
        return None
    count = evidence.number("overlap") or 0
    return finding(
        "fail" if share >= OVERLAP_FAIL else "warn",
        f"{count:.0f} validation items ({share:.1%}) are identical to training items.",
        "Remove duplicates before splitting, or split by group.",
    )


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
    ratio = large / small
    return finding(
        "warn" if ratio > IMBALANCE_WARN else "note",
        f"The largest class has {ratio:.0f} times the items of the smallest "
        f"({large:.0f} against {small:.0f}).",
        "Weigh the classes in the loss and use a balanced metric.",
    )


RULES = (
    inputs_not_finite,
    targets_out_of_range,
    outputs_do_not_match_targets,
    train_validation_overlap,
    class_imbalance,
)
